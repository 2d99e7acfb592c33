"""Answers of the language model: a question that was answered once is never paid for again."""

from __future__ import annotations

from sqlalchemy import select

from momentum.model import Answer
from momentum.store import serial, tables
from momentum.store.paid import PaidResults


class StoredAnswers(PaidResults):
    """The answers of one person's model calls, on behalf of one processing. A `pipeline.answers.Answers`."""

    table = tables.answers

    async def get(self, key: str) -> Answer | None:
        of = self.table.c
        found = await self._find(select(of.data, of.usage, of.model).where(of.key == key))
        return None if found is None else Answer(found.data, serial.load_usage(found.usage), found.model)

    async def put(self, key: str, answer: Answer) -> None:
        data, usage = serial.storable(answer.data), serial.dump_usage(answer.usage)
        values = {"key": key, "model": serial.clean(answer.model), "data": serial.compact(data), "usage": serial.compact(usage)}
        await self._keep(values)
