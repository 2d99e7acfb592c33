"""What of a person's recordings left the machine: one row for every request, written before its first byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

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
        async with self._database.person(self._user_id) as connection:
            await connection.execute(insert(_table).values(**belongs, **_facts(sending)))

    async def of(self, *purposes: str) -> Sequence[Sending]:
        of = _table.c
        columns = (of.at, of.host, of.what, of.purpose, of.model, of.size, (of.processing_id != self._processing_id).label("earlier"))
        query = select(*columns).where(of.recording_id == self._recording_id, of.purpose.in_(purposes)).order_by(of.id)
        async with self._database.person(self._user_id) as connection:
            return [Sending(**row) for row in (await connection.execute(query)).mappings()]


class SentForSearch:
    """The sendings of a search, or of a question, over recordings: a request with words of several is noted at each, with its whole size.

    They stand with the newest processing of each recording.
    """

    def __init__(self, database: Database, user_id: UUID, recording_ids: Iterable[UUID]) -> None:
        self._database, self._user_id, self._recording_ids = database, user_id, tuple(dict.fromkeys(recording_ids))

    async def note(self, sending: Sending) -> None:
        of = tables.processings.c
        newest = select(of.user_id, of.recording_id, of.id).where(of.recording_id.in_(self._recording_ids))
        newest = newest.ext(distinct_on(of.recording_id)).order_by(of.recording_id, of.created_at.desc(), of.id)
        facts = _facts(sending)
        belongs = newest.add_columns(*(literal(value, _table.c[name].type) for name, value in facts.items()))
        statement = insert(_table).from_select(["user_id", "recording_id", "processing_id", *facts], belongs)
        async with self._database.person(self._user_id) as connection:
            await connection.execute(statement)


def _facts(sending: Sending) -> dict[str, Any]:
    names = {"host": serial.clean(sending.host), "purpose": serial.clean(sending.purpose), "model": serial.clean(sending.model)}
    return {**names, "at": sending.at, "what": sending.what, "size": sending.size}
