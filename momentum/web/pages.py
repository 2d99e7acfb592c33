"""Pages for people: what is connected, what was recorded, what is in the works, what was written."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request, status
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from momentum.app import App
from momentum.errors import MomentumError
from momentum.model import ProcessingState
from momentum.pipeline import correct, request
from momentum.store import deliverables, processings, recordings
from momentum.web.api import documents, versions
from momentum.web.api.connections import PROVIDERS, connection_of, default_options
from momentum.web.api.looking import look_for_recordings
from momentum.web.api.models import Connection
from momentum.web.door import Visitor, World, check_origin
from momentum.web.messages import page, sign_in_page
from momentum.web.witness import audited
from momentum.writers import LABELS, render
from momentum.writers.exports import DELIVERABLE_FORMATS, FORMATS, TRANSCRIPT_FORMATS
from momentum.writers.exports.web_page import rendered

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)

ROWS = 30
DAYS = timedelta(days=30)
STATE_WORDS = {
    ProcessingState.QUEUED: "Waiting for its turn",
    ProcessingState.RUNNING: "Working",
    ProcessingState.WAITING: "Goes on by itself",
    ProcessingState.ACTION_REQUIRED: "Needs you",
    ProcessingState.DONE: "Done",
    ProcessingState.FAILED: "Failed",
    ProcessingState.CANCELLED: "Cancelled",
}
STEP_WORDS = {
    "discover": "looking at the recording",
    "transcribe": "listening",
    "attribute": "finding who spoke",
    "generate": "writing",
    "verify": "checking every claim",
    "deliver": "filing",
}
RETRYABLE = frozenset({ProcessingState.ACTION_REQUIRED, ProcessingState.FAILED, ProcessingState.CANCELLED})

# Raw HTML is off: a topic or a transcript full of markup stays text.


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


WORDS: dict[str, Any] = {
    "states": STATE_WORDS,
    "steps": STEP_WORDS,
    "kinds": LABELS,
    "labels": PROVIDERS,
    "retryable": RETRYABLE,
    "moment": _moment,
}


@router.get("/")
async def home(
    world: World,
    visitor: Visitor,
    after_recording: Annotated[str | None, Query()] = None,
    after_document: Annotated[str | None, Query()] = None,
) -> Response:
    """Everything of a person on one page, in a fixed number of queries; `after_...` are tokens of a later page of a list.

    A token of recordings has the provider's name before it; the other providers' lists begin at their beginning.
    """
    if visitor is None:
        return sign_in_page()
    connections = [(name, await connection_of(world, name, visitor)) for name in world.providers]
    notices = await _first_look(world, visitor, connections)
    today = world.clock().date()
    async with world.database.person(visitor) as connection:
        written = await deliverables.page(connection, visitor, after=after_document, size=ROWS, newest=True)
        documents_shown = await documents.retitled(connection, written.rows)
        works = await processings.page(connection, visitor, size=ROWS)
        since, until = today - DAYS, today + timedelta(days=1)
        recorded = {
            name: await recordings.page(connection, visitor, name, since=since, until=until, after=_after(after_recording, name), size=ROWS)
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
    return page("home.html", person=visitor, busy=busy, **lists, **WORDS)


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
async def look_again(world: World, visitor: Visitor, asked: Request) -> Response:
    """The button that asks every provider for new recordings."""
    if visitor is None:
        return sign_in_page()
    check_origin(asked)
    for name in world.providers:
        await _look(world, name, visitor)
    return _home()


@router.post("/recordings/{recording_id}/process", dependencies=[audited("processing.ask", "recording")])
async def process_recording(world: World, visitor: Visitor, asked: Request, recording_id: UUID) -> Response:
    """The button beside a recording."""
    if visitor is None:
        return sign_in_page()
    check_origin(asked)
    async with world.database.person(visitor) as connection:
        await request.request_stored(connection, visitor, recording_id, default_options(world))
    return _home()


@router.post("/processings/{processing_id}/cancel", dependencies=[audited("processing.cancel", "processing")])
async def cancel(world: World, visitor: Visitor, asked: Request, processing_id: UUID) -> Response:
    """The button that stops it."""
    if visitor is None:
        return sign_in_page()
    check_origin(asked)
    async with world.database.person(visitor) as connection:
        await processings.request_cancel(connection, processing_id, now=world.clock())
    return _home()


@router.post("/processings/{processing_id}/retry", dependencies=[audited("processing.retry", "processing")])
async def retry(world: World, visitor: Visitor, asked: Request, processing_id: UUID) -> Response:
    """The button that tries again."""
    if visitor is None:
        return sign_in_page()
    check_origin(asked)
    async with world.database.person(visitor) as connection:
        await processings.retry(connection, processing_id, now=world.clock())
    return _home()


@router.get("/deliverables/{deliverable_id}", dependencies=[audited("deliverable.read", "deliverable")])
async def document(world: World, visitor: Visitor, deliverable_id: UUID) -> Response:
    """One deliverable, to read."""
    if visitor is None:
        return sign_in_page()
    found = (await correct.read_deliverable(world.database, visitor, deliverable_id)).shown
    body = Markup(rendered(render(found.deliverable, documents.meeting_of(found))))  # noqa: S704 -- rendered with raw HTML off
    offered: dict[str, Any] = {"formats": FORMATS, "exports": DELIVERABLE_FORMATS, "transcript_exports": TRANSCRIPT_FORMATS}
    missing = bool(found.deliverable.coverage.missing)
    return page("document.html", person=visitor, about=found.about, body=body, missing=missing, **offered)


@router.post("/deliverables/{deliverable_id}/again", dependencies=[audited("deliverable.again", "deliverable")])
async def write_again(world: World, visitor: Visitor, asked: Request, deliverable_id: UUID) -> Response:
    """The button that makes a new version."""
    return await _new_version(world, visitor, asked, deliverable_id, missing_only=False)


@router.post("/deliverables/{deliverable_id}/retry", dependencies=[audited("deliverable.retry", "deliverable")])
async def read_missing(world: World, visitor: Visitor, asked: Request, deliverable_id: UUID) -> Response:
    """The button that reads what could not be read."""
    return await _new_version(world, visitor, asked, deliverable_id, missing_only=True)


async def _new_version(world: App, visitor: UUID | None, asked: Request, deliverable_id: UUID, *, missing_only: bool) -> Response:
    if visitor is None:
        return sign_in_page()
    check_origin(asked)
    await versions.new_version(world, visitor, deliverable_id, missing_only=missing_only)
    return _home()


def _home() -> Response:
    return RedirectResponse("/", status.HTTP_303_SEE_OTHER)
