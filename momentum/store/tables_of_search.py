"""Tables of what is searched; part of `tables`, where they are found."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Identity, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, BIT, TSVECTOR, UUID

from momentum.store import columns

metadata = columns.metadata
_owner, _of, _moment = columns.owner, columns.of, columns.moment


def _recording() -> Column[object]:
    """Of whom the row is a part, first in its key."""
    return Column("recording_id", UUID(as_uuid=True), ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)


indexings = Table(
    "indexings",
    metadata,
    _recording(),
    _owner(index=True),
    Column("generation", BigInteger, nullable=False, server_default=text("1")),  # counts changes of what is to be found
    Column("indexed", BigInteger, nullable=False, server_default=text("0")),  # the generation that passages were cut from
    Column("embedder", Text, nullable=False, server_default=text("''")),  # that has read all of them
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # text search configurations of the passages
    _moment("not_before"),  # set when it failed, and while a worker reads its meaning
    Index("ix_indexings_waiting", "recording_id", postgresql_where=text("indexed < generation")),
    Index("ix_indexings_embedder", "embedder"),
)

passages = Table(
    "passages",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _owner(index=True),
    _of("recording", index=False),
    _of("transcript"),
    _of("deliverable", nullable=True),  # NULL = of what was said
    Column("first_segment", Integer),
    Column("last_segment", Integer),
    Column("start", Double),
    Column("end", Double),
    Column("speakers", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("language", Text, nullable=False),  # a text search configuration, by name
    Column("text", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # sha256 of `text`
    Column("words", TSVECTOR, nullable=False),
    Index("ix_passages_recording_id_digest", "recording_id", "digest"),
    Index("ix_passages_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
)

vectors = Table(
    "vectors",
    metadata,
    _recording(),
    Column("digest", LargeBinary, primary_key=True),  # of a passage's text
    Column("embedder", Text, primary_key=True),  # those of two models cannot be compared
    _owner(),
    Column("signs", BIT(varying=True), nullable=False),  # of the vector's numbers: told apart by counting
    Column("vector", LargeBinary, nullable=False),  # half precision, little-endian, of length 1
    Index("ix_vectors_user_id", "user_id", "embedder"),
)
