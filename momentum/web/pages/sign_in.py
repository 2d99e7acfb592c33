"""Signing in: the page that strangers see, and the way to the identity provider and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from fastapi.responses import RedirectResponse, Response

from momentum import metrics
from momentum.app import App
from momentum.errors import ErrorCode, MomentumError, NotFound
from momentum.store import profiles, sessions
from momentum.web.browsers import give_cookie, new_session, signed_in, take_cookie
from momentum.web.door import World, cookie_name
from momentum.web.messages import SIGN_IN, sign_in_page
from momentum.web.oidc import FLOW_LIFETIME, Flow, IdentityProvider, Returned, lost_state
from momentum.web.tokens import Identity
from momentum.web.view import LONGEST_PATH, Anyone, local_path, see_other
from momentum.web.witness import audited, turned_out

router = APIRouter(prefix=SIGN_IN, include_in_schema=False)

FLOW_COOKIE = "momentum_sign_in"
"""Binds a sign-in to the browser that began it, for ten minutes and one return."""

Next = Annotated[str, Query(alias="next", max_length=LONGEST_PATH)]
Told = Annotated[str | None, Query(max_length=4096)]


@router.get("")
async def sign_in(view: Anyone, asked: Request, next_path: Next = "/") -> Response:
    """How to come in."""
    if view.person is not None:
        return see_other(local_path(next_path))
    return sign_in_page(asked, view, status=200, next_path=local_path(next_path))


@router.get("/oidc")
async def begin(world: World, view: Anyone, asked: Request, next_path: Next = "/") -> Response:
    """The button: sends the browser to the identity provider."""
    flow = Flow.begin(local_path(next_path), world.clock())
    try:
        url = await _issuer(asked).authorize_url(flow)
    except MomentumError as error:
        return sign_in_page(asked, view, status=error.status, next_path=flow.next_path, problem=error)
    answer = RedirectResponse(url, status.HTTP_303_SEE_OTHER)
    give_cookie(answer, world.settings, FLOW_COOKIE, flow.cookie, lifetime=FLOW_LIFETIME)
    return answer


@router.get("/oidc/back", dependencies=[audited("session.begin")])
async def back(
    world: World, view: Anyone, asked: Request, state: Told = None, code: Told = None, error: Told = None, iss: Told = None
) -> Response:
    """Where the identity provider sends the browser back."""
    flow = Flow.read(asked.cookies.get(cookie_name(world.settings, FLOW_COOKIE)), world.clock())
    returned = Returned(state or "", code, error, iss)
    try:
        with metrics.outcome_of(metrics.SIGN_INS, "oidc"):
            answer = await _come_back(world, asked, flow, returned)
    except MomentumError as failure:
        turned_out(asked, failure.code)
        next_path = flow.next_path if flow else "/"
        answer = sign_in_page(asked, view, status=failure.status, next_path=local_path(next_path), problem=failure)
    if flow is not None and flow.began(returned.state):
        take_cookie(answer, world.settings, FLOW_COOKIE)
    return answer


async def _come_back(world: App, asked: Request, flow: Flow | None, returned: Returned) -> Response:
    if flow is None:
        raise lost_state()
    identity = await _issuer(asked).identity(flow, returned)
    return await _session_of(world, asked, identity, local_path(flow.next_path))


async def _session_of(world: App, asked: Request, identity: Identity, next_path: str) -> Response:
    named = {"issuer": identity.issuer, "subject": identity.subject, "email": identity.email, "name": identity.name}
    session = new_session(asked)
    async with world.database.nobody() as connection:
        profile = await profiles.resolve(connection, **named)  # type: ignore[arg-type] # issuer and subject are texts
        await sessions.begin(connection, profile.id, session)
    return signed_in(asked, see_other(next_path), profile.id, session)


def _issuer(asked: Request) -> IdentityProvider:
    issuer: IdentityProvider | None = asked.app.state.issuer
    if issuer is None:
        raise NotFound(ErrorCode.NOT_FOUND, "Nobody signs in here by an identity provider: the operator has to set OIDC_ISSUER.")
    return issuer
