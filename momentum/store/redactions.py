"""What people want masked before a language model reads their meetings."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.redaction import Redaction
from momentum.store import serial, tables

_table = tables.redactions


async def get(connection: AsyncConnection, user_id: UUID) -> Redaction:
    """Nothing, where they never said."""
    query = select(_table.c.kinds, _table.c.names).where(_table.c.user_id == user_id)
    row = (await connection.execute(query)).one_or_none()
    return Redaction() if row is None else Redaction.of(row.kinds, row.names)


async def asked_for(connection: AsyncConnection, *recording_ids: UUID) -> Redaction:
    """What anybody wanted masked who had one of these recordings processed."""
    options = tables.processings.c.options
    query = select(options).where(tables.processings.c.recording_id.in_(recording_ids), options.has_any(array(["redact", "redact_names"])))
    asked = [serial.load_options(stored) for stored in (await connection.execute(query)).scalars()]
    return Redaction.of((kind for one in asked for kind in one.redact), (name for one in asked for name in one.redact_names))


async def put(connection: AsyncConnection, user_id: UUID, wanted: Redaction) -> None:
    """In the place of what they said before."""
    values = {"kinds": [str(kind) for kind in wanted.kinds], "names": [serial.clean(name) for name in wanted.names]}
    statement = insert(_table).values(user_id=user_id, **values)
    changed = statement.on_conflict_do_update(index_elements=["user_id"], set_={**values, "updated_at": func.now()})
    await connection.execute(changed)
