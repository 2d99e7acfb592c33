"""New versions of a deliverable: what is in the works, so that two requests for one are one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.model import ProcessingState
from momentum.store import processings, tables
from momentum.store.processings import Processing

_table = tables.processings
_OVER = [state.value for state in ProcessingState if state.finished]
_IN_VAIN = [state for state in _OVER if state != ProcessingState.DONE.value]


async def under_way(connection: AsyncConnection, deliverable_id: UUID, *, missing_only: bool) -> Processing | None:
    """The unfinished processing that makes a new version of it in this way; until the transaction ends nobody else begins one.

    With `missing_only` also one that is done: what it read is in a later version, which knows what is missing now.
    """
    held = select(tables.deliverables.c.id).where(tables.deliverables.c.id == deliverable_id).with_for_update()
    await connection.execute(held)
    of = _table.c.options
    asked = (of["again"].astext == str(deliverable_id), func.coalesce(of["missing_only"].astext, "false") == str(missing_only).lower())
    over = _IN_VAIN if missing_only else _OVER
    query = select(_table.c.id).where(*asked, _table.c.state.not_in(over)).order_by(_table.c.created_at).limit(1)
    found: UUID | None = await connection.scalar(query)
    return None if found is None else await processings.get(connection, found)
