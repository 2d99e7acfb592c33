"""Deliverables and transcripts, in the forms people and programs read."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from momentum.corrections import machine_id
from momentum.errors import ErrorCode, NotFound
from momentum.model import Claim, Meeting, Segment
from momentum.pipeline.correct import ReadDeliverable, ReadTranscript, read_deliverable, read_transcript
from momentum.store import corrections, deliverables
from momentum.store.database import Connection
from momentum.web.api.document_models import (
    ClaimBefore,
    DeliverableItem,
    Deliverables,
    DeliverableSummary,
    SegmentBefore,
    SegmentItem,
    TranscriptItem,
)
from momentum.web.api.processings import PageSize, PageToken
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited
from momentum.writers import render
from momentum.writers.markdown import counted
from momentum.writers.transcripts import FORMATS

router = APIRouter(prefix="/api", tags=["documents"])

Original = Annotated[bool, Query(description="As the machine left it, without your corrections.")]

MARKDOWN = "text/markdown"
TRANSCRIPT_TYPES = {"vtt": "text/vtt", "srt": "application/x-subrip", "text": "text/plain"}
_KEYS = {"text": "txt"}
"""Names of the API -> keys of FORMATS, where they differ."""


def _forms(model: Any, description: str, examples: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's 200 of a thing that comes as JSON and as text."""
    texts = {media: {"schema": {"type": "string"}, "example": example} for media, example in examples.items()}
    return {200: {"model": model, "description": description, "content": texts}}


DELIVERABLE = _forms(DeliverableItem, "The deliverable.", {MARKDOWN: "# Weekly planning\n\n## Decisions\n\n- Ship on Friday (verified)\n"})
TRANSCRIPT = _forms(
    TranscriptItem,
    "The transcript.",
    {
        "text/vtt": "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\n<v Ada>We ship on Friday.\n",
        "application/x-subrip": "1\n00:00:01,000 --> 00:00:02,500\nAda: We ship on Friday.\n",
        "text/plain": "[00:00:01] Ada: We ship on Friday.\n",
    },
)


@router.get("/deliverables", responses=responses(401))
async def list_deliverables(
    world: World,
    person: Asking,
    recording_id: Annotated[UUID | None, Query(description="Of this recording alone.")] = None,
    newest: Annotated[bool, Query(description="Leave out what has a newer version.")] = False,
    page_size: PageSize = 30,
    page_token: PageToken = None,
) -> Deliverables:
    """Your deliverables, newest first, without their content; every version of each."""
    async with world.database.person(person.user_id) as connection:
        page = await deliverables.page(
            connection, person.user_id, size=page_size, after=page_token, recording_id=recording_id, newest=newest
        )
        rows = await retitled(connection, page.rows)
    return Deliverables(deliverables=[DeliverableSummary.model_validate(row) for row in rows], next_page_token=page.next_token)


@router.get(
    "/deliverables/{deliverable_id}",
    responses=responses(401, 404) | DELIVERABLE,
    response_model=None,
    dependencies=[audited("deliverable.read", "deliverable")],
)
async def get_deliverable(
    world: World,
    person: Asking,
    deliverable_id: UUID,
    format: Annotated[Literal["json", "markdown"], Query()] = "json",  # noqa: A002 -- the API's word
    original: Original = False,
) -> Response:
    """One deliverable: as data with every claim and its evidence, or as Markdown; under your corrections."""
    found = await read_deliverable(world.database, person.user_id, deliverable_id)
    found = dataclasses.replace(found, shown=found.original) if original else found
    if format == "markdown":
        return Response(await asyncio.to_thread(render, found.shown.deliverable, meeting_of(found.shown)), media_type=MARKDOWN)
    return Response(_deliverable(found).model_dump_json(), media_type="application/json")


@router.get(
    "/transcripts/{transcript_id}",
    responses=responses(401, 404) | TRANSCRIPT,
    response_model=None,
    dependencies=[audited("transcript.read", "transcript")],
)
async def get_transcript(
    world: World,
    person: Asking,
    transcript_id: UUID,
    format: Annotated[Literal["json", "vtt", "srt", "text"], Query()] = "json",  # noqa: A002 -- the API's word
    original: Original = False,
) -> Response:
    """One transcript: JSON with words and marks, WebVTT, SubRip or text; under your corrections."""
    found = await read_transcript(world.database, person.user_id, transcript_id)
    found = dataclasses.replace(found, shown=found.original) if original else found
    # The words of three hours are half a second of work, in which nobody else is to wait.
    if format == "json":
        return Response(await asyncio.to_thread(lambda: _transcript(found).model_dump_json()), media_type="application/json")
    text = await asyncio.to_thread(FORMATS[_KEYS.get(format, format)], found.shown.transcript)
    return Response(text, media_type=f"{TRANSCRIPT_TYPES[format]}; charset=utf-8")


async def retitled(connection: Connection, rows: Sequence[deliverables.DeliverableSummary]) -> list[deliverables.DeliverableSummary]:
    """The same rows, with the terms in their titles fixed that were fixed in their meetings."""
    titles = await corrections.titled(connection, [(row.transcript_id, row.title) for row in rows])
    return [dataclasses.replace(row, title=title) for row, title in zip(rows, titles, strict=True)]


def delivered(found: deliverables.StoredDeliverable) -> deliverables.StoredDeliverable:
    """The same, once it is finished. Raises NotFound for a draft: nothing in it is checked yet."""
    if not found.about.delivered:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
    return found


def meeting_of(found: deliverables.StoredDeliverable) -> Meeting:
    """The meeting a deliverable is about, as far as rendering needs it."""
    return Meeting(title=found.about.topic, started_at=found.about.recorded_at, timezone=found.about.timezone)


def _deliverable(found: ReadDeliverable) -> DeliverableItem:
    shown = found.shown
    told = {"verification": counted(shown.deliverable.claims)}
    item = DeliverableItem.model_validate(dataclasses.asdict(shown.deliverable) | dataclasses.asdict(shown.about) | told)
    for claim, (now, was) in zip(item.claims, zip(shown.deliverable.claims, found.original.deliverable.claims, strict=True), strict=True):
        claim.original = _claim_before(now, was)
    return item


def _claim_before(now: Claim, was: Claim) -> ClaimBefore | None:
    changed = dataclasses.replace(now, ruling=None) != was
    return ClaimBefore.model_validate(was) if changed else None


def _transcript(found: ReadTranscript) -> TranscriptItem:
    shown = found.shown
    item = TranscriptItem.model_validate(dataclasses.asdict(shown.transcript) | dataclasses.asdict(shown.summary))
    machine = {segment.id: segment for segment in found.original.transcript.segments}
    for segment in item.segments:
        segment.original = _segment_before(segment, machine.get(machine_id(segment.id)))
    return item


def _segment_before(now: SegmentItem, was: Segment | None) -> SegmentBefore | None:
    changed = was is not None and (now.text, now.speaker) != (was.text, was.speaker)
    return SegmentBefore.model_validate(was) if changed else None
