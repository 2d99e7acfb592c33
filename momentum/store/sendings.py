"""What of a person's recordings left the machine: one row for every request, written before its first byte."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select

from momentum.outbound.sent import Sending
from momentum.store import serial, tables
from momentum.store.database import Database

_table = tables.sendings


class StoredSendings:
    """The sendings of one recording, on behalf of one processing. A `pipeline.places.SentLog`."""

    def __init__(self, database: Database, user_id: UUID, processing_id: UUID, recording_id: UUID) -> None:
        self._database, self._user_id = database, user_id
        self._processing_id, self._recording_id = processing_id, recording_id

    async def note(self, sending: Sending) -> None:
        belongs = {"user_id": self._user_id, "processing_id": self._processing_id, "recording_id": self._recording_id}
        names = {"host": serial.clean(sending.host), "purpose": serial.clean(sending.purpose), "model": serial.clean(sending.model)}
        async with self._database.person(self._user_id) as connection:
            await connection.execute(insert(_table).values(**belongs, **names, at=sending.at, what=sending.what, size=sending.size))

    async def of(self, *purposes: str) -> Sequence[Sending]:
        of = _table.c
        columns = (of.at, of.host, of.what, of.purpose, of.model, of.size, (of.processing_id != self._processing_id).label("earlier"))
        query = select(*columns).where(of.recording_id == self._recording_id, of.purpose.in_(purposes)).order_by(of.id)
        async with self._database.person(self._user_id) as connection:
            return [Sending(**row) for row in (await connection.execute(query)).mappings()]
