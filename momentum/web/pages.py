"""Pages for people: what is connected, what was recorded, what is in the works, what was written."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, status
from fastapi.responses import RedirectResponse, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from momentum.errors import MomentumError
from momentum.model import Options, ProcessingState
from momentum.pipeline import connect as pipeline_connect
from momentum.pipeline import request
from momentum.store import deliverables, processings, recordings, sessions
from momentum.web.api.connections import PROVIDERS, begin_in_browser, connection_of, label_of
from momentum.web.api.documents import meeting_of
from momentum.web.door import SESSION_COOKIE, Visitor, World, check_origin
from momentum.web.messages import HOME, completed_page, failed_page, message_page, page, set_cookie, sign_in_page
from momentum.writers.markdown import render

router = APIRouter(include_in_schema=False)

SESSION_LIFETIME = timedelta(days=30)
ROWS = 30
STATE_WORDS = {
    ProcessingState.QUEUED: "Waiting for its turn",
    ProcessingState.RUNNING: "Working",
    ProcessingState.WAITING: "Goes on by itself",
    ProcessingState.ACTION_REQUIRED: "Needs you",
    ProcessingState.DONE: "Done",
    ProcessingState.FAILED: "Failed",
    ProcessingState.CANCELLED: "Cancelled",
}

# Raw HTML is off: a topic or a transcript full of markup stays text.
_markdown = MarkdownIt("commonmark", {"html": False})


@router.get("/")
async def home(world: World, visitor: Visitor) -> Response:
    """Everything of a person on one page, in a fixed number of queries."""
    if visitor is None:
        return sign_in_page()
    today = world.clock().date()
    async with world.database.person(visitor) as connection:
        written = await deliverables.page(connection, visitor, size=ROWS)
        works = await processings.page(connection, visitor, size=ROWS)
        recorded = [
            await recordings.page(connection, visitor, name, since=today - timedelta(days=30), until=today + timedelta(days=1), size=ROWS)
            for name in world.providers
        ]
    connections = [(await connection_of(world, name, visitor), name) for name in world.providers]
    busy = any(not row.state.finished for row in works.rows)
    rows = [row for found in recorded for row in found.rows]
    return page(
        "home.html",
        person=visitor,
        connections=connections,
        deliverables=written.rows,
        processings=works.rows,
        recordings=rows,
        busy=busy,
        words=STATE_WORDS,
        labels=PROVIDERS,
    )


@router.get("/deliverables/{deliverable_id}")
async def document(world: World, visitor: Visitor, deliverable_id: UUID) -> Response:
    """One deliverable, to read."""
    if visitor is None:
        return sign_in_page()
    try:
        async with world.database.person(visitor) as connection:
            found = await deliverables.get(connection, deliverable_id)
    except MomentumError as error:
        return message_page("Not here", error.detail, status=error.status, person=visitor, link=HOME)
    body = Markup(_markdown.render(render(found.deliverable, meeting_of(found))))  # noqa: S704 -- rendered with raw HTML off
    about = found.about
    return page("document.html", person=visitor, title=about.title, body=body, id=about.id, transcript_id=about.transcript_id)


@router.post("/recordings/{recording_id}/process")
async def process_recording(world: World, visitor: Visitor, asked: Request, recording_id: UUID) -> Response:
    """The button beside a recording."""
    if visitor is None:
        return sign_in_page()
    check_origin(asked)
    async with world.database.person(visitor) as connection:
        await request.request_stored(connection, visitor, recording_id, Options())
    return RedirectResponse("/", status.HTTP_303_SEE_OTHER)


@router.get("/connect/{provider}")
async def connect(world: World, visitor: Visitor, provider: str) -> Response:
    """The button that begins to connect: sends the browser to the provider."""
    if visitor is None:
        return sign_in_page()
    try:
        return await begin_in_browser(world, provider, visitor)
    except MomentumError as error:
        return failed_page(label_of(provider), error)


@router.post("/connect/{provider}/finish")
async def finish(
    world: World, visitor: Visitor, asked: Request, provider: str, state: Annotated[str, Form()], code: Annotated[str, Form()]
) -> Response:
    """The button of a person who came back in a browser that did not begin."""
    if visitor is None:
        return sign_in_page()
    check_origin(asked)
    try:
        await pipeline_connect.complete(world.connecting(provider), visitor, state=state, code=code, error=None)
    except MomentumError as error:
        return failed_page(label_of(provider), error)
    return completed_page(label_of(provider))


# --- sessions -------------------------------------------------------------------------------------


@router.get("/enter/{token}")
async def enter(world: World, token: str) -> Response:
    """A one-time link: makes a session."""
    now = world.clock()
    async with world.database.nobody() as connection:
        used = await sessions.use_link(connection, token, now)
    if used is None:
        return message_page(
            "This link is used up", "A sign-in link works once and for ten minutes. Ask Momentum for a new one.", status=410
        )
    user_id, next_path = used
    cookie = secrets.token_urlsafe(32)
    async with world.database.person(user_id) as connection:
        await sessions.create(connection, user_id=user_id, token=cookie, expires_at=now + SESSION_LIFETIME)
    answer = RedirectResponse(next_path, status.HTTP_303_SEE_OTHER)
    set_cookie(answer, SESSION_COOKIE, cookie, lifetime=SESSION_LIFETIME, secure=world.settings.base_url.startswith("https:"))
    return answer


@router.post("/leave")
async def leave(world: World, visitor: Visitor, asked: Request) -> Response:
    """End this session."""
    check_origin(asked)
    if visitor is not None:
        async with world.database.person(visitor) as connection:
            await sessions.end(connection, asked.cookies[SESSION_COOKIE])
    answer = RedirectResponse("/", status.HTTP_303_SEE_OTHER)
    answer.delete_cookie(SESSION_COOKIE)
    return answer
