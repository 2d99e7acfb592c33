"""What is connected, what was recorded, what is in the works, what was written."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import Response

from momentum.app import App
from momentum.errors import MomentumError
from momentum.model import ProcessingState
from momentum.pipeline import request
from momentum.store import deliverables, processings, recordings
from momentum.web.api import documents
from momentum.web.api.connections import PROVIDERS, connection_of, default_options
from momentum.web.api.looking import look_for_recordings
from momentum.web.api.models import Connection
from momentum.web.door import World
from momentum.web.pages import words
from momentum.web.view import Acting, Reading, see_other
from momentum.web.witness import audited

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)

ROWS = 30
DAYS = timedelta(days=30)
WORDS: dict[str, Any] = {
    "states": words.STATES,
    "steps": words.STEPS,
    "kinds": words.KINDS,
    "labels": PROVIDERS,
    "retryable": words.RETRYABLE,
}


@router.get("/recordings")
async def home(
    world: World,
    view: Reading,
    after_recording: Annotated[str | None, Query()] = None,
    after_document: Annotated[str | None, Query()] = None,
) -> Response:
    """Everything of a person on one page, in a fixed number of queries; `after_...` are tokens of a later page of a list.

    A token of recordings has the provider's name before it; the other providers' lists begin at their beginning.
    """
    connections = [(name, await connection_of(world, name, view.person)) for name in world.providers]
    notices = await _first_look(world, view.person, connections)
    today = world.clock().date()
    async with world.database.person(view.person) as connection:
        written = await deliverables.page(connection, view.person, after=after_document, size=ROWS, newest=True)
        documents_shown = await documents.retitled(connection, written.rows)
        works = await processings.page(connection, view.person, size=ROWS)
        since, until = today - DAYS, today + timedelta(days=1)
        recorded = {
            name: await recordings.page(
                connection, view.person, name, since=since, until=until, after=_after(after_recording, name), size=ROWS
            )
            for name in world.providers
        }
    rows = [row for found in recorded.values() for row in found.rows]
    shown = [row for row in works.rows if row.state is not ProcessingState.DONE]
    busy = any(not row.state.finished for row in shown)
    lists: dict[str, Any] = {
        "deliverables": documents_shown,
        "processings": shown,
        "recordings": rows,
        "connections": connections,
        "notices": notices,
        "later": bool(after_recording or after_document),
        "next_document": written.next_token,
        "next_recordings": [(name, f"{name}.{found.next_token}") for name, found in recorded.items() if found.next_token],
    }
    return view.page("recordings.html", busy=busy, **lists, **WORDS)


def _after(token: str | None, provider: str) -> str | None:
    name, _, rest = (token or "").partition(".")
    return rest if name == provider else None


async def _first_look(world: App, user_id: UUID, connections: list[tuple[str, Connection]]) -> list[str]:
    """Ask a provider that was connected but never asked before, so that the first page is not empty; what went wrong, in sentences."""
    notices = []
    for name in (name for name, found in connections if found.connected):
        async with world.database.person(user_id) as connection:
            known = await recordings.last_discovery(connection, user_id, name)
        if known is None:
            notices += await _look(world, name, user_id)
    return notices


async def _look(world: App, name: str, user_id: UUID) -> list[str]:
    today: date = world.clock().date()
    try:
        _, notice = await look_for_recordings(world, name, user_id, today - DAYS, today)
    except MomentumError as error:
        log.info("recordings_not_listed", provider=name, user_id=user_id, error_code=error.code)
        return [error.detail]
    return [notice] if notice else []


@router.post("/recordings/look")
async def look_again(world: World, view: Acting) -> Response:
    """The button that asks every provider for new recordings."""
    for name in world.providers:
        await _look(world, name, view.person)
    return see_other("/recordings")


@router.post("/recordings/{recording_id}/process", dependencies=[audited("processing.ask", "recording")])
async def process_recording(world: World, view: Acting, recording_id: UUID) -> Response:
    """The button beside a recording."""
    async with world.database.person(view.person) as connection:
        await request.request_stored(connection, view.person, recording_id, default_options(world))
    return see_other("/recordings")
