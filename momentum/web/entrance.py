"""Coming in and going out, and connecting with a browser: the pages that change who or what a browser is tied to."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from momentum import metrics
from momentum.app import App
from momentum.errors import MomentumError
from momentum.logs import protect
from momentum.pipeline import connect as pipeline_connect
from momentum.store import sessions
from momentum.store.sessions import NewSession
from momentum.web.api.connections import begin_in_browser, label_of
from momentum.web.browsers import new_session, opened_by_hand, signed_in, signed_out
from momentum.web.door import World, session_cookie
from momentum.web.messages import completed_page, disconnect_page, disconnected_page, failed_page, message_page
from momentum.web.view import SENT_BY_US, Acting, Anyone, Reading, View, local_path, see_other
from momentum.web.witness import audited, turned_out

router = APIRouter(include_in_schema=False)


@router.get("/enter/{token}", dependencies=[audited("session.begin")])
async def enter(world: World, view: Anyone, asked: Request, token: str) -> Response:
    """A one-time link: signs in whoever opened it themselves, and asks everybody else to press a button.

    Whatever looks at links before people do (previews, mail scanners, prefetching browsers) presses none, so it uses none up; nor
    can another site's page sign anybody in with a link of its own.
    """
    if not opened_by_hand(asked):
        turned_out(asked, "asked")
        return view.page("enter.html")
    return await _enter(world, view, asked, token)


@router.post("/enter/{token}", dependencies=[audited("session.begin"), SENT_BY_US])
async def enter_by_button(world: World, view: Anyone, asked: Request, token: str) -> Response:
    """The button on that page."""
    return await _enter(world, view, asked, token)


async def _enter(world: App, view: View, asked: Request, token: str) -> Response:
    session = new_session(asked)
    entered = await _entered(world, token, session)
    if entered is None:
        turned_out(asked, "not_authenticated")
        metrics.SIGN_INS.labels("link", "not_authenticated").inc()
        text = view._("A sign-in link works once and for ten minutes. To get a new one, run: momentum link")
        return message_page(view, view._("This link is used up"), text, status=410, code="not_authenticated")
    user_id, next_path = entered
    metrics.SIGN_INS.labels("link", metrics.OK).inc()
    return signed_in(asked, see_other(local_path(next_path)), user_id, session)


async def _entered(world: App, token: str, session: NewSession) -> tuple[UUID, str] | None:
    """(person, next path) of a link, now used up, and of the session it opened. One transaction: a failure leaves the link good."""
    async with world.database.nobody() as connection:
        used = await sessions.use_link(connection, token, session.now)
        if used is not None:
            protect(token, passing=True)
            await sessions.begin(connection, used[0], session)
        return used


@router.post("/leave", dependencies=[audited("session.end"), SENT_BY_US])
async def leave(world: World, view: Anyone, asked: Request) -> Response:
    """End this session."""
    if view.person is not None:
        async with world.database.person(view.person) as connection:
            await sessions.end(connection, session_cookie(asked) or "")
    return signed_out(asked, see_other("/"))


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
async def ask_to_disconnect(world: World, view: Reading, provider: str) -> Response:
    """Whether to keep what came from it. Raises NotFound for a provider that is not set up."""
    return disconnect_page(view, provider, world.provider(provider).label)


@router.post("/disconnect/{provider}", dependencies=[audited("connection.end")])
async def disconnect(world: World, view: Acting, provider: str, delete_data: Annotated[bool, Form()] = False) -> Response:
    """The button on that page."""
    removed = await pipeline_connect.disconnect(world.connecting(provider), view.person, delete_data=delete_data)
    return disconnected_page(view, removed.detail)
