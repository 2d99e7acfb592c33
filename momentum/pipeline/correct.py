"""Correct once, right everywhere: what is shown is the machine's result under a person's layers. No model is ever asked.

Three hours of talk are tenths of a second of work: it is read in a short transaction, and worked on outside of any, in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from momentum.corrections import (
    Change,
    Corrected,
    Layer,
    Reassign,
    changes,
    deliverable_under,
    title_under,
    transcript_under,
)
from momentum.errors import Conflict, ErrorCode, Invalid, NotFound
from momentum.model import Transcript
from momentum.store import corrections, deliverables, transcripts
from momentum.store.corrections import Correction
from momentum.store.database import Connection, Database
from momentum.store.deliverables import StoredDeliverable
from momentum.store.transcripts import KeptTranscript, StoredTranscript, TranscriptSummary

MOST_CORRECTIONS = 1_000
"""Of one transcript, withdrawn ones too: each is laid anew whenever it is read."""
MOST_REWRITTEN = 20_000
"""Texts of segments that all corrections of a transcript may rewrite, together: about two seconds at each reading."""

MOST_TRIES = 10
"""At a correction that others come before."""


@dataclass(frozen=True, slots=True)
class ReadTranscript:
    """A transcript as it is shown, and as the machine left it."""

    shown: StoredTranscript
    original: StoredTranscript


@dataclass(frozen=True, slots=True)
class ReadDeliverable:
    """A deliverable as it is shown, and as the machine left it."""

    shown: StoredDeliverable
    original: StoredDeliverable


@dataclass(frozen=True, slots=True)
class ReadMeeting:
    """A transcript and one document made from it, read together; `made` are the corrections in force, of all of its documents."""

    transcript: ReadTranscript
    deliverable: ReadDeliverable | None
    made: tuple[Correction, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One change; `deliverable_id` says in which document, None where it is in the transcript."""

    deliverable_id: UUID | None
    change: Change


@dataclass(frozen=True, slots=True)
class Looked:
    """What a layer would change in a meeting.

    `rewritten`: segments that would be given a new text, each time it is read; `over`: ids of the corrections that it was laid over.
    """

    transcript: TranscriptSummary
    differences: tuple[Difference, ...]
    rewritten: int
    over: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Meeting:
    """All that a correction reaches."""

    transcript: KeptTranscript
    documents: Sequence[StoredDeliverable]
    made: Sequence[Correction]


async def read_transcript(database: Database, user_id: UUID, transcript_id: UUID) -> ReadTranscript:
    """Raises NotFound, also for somebody else's."""
    async with database.person(user_id) as connection:
        kept = await transcripts.kept(connection, transcript_id)
        layers = await corrections.bearing_on(connection, transcript_id)
    return await asyncio.to_thread(_read_transcript, kept, layers)


async def read_deliverable(database: Database, user_id: UUID, deliverable_id: UUID) -> ReadDeliverable:
    """Raises NotFound, also for somebody else's and for a draft: nothing in that is checked yet."""
    async with database.person(user_id) as connection:
        original = await deliverables.get(connection, deliverable_id)
        if not original.about.delivered:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
        layers = await corrections.bearing_on(connection, original.about.transcript_id, deliverable_id)
        if not layers:
            return ReadDeliverable(original, original)
        transcript = await transcripts.kept(connection, original.about.transcript_id, words=_cuts(layers))
    return await asyncio.to_thread(_read_deliverable, original, transcript, layers)


async def read_meeting(database: Database, user_id: UUID, transcript_id: UUID, deliverable_id: UUID | None = None) -> ReadMeeting:
    """A transcript without the times of its words, and a document made from it, as they are shown; four short queries.

    Raises NotFound, also for somebody else's, for a draft, and for a document that was made from another transcript.
    """
    async with database.person(user_id) as connection:
        made = await corrections.in_force(connection, transcript_id)
        kept = await transcripts.kept(connection, transcript_id, words=_cuts([one.layer for one in made]))
        document = await deliverables.get(connection, deliverable_id) if deliverable_id else None
    if document is not None and not (document.about.delivered and document.about.transcript_id == transcript_id):
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
    return await asyncio.to_thread(_read_meeting, kept, document, made)


async def preview(
    database: Database, user_id: UUID, transcript_id: UUID, layer: Layer, *, deliverable_id: UUID | None = None
) -> tuple[Difference, ...]:
    """What a correction would change, in the transcript and in every document made from it.

    `deliverable_id`: whose claim it is about. Raises NotFound, and Invalid with the sentence that says why it cannot be made.
    """
    return (await look(database, user_id, transcript_id, layer, deliverable_id=deliverable_id)).differences


async def look(database: Database, user_id: UUID, transcript_id: UUID, layer: Layer, *, deliverable_id: UUID | None = None) -> Looked:
    """As `preview`, with what the correction would cost."""
    async with database.person(user_id) as connection:
        made = await corrections.in_force(connection, transcript_id)
        # What differs is who speaks and what is said; times of words matter to cuts alone.
        transcript = await transcripts.kept(connection, transcript_id, words=_cuts((*(one.layer for one in made), layer)))
        documents = await deliverables.of_transcript(connection, transcript_id)
    return await asyncio.to_thread(_looked, _Meeting(transcript, documents, made), layer, deliverable_id)


async def correct(
    database: Database, user_id: UUID, transcript_id: UUID, layer: Layer, *, deliverable_id: UUID | None = None, now: datetime
) -> tuple[Correction, tuple[Difference, ...]]:
    """Lay a correction over the machine's result; gives it and what it changes.

    Raises as `preview`, NothingChanges where nothing would, Conflict where there are too many.
    """
    for _ in range(MOST_TRIES):
        looked = checked(await look(database, user_id, transcript_id, layer, deliverable_id=deliverable_id))
        async with database.person(user_id) as connection:
            if await stands(connection, looked):
                return await add(connection, user_id, looked, layer, deliverable_id=deliverable_id, now=now), looked.differences
    raise crowded()


async def stands(connection: Connection, *looked: Looked) -> bool:
    """Whether nobody corrected these in between; until the transaction ends nobody does."""
    await corrections.turn(connection, *(one.transcript.id for one in looked))
    made = [await corrections.in_force(connection, one.transcript.id) for one in looked]
    return all(tuple(m.id for m in now) == one.over for one, now in zip(looked, made, strict=True))


def crowded() -> Conflict:
    """What is told to whom always somebody else comes before."""
    return Conflict(ErrorCode.CONFLICT, "This transcript is being corrected by many requests at once. Send this one again in a moment.")


class NothingChanges(Invalid):
    """A correction of what reads so already, perhaps because somebody pressed twice."""


def checked(looked: Looked) -> Looked:
    """The same. Raises NothingChanges where nothing would, and Conflict where reading would take too long from then on."""
    if not looked.differences:
        raise NothingChanges(ErrorCode.INVALID_REQUEST, "This would change nothing here.")
    if looked.rewritten > MOST_REWRITTEN:
        sentence = f"With this, the corrections of this transcript would rewrite more than {MOST_REWRITTEN} segments."
        raise Conflict(ErrorCode.CONFLICT, sentence)
    return looked


async def add(
    connection: Connection, user_id: UUID, looked: Looked, layer: Layer, *, deliverable_id: UUID | None = None, now: datetime
) -> Correction:
    """Keep a correction that was looked at. Raises NotFound where its transcript is gone, Conflict where there are too many."""
    about = await transcripts.about(connection, looked.transcript.id)
    if await corrections.count(connection, about.id) >= MOST_CORRECTIONS:
        raise Conflict(ErrorCode.CONFLICT, f"There are {MOST_CORRECTIONS} corrections of this transcript already.")
    return await corrections.add(
        connection,
        user_id=user_id,
        recording_id=about.recording_id,
        transcript_id=about.id,
        deliverable_id=deliverable_id,
        layer=layer,
        now=now,
    )


# --- beside the event loop ------------------------------------------------------------------------


def _cuts(layers: Sequence[Layer]) -> bool:
    """Whether one of them may cut a segment between two words."""
    return any(isinstance(one, Reassign) and (one.first_word, one.last_word) != (None, None) for one in layers)


def _looked(meeting: _Meeting, layer: Layer, deliverable_id: UUID | None) -> Looked:
    documents = {one.id: one.deliverable for one in meeting.documents if deliverable_id in {None, one.id}}
    corrected = Corrected(meeting.transcript.parsed().transcript, documents)
    for made in meeting.made:
        corrected.lay(made.layer, made.deliverable_id)
    if sentence := corrected.objection(layer, deliverable_id):
        raise Invalid(ErrorCode.INVALID_REQUEST, sentence)
    transcript, written = corrected.transcript(), corrected.documents()
    corrected.lay(layer, deliverable_id)
    found = [Difference(None, change) for change in changes(transcript, corrected.transcript())]
    found += _in_documents(written, corrected)
    return Looked(meeting.transcript.summary, tuple(found), corrected.rewritten, tuple(made.id for made in meeting.made))


def _in_documents(before: dict[UUID, Any], corrected: Corrected) -> Iterator[Difference]:
    for one, after in corrected.documents().items():
        yield from (Difference(one, change) for change in changes(before[one], after))


def _read_transcript(kept: KeptTranscript, layers: Sequence[Layer]) -> ReadTranscript:
    original = kept.parsed()
    if not layers:
        return ReadTranscript(original, original)
    transcript, was = transcript_under(original.transcript, layers), original.summary
    summary = replace(was, word_count=transcript.word_count, topic=title_under(was.topic, layers))
    return ReadTranscript(replace(original, transcript=transcript, summary=summary), original)


def _read_meeting(kept: KeptTranscript, document: StoredDeliverable | None, made: tuple[Correction, ...]) -> ReadMeeting:
    transcript = _read_transcript(kept, [one.layer for one in made if one.deliverable_id is None])
    if document is None:
        return ReadMeeting(transcript, None, made)
    layers = [one.layer for one in made if one.deliverable_id in {None, document.id}]
    shown = _document_under(document, transcript.original.transcript, layers) if layers else document
    return ReadMeeting(transcript, ReadDeliverable(shown, document), made)


def _read_deliverable(original: StoredDeliverable, kept: KeptTranscript, layers: Sequence[Layer]) -> ReadDeliverable:
    return ReadDeliverable(_document_under(original, kept.parsed().transcript, layers), original)


def _document_under(original: StoredDeliverable, transcript: Transcript, layers: Sequence[Layer]) -> StoredDeliverable:
    deliverable = deliverable_under(original.deliverable, transcript, layers)
    about = replace(original.about, title=deliverable.title, topic=title_under(original.about.topic, layers))
    return replace(original, deliverable=deliverable, about=about)
