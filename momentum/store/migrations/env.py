"""Alembic's entry: runs the versions on the connection it was given."""

from __future__ import annotations

from alembic import context

from momentum.store.migrations import FOREIGN_SCHEMAS
from momentum.store.tables import metadata


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "schema" and name in FOREIGN_SCHEMAS)


context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, include_name=_ours)
with context.begin_transaction():
    context.run_migrations()
