"""Tables of how a person comes in; part of `tables`, where they are found."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from momentum.store import columns

metadata = columns.metadata
_id, _owner, _moment = columns.identity, columns.owner, columns.moment

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _owner(index=True),
    _moment("created_at", nullable=False, now=True),
    _moment("expires_at", nullable=False),
    Column("id", UUID(as_uuid=True), nullable=False, server_default=text("gen_random_uuid()")),  # names it where the token must not
    _moment("last_used_at"),  # to five minutes
    Column("agent", Text),  # the browser's family and system, in words
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _owner(index=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),  # the part that may be shown
    Column("key_hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    _moment("created_at", nullable=False),
    _moment("last_used_at"),  # to a minute
    _moment("expires_at"),
    _moment("revoked_at"),
    UniqueConstraint("key_hash"),
)

login_links = Table(
    "login_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _owner(index=True),
    Column("next_path", Text, nullable=False, server_default=text("'/'")),
    _moment("expires_at", nullable=False),
    _moment("used_at"),
)
