"""Tables of what a person has put right, chosen or enrolled, and of what was sent where; part of `tables`, where they are found."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from momentum.store import columns

metadata = columns.metadata
_id, _owner, _of, _moment = columns.identity, columns.owner, columns.of, columns.moment

corrections = Table(
    "corrections",
    metadata,
    _id(),
    _owner(index=True),
    _of("recording"),
    _of("transcript", index=False),
    _of("deliverable", nullable=True),  # of a correction of a claim; NULL = of what was said
    Column("sequence", BigInteger, Identity(always=True), nullable=False),  # the order in which they are laid
    Column("kind", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    _moment("made_at", nullable=False),
    _moment("withdrawn_at"),
    Index("ix_corrections_transcript_id_sequence", "transcript_id", "sequence"),
)

redactions = Table(
    "redactions",
    metadata,
    _owner(key=True),
    Column("kinds", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("names", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _moment("updated_at", nullable=False, now=True),
)

sendings = Table(
    "sendings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _owner(index=True),
    _of("recording"),
    _of("processing"),
    _moment("at", nullable=False),
    Column("host", Text, nullable=False),
    Column("what", Text, nullable=False),  # audio or text
    Column("purpose", Text, nullable=False),  # the engine that listened or the writer that asked
    Column("model", Text, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes of the request's body
)

shares = Table(
    "shares",
    metadata,
    _id(),
    _owner(index=True),
    _of("deliverable"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _moment("created_at", nullable=False),
    _moment("expires_at", nullable=False),
    _moment("revoked_at"),
    Column("opened_count", Integer, nullable=False, server_default=text("0")),
    _moment("last_opened_at"),
    CheckConstraint("expires_at <= created_at + interval '720 hours'", name="hours"),  # a day may have 23 or 25
)

voices = Table(
    "voices",
    metadata,
    _id(),
    _owner(),
    _of("recording"),
    Column("name", Text, nullable=False),
    Column("encoder", Text, nullable=False),  # that made the vector: those of two cannot be compared
    Column("vector", Text, nullable=False),  # sealed
    Column("seconds", Double, nullable=False),
    _moment("consented_at", nullable=False),
    UniqueConstraint("user_id", "name"),
)

templates = Table(
    "templates",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _owner(index=True),
    Column("name", Text, nullable=False),
    Column("form", JSONB, nullable=False),
    _moment("created_at", nullable=False, now=True),
)
