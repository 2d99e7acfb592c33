"""Processings: where they stand, what happens to them as it happens, cancel, retry."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, status
from fastapi.responses import StreamingResponse

from momentum.app import App
from momentum.store import deliverables, processings
from momentum.web.api.models import ProcessingItem, Processings
from momentum.web.door import Asking, Person, World
from momentum.web.events import event_stream
from momentum.web.failures import responses

router = APIRouter(prefix="/api/processings", tags=["processings"])

PageSize = Annotated[int, Query(ge=1, le=300)]
PageToken = Annotated[str | None, Query(max_length=500)]

MOST_DELIVERABLES = 50
"""Of one processing; a request names ten at the most."""

EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Server-sent events."}
}


@router.get("", responses=responses(401))
async def list_processings(world: World, person: Asking, page_size: PageSize = 30, page_token: PageToken = None) -> Processings:
    """Your processings, newest first."""
    async with world.database.person(person.user_id) as connection:
        page = await processings.page(connection, person.user_id, size=page_size, after=page_token)
    return Processings(processings=[ProcessingItem.model_validate(row) for row in page.rows], next_page_token=page.next_token)


@router.get("/events", responses=responses(401) | EVENT_STREAM, response_class=StreamingResponse)
async def watch_all(world: World, person: Asking) -> StreamingResponse:
    """Events of all your processings from now on: each names one and its state."""
    return StreamingResponse(
        event_stream(_all_events(world, person)), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@router.get("/{processing_id}", responses=responses(401, 404))
async def get_processing(world: World, person: Asking, processing_id: UUID) -> ProcessingItem:
    """One processing."""
    return await _item(world, person, processing_id)


@router.get("/{processing_id}/events", responses=responses(401, 404) | EVENT_STREAM, response_class=StreamingResponse)
async def watch(
    world: World, person: Asking, processing_id: UUID, last_event_id: Annotated[int | None, Header(ge=0, le=2**62)] = None
) -> StreamingResponse:
    """What happened to it and what happens, until it ends; `Last-Event-ID` goes on after that event."""
    await _item(world, person, processing_id)
    events = _events(world, person, processing_id, last_event_id or 0)
    return StreamingResponse(event_stream(events), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.post("/{processing_id}/cancel", responses=responses(401, 403, 404, 409), status_code=status.HTTP_202_ACCEPTED)
async def cancel(world: World, person: Asking, processing_id: UUID) -> ProcessingItem:
    """Stop it; what was made so far stays."""
    async with world.database.person(person.user_id) as connection:
        await processings.request_cancel(connection, processing_id, now=world.clock())
    return await _item(world, person, processing_id)


@router.post("/{processing_id}/retry", responses=responses(401, 403, 404, 409), status_code=status.HTTP_202_ACCEPTED)
async def retry(world: World, person: Asking, processing_id: UUID) -> ProcessingItem:
    """Try again what failed, was cancelled or waits; finished parts are not paid for again."""
    async with world.database.person(person.user_id) as connection:
        await processings.retry(connection, processing_id, now=world.clock())
    return await _item(world, person, processing_id)


async def _item(world: App, person: Person, processing_id: UUID) -> ProcessingItem:
    async with world.database.person(person.user_id) as connection:
        found = await processings.get(connection, processing_id)
        made = await deliverables.page(connection, person.user_id, size=MOST_DELIVERABLES, processing_id=processing_id)
    item = ProcessingItem.model_validate(found)
    item.deliverable_ids = [d.id for d in made.rows]
    return item


async def _events(world: App, person: Person, processing_id: UUID, after: int) -> AsyncIterator[tuple[int | None, str]]:
    async with world.database.listen("processing") as notices:
        while True:
            async with world.database.person(person.user_id) as connection:
                found = await processings.events_after(connection, processing_id, after)
                current = await processings.get(connection, processing_id)
            for event in found:
                after = event.id
                yield event.id, _as_data(event)
            if current.state.finished:
                return
            await _news_of(notices, str(processing_id))


async def _all_events(world: App, person: Person) -> AsyncIterator[tuple[int | None, str]]:
    async with world.database.listen("processing") as notices:
        async for notice in notices:
            processing_id, _, user_id = notice.payload.partition(" ")
            if user_id == str(person.user_id):
                yield None, json.dumps({"processing_id": processing_id})


async def _news_of(notices: AsyncIterator[object], processing_id: str) -> None:
    async for notice in notices:
        payload = getattr(notice, "payload", "")
        if not payload or payload.startswith(processing_id):
            return


def _as_data(event: processings.Event) -> str:
    return json.dumps({"at": event.at.isoformat(), "step": event.step, "state": event.state, "fraction": event.fraction, **event.detail})
