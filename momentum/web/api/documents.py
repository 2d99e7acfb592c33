"""Deliverables and transcripts, in the forms people and programs read."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse, Response

from momentum.model import Meeting
from momentum.store import deliverables, transcripts
from momentum.web.api.models import DeliverableItem, Deliverables, DeliverableSummary
from momentum.web.api.processings import PageSize, PageToken
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.writers.markdown import render
from momentum.writers.transcripts import FORMATS

router = APIRouter(prefix="/api", tags=["documents"])

MEDIA_TYPES = {
    "json": "application/json",
    "vtt": "text/vtt; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
TEXTUAL = {media.split(";")[0]: {"schema": {"type": "string"}} for media in MEDIA_TYPES.values()}


@router.get("/deliverables", responses=responses(401))
async def list_deliverables(world: World, person: Asking, page_size: PageSize = 30, page_token: PageToken = None) -> Deliverables:
    """Your deliverables, newest first, without their content."""
    async with world.database.person(person.user_id) as connection:
        page = await deliverables.page(connection, person.user_id, size=page_size, after=page_token)
    return Deliverables(deliverables=[DeliverableSummary.model_validate(row) for row in page.rows], next_page_token=page.next_token)


@router.get(
    "/deliverables/{deliverable_id}",
    responses=responses(401, 404) | {200: {"model": DeliverableItem, "content": {"text/markdown": {"schema": {"type": "string"}}}}},
    response_model=None,
)
async def get_deliverable(
    world: World,
    person: Asking,
    deliverable_id: UUID,
    format: Annotated[Literal["json", "markdown"], Query()] = "json",  # noqa: A002 -- the API's word
) -> Response:
    """One deliverable: as data with every claim and its evidence, or as Markdown."""
    async with world.database.person(person.user_id) as connection:
        found = await deliverables.get(connection, deliverable_id)
    if format == "markdown":
        return PlainTextResponse(render(found.deliverable, meeting_of(found)), media_type="text/markdown")
    item = _item(found)
    return Response(item.model_dump_json(), media_type="application/json")


@router.get("/transcripts/{transcript_id}", responses=responses(401, 404) | {200: {"content": TEXTUAL, "description": "The transcript."}})
async def get_transcript(
    world: World,
    person: Asking,
    transcript_id: UUID,
    format: Annotated[Literal["json", "vtt", "srt", "text"], Query()] = "json",  # noqa: A002 -- the API's word
) -> Response:
    """One transcript: JSON with words and marks, WebVTT, SubRip or text."""
    async with world.database.person(person.user_id) as connection:
        found = await transcripts.get(connection, transcript_id)
    body = FORMATS["txt" if format == "text" else format](found.transcript)
    return Response(body, media_type=MEDIA_TYPES[format])


def meeting_of(found: deliverables.StoredDeliverable) -> Meeting:
    """The meeting a deliverable is about, as far as rendering needs it."""
    return Meeting(title=found.about.topic, started_at=found.about.recorded_at, timezone=found.about.timezone)


def _item(found: deliverables.StoredDeliverable) -> DeliverableItem:
    whole = dataclasses.asdict(found.deliverable) | dataclasses.asdict(found.about)
    return DeliverableItem.model_validate(whole)
