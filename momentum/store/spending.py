"""What models were asked to do, by UTC day, over all people: numbers alone. Of people who were deleted nothing is counted any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ANSWERS = text("select * from lookup.answer_figures(:since, :long) order by day, model, long")
_CHUNKS = text("select * from lookup.chunk_figures(:since) order by day, engine")


@dataclass(frozen=True, slots=True)
class Answers:
    """Calls of a language model on one day. `long`: each of more input than the given number of tokens."""

    day: date
    model: str
    long: bool
    calls: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Chunks:
    """Pieces of sound that an engine ("openai:gpt-transcribe") listened to on one day, and how long they are together."""

    day: date
    engine: str
    chunks: int
    seconds: float


async def answers(connection: AsyncConnection, since: datetime, *, long: int) -> list[Answers]:
    """What was asked since then; calls of more than `long` tokens apart."""
    return [Answers(**row) for row in (await connection.execute(_ANSWERS, {"since": since, "long": long})).mappings()]


async def chunks(connection: AsyncConnection, since: datetime) -> list[Chunks]:
    """What was listened to since then."""
    return [Chunks(**row) for row in (await connection.execute(_CHUNKS, {"since": since})).mappings()]
