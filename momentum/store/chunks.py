"""The ledger of transcribed chunks: what was heard once is never paid for again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.model import Heard
from momentum.store import serial, tables
from momentum.store.database import Database
from momentum.store.fence import Fence
from momentum.store.transitions import cancelled

# One statement: whether the processing still runs is asked at the very moment of writing.
_PUT = text("""
    with live as (
        select user_id, recording_id from processings
            where id = :processing_id and recording_id = :recording_id and state = 'running' and not cancel_requested
    ), put as (
        insert into chunks (user_id, key, recording_id, engine, seconds, heard)
        select user_id, :key, recording_id, :engine, :seconds, cast(:heard as jsonb) from live
        on conflict (user_id, key) do nothing
    )
    select count(*) from live
""")


class StoredLedger:
    """The chunks of one person, on behalf of one processing. A `transcribers.base.Ledger`.

    With a `fence`, nothing is looked up or kept for a worker or an attempt whose time is over: a look-up comes before
    every chunk, so that nobody pays for one that nobody wants.
    """

    def __init__(self, database: Database, user_id: UUID, processing_id: UUID, recording_id: UUID, *, fence: Fence | None = None) -> None:
        self._database = database
        self._user_id = user_id
        self._fence = fence
        self._about = {"processing_id": processing_id, "recording_id": recording_id}

    async def get(self, key: str) -> Heard | None:
        query = select(tables.chunks.c.heard).where(tables.chunks.c.user_id == self._user_id, tables.chunks.c.key == key)
        async with self._database.person(self._user_id) as connection:
            await self._check(connection)
            found = await connection.scalar(query)
        return None if found is None else serial.load_heard(found)

    async def put(self, key: str, heard: Heard, *, engine: str, seconds: float) -> None:
        values = {"key": key, "engine": engine, "seconds": seconds, "heard": serial.compact(serial.dump_heard(heard))}
        async with self._database.person(self._user_id) as connection:
            await self._check(connection)
            live = await connection.scalar(_PUT, self._about | values)
        if not live:
            raise cancelled()

    async def _check(self, connection: AsyncConnection) -> None:
        if self._fence is not None:
            await self._fence.check(connection)
