"""A name or a term that was put right in one meeting, offered to a person's others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TypeVar
from uuid import UUID

from momentum.corrections import FixTerm, Layer, MergeSpeakers, RenameSpeaker, renaming
from momentum.errors import ErrorCode, Invalid, NotFound
from momentum.pipeline.correct import MOST_TRIES, Difference, Looked, add, checked, crowded, look, stands
from momentum.store import corrections
from momentum.store.corrections import Correction
from momentum.store.database import Database
from momentum.store.transcripts import TranscriptSummary

T = TypeVar("T")

MOST_OFFERED = 50
"""Other meetings that are looked into, the newest first."""
SECONDS = 8.0
"""After which no further meeting is looked into; after half of it, no further one is looked for."""
AT_ONCE = 2
"""Meetings looked into at the same time: one is fetched while another is worked on."""
_NUMBERED = re.compile(r"speaker\s*[0-9].*|[0-9]+", re.IGNORECASE)
"""Labels of voices and engines: "Speaker 1" of two meetings is two people."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Another meeting in which a correction would change something."""

    transcript: TranscriptSummary
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Offers:
    """Newest first. `complete`: every meeting of the person's was considered; False: there were too many, or there was no time."""

    offers: tuple[Offer, ...]
    complete: bool


async def offers(database: Database, user_id: UUID, correction_id: UUID, *, seconds: float = SECONDS) -> Offers:
    """The person's other meetings in which the same name or term would change; none for what is about one meeting alone.

    Each is a short transaction and work outside of it. Raises NotFound.
    """
    begin = monotonic()
    async with database.person(user_id) as connection:
        made = await corrections.get(connection, correction_id)
    if not is_general(made.layer):
        return Offers((), complete=True)
    found, complete = await _candidates(database, user_id, made, begin + seconds / 2)
    offered: list[Offer] = []
    for some in _batches(found):
        if monotonic() >= begin + seconds:
            return Offers(tuple(offered), complete=False)
        for one in await _all(_offered(database, user_id, transcript_id, made.layer) for transcript_id in some):
            offered += one
    return Offers(tuple(offered), complete)


async def carry_over(
    database: Database, user_id: UUID, correction_id: UUID, transcript_ids: Sequence[UUID], *, now: datetime
) -> list[Correction]:
    """Make the same correction in other meetings. Raises NotFound, Invalid and Conflict, and then makes none."""
    async with database.person(user_id) as connection:
        layer = (await corrections.get(connection, correction_id)).layer
    if not is_general(layer):
        raise Invalid(ErrorCode.INVALID_REQUEST, "This correction is about one meeting alone.")
    for _ in range(MOST_TRIES):
        looked: list[Looked] = []
        for some in _batches(list(dict.fromkeys(transcript_ids))):
            looked += map(checked, await _all(look(database, user_id, other, layer) for other in some))
        async with database.person(user_id) as connection:
            if await stands(connection, *looked):
                return [await add(connection, user_id, one, layer, now=now) for one in looked]
    raise crowded()


def is_general(layer: Layer) -> bool:
    """Whether a correction can hold in another meeting: of a term, or of people who are named and not numbered."""
    if isinstance(layer, RenameSpeaker | MergeSpeakers):
        return not any(_NUMBERED.fullmatch(name) for name in renaming(layer)[0])
    return isinstance(layer, FixTerm)


def _batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[n : n + AT_ONCE] for n in range(0, len(ids), AT_ONCE))


async def _all(asked: Iterable[Awaitable[T]]) -> list[T]:
    """Their answers, once all are there: nothing goes on behind the back of a failure."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]


async def _candidates(database: Database, user_id: UUID, made: Correction, end: float) -> tuple[list[UUID], bool]:
    """Ids of meetings to look into, and whether there are no more."""
    found: list[UUID] = []
    after: corrections.Place | None = None
    while len(found) <= MOST_OFFERED and monotonic() < end:
        async with database.person(user_id) as connection:
            batch, after = await corrections.mentioning(connection, user_id, made.layer, beside=made.recording_id, after=after)
        found += batch
        if after is None:
            return found[:MOST_OFFERED], len(found) <= MOST_OFFERED
    return found[:MOST_OFFERED], False


async def _offered(database: Database, user_id: UUID, transcript_id: UUID, layer: Layer) -> list[Offer]:
    try:
        looked = await look(database, user_id, transcript_id, layer)
    except (Invalid, NotFound):  # nobody of that name speaks there any more; deleted in this moment
        return []
    return [Offer(looked.transcript, looked.differences)] if looked.differences else []
