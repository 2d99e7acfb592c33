"""Coming in and going out, and connecting with a browser: the pages that change who or what a browser is tied to."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from momentum.app import App
from momentum.errors import MomentumError
from momentum.logs import protect
from momentum.pipeline import connect as pipeline_connect
from momentum.store import sessions
from momentum.store.database import become
from momentum.web.api.connections import PROVIDERS, begin_in_browser, label_of
from momentum.web.door import SESSION_COOKIE, Person, World, check_origin, identify
from momentum.web.messages import completed_page, disconnect_page, disconnected_page, failed_page, message_page, set_cookie
from momentum.web.view import Acting, Anyone, Reading, see_other
from momentum.web.witness import audited, turned_out

router = APIRouter(include_in_schema=False)

SESSION_LIFETIME = timedelta(days=30)


@router.get("/enter/{token}", dependencies=[audited("session.begin")])
async def enter(world: World, view: Anyone, asked: Request, token: str) -> Response:
    """A one-time link: makes a session."""
    cookie = secrets.token_urlsafe(32)
    entered = await _entered(world, token, cookie)
    if entered is None:
        turned_out(asked, "not_authenticated")
        text = view._("A sign-in link works once and for ten minutes. To get a new one, run: momentum link")
        return message_page(view, view._("This link is used up"), text, status=410, code="not_authenticated")
    user_id, next_path = entered
    identify(asked, Person(user_id, by_cookie=True))
    answer = see_other(next_path)
    set_cookie(answer, SESSION_COOKIE, cookie, lifetime=SESSION_LIFETIME, secure=world.settings.base_url.startswith("https:"))
    return answer


async def _entered(world: App, token: str, cookie: str) -> tuple[UUID, str] | None:
    """(person, next path) of a link, now used up, and of the session it opened. One transaction: a failure leaves the link good."""
    now = world.clock()
    async with world.database.nobody() as connection:
        used = await sessions.use_link(connection, token, now)
        if used is not None:
            protect(token, passing=True)
            await become(connection, used[0])
            await sessions.create(connection, user_id=used[0], token=cookie, expires_at=now + SESSION_LIFETIME)
        return used


@router.post("/leave", dependencies=[audited("session.end")])
async def leave(world: World, view: Anyone, asked: Request) -> Response:
    """End this session."""
    check_origin(asked)
    if view.person is not None:
        async with world.database.person(view.person) as connection:
            await sessions.end(connection, asked.cookies[SESSION_COOKIE])
    answer = see_other("/")
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@router.get("/connect/{provider}", dependencies=[audited("connection.begin")])
async def connect(world: World, view: Reading, provider: str) -> Response:
    """The button that begins to connect: sends the browser to the provider."""
    return await begin_in_browser(world, provider, view.person)


@router.post("/connect/{provider}/finish", dependencies=[audited("connection.complete")])
async def finish(
    world: World, view: Acting, asked: Request, provider: str, state: Annotated[str, Form()], code: Annotated[str, Form()]
) -> Response:
    """The button of a person who came back in a browser that did not begin."""
    try:
        await pipeline_connect.complete(world.connecting(provider), view.person, state=state, code=code, error=None)
    except MomentumError as error:
        turned_out(asked, error.code)
        return failed_page(view, label_of(provider), error)
    return completed_page(view, label_of(provider))


@router.get("/disconnect/{provider}")
async def ask_to_disconnect(view: Reading, provider: str) -> Response:
    """Whether to keep what came from it."""
    return disconnect_page(view, provider, PROVIDERS.get(provider, provider))


@router.post("/disconnect/{provider}", dependencies=[audited("connection.end")])
async def disconnect(world: World, view: Acting, provider: str, delete_data: Annotated[bool, Form()] = False) -> Response:
    """The button on that page."""
    removed = await pipeline_connect.disconnect(world.connecting(provider), view.person, delete_data=delete_data)
    return disconnected_page(view, removed.detail)
