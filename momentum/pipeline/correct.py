"""Correct once, right everywhere: what is shown is the machine's result under a person's layers. No model is ever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from momentum.corrections import (
    Change,
    ClaimLayer,
    FixTerm,
    Layer,
    MergeSpeakers,
    RenameSpeaker,
    changes,
    claim_objection,
    deliverable_under,
    objection,
    title_under,
    transcript_under,
)
from momentum.errors import Conflict, ErrorCode, Invalid, NotFound
from momentum.store import corrections, deliverables, transcripts
from momentum.store.corrections import Correction
from momentum.store.deliverables import StoredDeliverable
from momentum.store.transcripts import StoredTranscript, TranscriptSummary

MOST_CORRECTIONS = 1_000
"""Of one transcript, withdrawn ones too: each is laid anew whenever it is read."""
MOST_OFFERED = 50
"""Other meetings that are looked through, the newest first."""


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
class Difference:
    """One change; `deliverable_id` says in which document, None where it is in the transcript."""

    deliverable_id: UUID | None
    change: Change


@dataclass(frozen=True, slots=True)
class Offer:
    """Another meeting in which a correction would change something."""

    transcript: TranscriptSummary
    differences: tuple[Difference, ...]


async def read_transcript(connection: Any, transcript_id: UUID) -> ReadTranscript:
    """Raises NotFound, also for somebody else's."""
    original = await transcripts.get(connection, transcript_id)
    layers = await corrections.bearing_on(connection, transcript_id)
    return ReadTranscript(await asyncio.to_thread(_transcript_under, original, layers), original)


async def read_deliverable(connection: Any, deliverable_id: UUID) -> ReadDeliverable:
    """Raises NotFound, also for somebody else's and for a draft: nothing in that is checked yet."""
    original = await deliverables.get(connection, deliverable_id)
    if not original.about.delivered:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
    layers = await corrections.bearing_on(connection, original.about.transcript_id, deliverable_id)
    if not layers:
        return ReadDeliverable(original, original)
    transcript = await transcripts.get(connection, original.about.transcript_id)
    return ReadDeliverable(await asyncio.to_thread(_deliverable_under, original, transcript, layers), original)


async def preview(connection: Any, transcript_id: UUID, layer: Layer, *, deliverable_id: UUID | None = None) -> tuple[Difference, ...]:
    """What a correction would change, in the transcript and in every document made from it.

    `deliverable_id`: whose claim it is about. Raises NotFound, and Invalid with the sentence that says why it cannot be made.
    """
    original = await transcripts.get(connection, transcript_id)
    documents = await deliverables.of_transcript(connection, transcript_id)
    layers = await corrections.bearing_on(connection, transcript_id)
    before = await asyncio.to_thread(transcript_under, original.transcript, layers)
    if sentence := None if _is_of_claim(layer) else objection(layer, before):
        raise Invalid(ErrorCode.INVALID_REQUEST, sentence)
    after = await asyncio.to_thread(transcript_under, before, (layer,))
    found = [Difference(None, change) for change in changes(before, after)]
    for document in documents:
        if deliverable_id in {None, document.id}:
            found += await _in_document(connection, document, original, layer)
    return tuple(found)


async def correct(
    connection: Any, user_id: UUID, transcript_id: UUID, layer: Layer, *, deliverable_id: UUID | None = None, now: datetime
) -> tuple[Correction, tuple[Difference, ...]]:
    """Lay a correction over the machine's result; gives it and what it changes. Raises as `preview`, Invalid where nothing would change."""
    differences = await preview(connection, transcript_id, layer, deliverable_id=deliverable_id)
    if not differences:
        raise Invalid(ErrorCode.INVALID_REQUEST, "This would change nothing here.")
    if await corrections.count(connection, transcript_id) >= MOST_CORRECTIONS:
        raise Conflict(ErrorCode.CONFLICT, f"There are {MOST_CORRECTIONS} corrections of this transcript already.")
    about = (await transcripts.get(connection, transcript_id)).summary
    made = await corrections.add(
        connection,
        user_id=user_id,
        recording_id=about.recording_id,
        transcript_id=transcript_id,
        deliverable_id=deliverable_id,
        layer=layer,
        now=now,
    )
    return made, differences


async def offers(connection: Any, user_id: UUID, correction_id: UUID) -> list[Offer]:
    """The person's other meetings in which the same name or term would change; none for what is about one meeting alone.

    Looks at the newest MOST_OFFERED that may hold it. Raises NotFound.
    """
    made = await corrections.get(connection, correction_id)
    sought = _sought(made.layer)
    if not sought:
        return []
    found = await corrections.mentioning(connection, user_id, sought, most=MOST_OFFERED, beside=made.transcript_id)
    looked_at = [await _offer(connection, transcript_id, made.layer) for transcript_id in found]
    return [offer for offer in looked_at if offer.differences]


async def carry_over(
    connection: Any, user_id: UUID, correction_id: UUID, transcript_ids: Sequence[UUID], *, now: datetime
) -> list[Correction]:
    """Make the same correction in other meetings. Raises NotFound and Invalid, and then makes none."""
    made = await corrections.get(connection, correction_id)
    if not _sought(made.layer):
        raise Invalid(ErrorCode.INVALID_REQUEST, "This correction is about one meeting alone.")
    return [(await correct(connection, user_id, other, made.layer, now=now))[0] for other in dict.fromkeys(transcript_ids)]


def _is_of_claim(layer: Layer) -> bool:
    return isinstance(layer, ClaimLayer)


def _sought(layer: Layer) -> tuple[str, ...]:
    if isinstance(layer, FixTerm):
        return (layer.term,)
    if isinstance(layer, RenameSpeaker):
        return (layer.speaker,)
    return layer.speakers if isinstance(layer, MergeSpeakers) else ()


async def _offer(connection: Any, transcript_id: UUID, layer: Layer) -> Offer:
    about = (await transcripts.get(connection, transcript_id)).summary
    try:
        return Offer(about, await preview(connection, transcript_id, layer))
    except Invalid:  # nobody of that name speaks there
        return Offer(about, ())


async def _in_document(connection: Any, document: StoredDeliverable, original: StoredTranscript, layer: Layer) -> list[Difference]:
    layers = await corrections.bearing_on(connection, original.id, document.id)
    before = await asyncio.to_thread(deliverable_under, document.deliverable, original.transcript, layers)
    if isinstance(layer, ClaimLayer) and (sentence := claim_objection(layer, before)):
        raise Invalid(ErrorCode.INVALID_REQUEST, sentence)
    after = await asyncio.to_thread(deliverable_under, document.deliverable, original.transcript, (*layers, layer))
    return [Difference(document.id, change) for change in changes(before, after)]


def _transcript_under(original: StoredTranscript, layers: Sequence[Layer]) -> StoredTranscript:
    if not layers:
        return original
    transcript, was = transcript_under(original.transcript, layers), original.summary
    summary = replace(was, word_count=transcript.word_count, topic=title_under(was.topic, layers))
    return replace(original, transcript=transcript, summary=summary)


def _deliverable_under(original: StoredDeliverable, transcript: StoredTranscript, layers: Sequence[Layer]) -> StoredDeliverable:
    deliverable = deliverable_under(original.deliverable, transcript.transcript, layers)
    about = replace(original.about, title=deliverable.title, topic=title_under(original.about.topic, layers))
    return replace(original, deliverable=deliverable, about=about)
