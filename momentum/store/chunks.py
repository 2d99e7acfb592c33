"""The ledger of transcribed chunks: what was heard once is never paid for again."""

from __future__ import annotations

from sqlalchemy import select

from momentum.model import Heard
from momentum.store import serial, tables
from momentum.store.paid import PaidResults


class StoredLedger(PaidResults):
    """The chunks of one person, on behalf of one processing. A `transcribers.base.Ledger`."""

    table = tables.chunks

    async def get(self, key: str) -> Heard | None:
        found = await self._find(select(self.table.c.heard).where(self.table.c.key == key))
        return None if found is None else serial.load_heard(found.heard)

    async def put(self, key: str, heard: Heard, *, engine: str, seconds: float) -> None:
        values = {"key": key, "engine": engine, "seconds": seconds, "heard": serial.compact(serial.dump_heard(heard))}
        await self._keep(values)
