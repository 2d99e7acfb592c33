"""What was paid for once: results of one person's calls, by a key of what they were made from, on behalf of one processing."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row, Select, Table, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB

from momentum.store.database import Database
from momentum.store.fence import Fence
from momentum.store.transitions import cancelled

_GIVEN = {"user_id", "recording_id", "created_at"}


class PaidResults:
    """Rows of `table`: found for the person, kept only while the processing runs.

    With a `fence`, nothing is looked up or kept for a worker or an attempt whose time is over: a look-up comes before
    every call, so that nobody pays for one that nobody wants.
    """

    table: ClassVar[Table]

    def __init__(self, database: Database, user_id: UUID, processing_id: UUID, recording_id: UUID, *, fence: Fence | None = None) -> None:
        self._database = database
        self._user_id = user_id
        self._fence = fence
        self._about = {"processing_id": processing_id, "recording_id": recording_id}
        self._put = _put_into(self.table)

    async def _find(self, query: Select[Any]) -> Row[Any] | None:
        async with self._database.person(self._user_id) as connection:
            if self._fence is not None:
                await self._fence.check(connection)
            found: Row[Any] | None = (await connection.execute(query.where(self.table.c.user_id == self._user_id))).one_or_none()
        return found

    async def _keep(self, values: dict[str, Any]) -> None:
        """Idempotent. Raises Permanent(PROCESSING_CANCELLED) when the processing no longer runs."""
        async with self._database.person(self._user_id) as connection:
            if self._fence is not None:
                await self._fence.check(connection)
            live = await connection.scalar(self._put, self._about | values)
        if not live:
            raise cancelled()


def _put_into(table: Table) -> TextClause:
    """One statement: whether the processing still runs is asked at the very moment of writing."""
    columns = [column for column in table.columns if column.name not in _GIVEN]
    names = ", ".join(column.name for column in columns)
    values = ", ".join(f"cast(:{c.name} as jsonb)" if isinstance(c.type, JSONB) else f":{c.name}" for c in columns)
    # Names of our own tables only; every value is bound.
    return text(f"""
        with live as (
            select user_id, recording_id from processings
                where id = :processing_id and recording_id = :recording_id and state = 'running' and not cancel_requested
        ), put as (
            insert into {table.name} (user_id, recording_id, {names}) select user_id, recording_id, {values} from live
            on conflict (user_id, key) do nothing
        )
        select count(*) from live
    """)  # noqa: S608 -- see above
