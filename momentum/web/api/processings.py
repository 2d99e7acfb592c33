"""Processings: where they stand, what happens to them as it happens, cancel, retry."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, status
from fastapi.responses import StreamingResponse

from momentum.app import App
from momentum.store import deliverables, processings
from momentum.store.database import Notification
from momentum.web.api.models import ProcessingItem, Processings
from momentum.web.door import Asking, World
from momentum.web.events import MEDIA_TYPE, Events, Together, streamed
from momentum.web.failures import responses
from momentum.web.witness import audited

router = APIRouter(prefix="/api/processings", tags=["processings"])

PageSize = Annotated[int, Query(ge=1, le=300)]
PageToken = Annotated[str | None, Query(min_length=1, max_length=500, description="`next_page_token` of the page before.")]
LastEventId = Annotated[int | None, Header(ge=0, le=2**62, description="Browsers send it by themselves when they reconnect.")]

MOST_DELIVERABLES = 50
"""Of one processing; a request names ten at the most."""

EVENT_EXAMPLE = (
    'retry: 2000\n\nid: 41\ndata: {"at": "2026-11-22T09:00:05+00:00", "step": "transcribe", "state": "running", "fraction": 0.25}\n\n'
    "event: end\ndata: {}\n\n"
)
EVENT = {
    "type": "object",
    "description": "Each event of the stream: `data` is JSON. The last one is named `end`; without it, connect again.",
    "properties": {"id": {"type": "string"}, "event": {"type": "string", "enum": ["message", "end"]}, "data": {"type": "string"}},
    "required": ["data"],
}
EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": EVENT, "example": EVENT_EXAMPLE}}, "description": "Server-sent events."}
}


@router.get("", responses=responses(401))
async def list_processings(world: World, person: Asking, page_size: PageSize = 30, page_token: PageToken = None) -> Processings:
    """Your processings, newest first."""
    async with world.database.person(person.user_id) as connection:
        page = await processings.page(connection, person.user_id, size=page_size, after=page_token)
    return Processings(processings=[ProcessingItem.model_validate(row) for row in page.rows], next_page_token=page.next_token)


@router.get("/events", responses=responses(401) | EVENT_STREAM, response_class=StreamingResponse)
async def watch_all(world: World, person: Asking, asked: Request) -> StreamingResponse:
    """Events of all your processings from now on: `data` names one, or none (`null`) when you should look at all of them again."""
    return streamed(asked, person.user_id, _all_events(world, person.user_id))


@router.get("/{processing_id}", responses=responses(401, 404))
async def get_processing(world: World, person: Asking, processing_id: UUID) -> ProcessingItem:
    """One processing."""
    return await _item(world, person.user_id, processing_id)


@router.get("/{processing_id}/events", responses=responses(401, 404) | EVENT_STREAM, response_class=StreamingResponse)
async def watch(world: World, person: Asking, asked: Request, processing_id: UUID, last_event_id: LastEventId = None) -> StreamingResponse:
    """What happened to it and what happens, until it ends; `Last-Event-ID` goes on after that event."""
    await _item(world, person.user_id, processing_id)
    together = asked.app.state.streams.together
    return streamed(asked, person.user_id, _events(world, together, person.user_id, processing_id, last_event_id or 0))


@router.post(
    "/{processing_id}/cancel",
    responses=responses(401, 403, 404, 409),
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[audited("processing.cancel", "processing")],
)
async def cancel(world: World, person: Asking, processing_id: UUID) -> ProcessingItem:
    """Stop it; what was made so far stays."""
    async with world.database.person(person.user_id) as connection:
        await processings.request_cancel(connection, processing_id, now=world.clock())
    return await _item(world, person.user_id, processing_id)


@router.post(
    "/{processing_id}/retry",
    responses=responses(401, 403, 404, 409),
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[audited("processing.retry", "processing")],
)
async def retry(world: World, person: Asking, processing_id: UUID) -> ProcessingItem:
    """Try again what failed, was cancelled or waits; finished parts are not paid for again."""
    async with world.database.person(person.user_id) as connection:
        await processings.retry(connection, processing_id, now=world.clock())
    return await _item(world, person.user_id, processing_id)


async def _item(world: App, user_id: UUID, processing_id: UUID) -> ProcessingItem:
    async with world.database.person(user_id) as connection:
        found = await processings.get(connection, processing_id)
        made = await deliverables.page(connection, user_id, size=MOST_DELIVERABLES, processing_id=processing_id)
    item = ProcessingItem.model_validate(found)
    item.deliverable_ids = [d.id for d in made.rows]
    return item


async def _events(world: App, together: Together, user_id: UUID, processing_id: UUID, after: int) -> Events:
    async def read() -> tuple[processings.Processing, list[processings.Event]]:
        async with world.database.person(user_id) as connection:
            return await processings.get(connection, processing_id), await processings.events_after(connection, processing_id, after)

    # Listening comes first: what happens while we read is heard, and read in the next round.
    async with world.database.listen("processing") as notices:
        while True:
            current, found = await together.read((user_id, processing_id, after), read)
            for event in found:
                after = event.id
                yield event.id, _as_data(event)
            if current.state.finished or not await _news_of(notices, str(processing_id)):
                return


async def _all_events(world: App, user_id: UUID) -> Events:
    async with world.database.listen("processing") as notices:
        async for notice in notices:
            processing_id, _, owner = notice.payload.partition(" ")
            if owner in {str(user_id), ""}:
                yield None, json.dumps({"processing_id": processing_id or None})


async def _news_of(notices: AsyncIterator[Notification], processing_id: str) -> bool:
    """Wait until something was said of it; False when nobody listens any more."""
    async for notice in notices:
        if not notice.payload or notice.payload.startswith(processing_id):
            return True
    return False


def _as_data(event: processings.Event) -> str:
    return json.dumps({"at": event.at.isoformat(), "step": event.step, "state": event.state, "fraction": event.fraction, **event.detail})
