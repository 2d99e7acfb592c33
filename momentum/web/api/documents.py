"""Deliverables and transcripts, in the forms people and programs read."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from momentum.errors import ErrorCode, NotFound
from momentum.model import Meeting
from momentum.store import deliverables, transcripts
from momentum.web.api.document_models import DeliverableItem, Deliverables, DeliverableSummary, TranscriptItem
from momentum.web.api.processings import PageSize, PageToken
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited
from momentum.writers.markdown import counted, render
from momentum.writers.transcripts import FORMATS

router = APIRouter(prefix="/api", tags=["documents"])

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
async def list_deliverables(world: World, person: Asking, page_size: PageSize = 30, page_token: PageToken = None) -> Deliverables:
    """Your deliverables, newest first, without their content."""
    async with world.database.person(person.user_id) as connection:
        page = await deliverables.page(connection, person.user_id, size=page_size, after=page_token)
    return Deliverables(deliverables=[DeliverableSummary.model_validate(row) for row in page.rows], next_page_token=page.next_token)


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
) -> Response:
    """One deliverable: as data with every claim and its evidence, or as Markdown."""
    async with world.database.person(person.user_id) as connection:
        found = delivered(await deliverables.get(connection, deliverable_id))
    if format == "markdown":
        return Response(render(found.deliverable, meeting_of(found)), media_type=MARKDOWN)
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
) -> Response:
    """One transcript: JSON with words and marks, WebVTT, SubRip or text."""
    async with world.database.person(person.user_id) as connection:
        found = await transcripts.get(connection, transcript_id)
    if format == "json":
        return Response(_transcript(found).model_dump_json(), media_type="application/json")
    return Response(FORMATS[_KEYS.get(format, format)](found.transcript), media_type=f"{TRANSCRIPT_TYPES[format]}; charset=utf-8")


def delivered(found: deliverables.StoredDeliverable) -> deliverables.StoredDeliverable:
    """The same, once it is finished. Raises NotFound for a draft: nothing in it is checked yet."""
    if not found.about.delivered:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
    return found


def meeting_of(found: deliverables.StoredDeliverable) -> Meeting:
    """The meeting a deliverable is about, as far as rendering needs it."""
    return Meeting(title=found.about.topic, started_at=found.about.recorded_at, timezone=found.about.timezone)


def _deliverable(found: deliverables.StoredDeliverable) -> DeliverableItem:
    told = {"verification": counted(found.deliverable.claims)}
    return DeliverableItem.model_validate(dataclasses.asdict(found.deliverable) | dataclasses.asdict(found.about) | told)


def _transcript(found: transcripts.StoredTranscript) -> TranscriptItem:
    return TranscriptItem.model_validate(dataclasses.asdict(found.transcript) | dataclasses.asdict(found.summary))
