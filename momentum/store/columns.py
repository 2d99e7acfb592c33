"""Columns that many tables have, and the names of constraints."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, text
from sqlalchemy.dialects.postgresql import UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

NOW = text("now()")


def identity() -> Column[object]:
    """A row's own id."""
    return Column("id", UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()"))


def owner(*, unique: bool = False, key: bool = False, index: bool = False) -> Column[object]:
    """Whose the row is; it goes with the person."""
    person = ForeignKey("profiles.id", ondelete="CASCADE")
    return Column("user_id", UUID(as_uuid=True), person, nullable=False, unique=unique, primary_key=key, index=index or None)


def of(table: str, *, index: bool = True, nullable: bool = False) -> Column[object]:
    """The row of `<table>s` that this one belongs to, and goes with."""
    # Every foreign key has an index: deleting a person cascades through all of them.
    target = ForeignKey(f"{table}s.id", ondelete="CASCADE")
    return Column(f"{table}_id", UUID(as_uuid=True), target, nullable=nullable, index=index or None)


def moment(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    """A point in time; `now`: that of the insert by default."""
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=NOW if now else None)
