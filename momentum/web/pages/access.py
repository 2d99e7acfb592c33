"""How somebody comes in: the browsers they are signed in with, and their API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from momentum.app import App
from momentum.languages import N_
from momentum.store import api_keys, profiles, sessions
from momentum.store.api_keys import NewKey, Scope
from momentum.web.api.keys import KeyName, make_key
from momentum.web.browsers import signed_out
from momentum.web.door import Person, World, session_cookie
from momentum.web.messages import SIGN_IN
from momentum.web.view import Acting, Reading, SignedIn, see_other
from momentum.web.witness import about, audited

HERE = "/settings/access"
router = APIRouter(prefix=HERE, include_in_schema=False)

SCOPES = {
    Scope.READ: N_("Read everything of yours; every key may"),
    Scope.WRITE: N_("Process, correct and write: whatever changes recordings and documents"),
    Scope.ACCOUNT: N_("Connect and disconnect, change your settings, delete everything of yours, make and revoke keys"),
}
LIFETIMES = {"30": N_("30 days"), "90": N_("90 days"), "365": N_("One year"), "never": N_("No end, until you revoke it")}
Lasts = Literal["30", "90", "365", "never"]


@router.get("")
async def access(world: World, view: Reading, asked: Request) -> Response:
    """Everything that opens what is theirs."""
    return await _page(world, view, asked)


@router.post("", dependencies=[audited("key.create")])
async def create_key(
    world: World,
    view: Acting,
    asked: Request,
    name: Annotated[KeyName, Form()],
    scopes: Annotated[tuple[Scope, ...], Form()] = (),
    lasts: Annotated[Lasts, Form()] = "90",
) -> Response:
    """The form that makes a key, which the answer shows, this once."""
    expires_at = None if lasts == "never" else world.clock() + timedelta(days=int(lasts))
    key, kept = await make_key(world, Person(view.person, by_cookie=True), name, list(scopes), expires_at)
    about(asked, "key", kept.id)
    return await _page(world, view, asked, made=key)


@router.post("/keys/{key_id}/revoke", dependencies=[audited("key.revoke", "key")])
async def revoke_key(world: World, view: Acting, key_id: UUID) -> Response:
    """The button beside a key."""
    async with world.database.person(view.person) as connection:
        await api_keys.revoke(connection, key_id, now=world.clock())
    return see_other(f"{HERE}#keys")


@router.post("/sessions/{session_id}/end", dependencies=[audited("session.end", "session")])
async def end_session(world: World, view: Acting, session_id: UUID) -> Response:
    """The button beside a browser. Of the one in use there is "Sign out" on every page."""
    async with world.database.person(view.person) as connection:
        await sessions.end_one(connection, session_id)
    return see_other(HERE)


@router.post("/sign-out", dependencies=[audited("person.sign_out")])
async def sign_out_everywhere(world: World, view: Acting, asked: Request) -> Response:
    """The button that ends every session, and every token but the keys."""
    async with world.database.person(view.person) as connection:
        await profiles.sign_out(connection, view.person, now=world.clock())
    return signed_out(asked, see_other(SIGN_IN))


async def _page(world: App, view: SignedIn, asked: Request, made: NewKey | None = None) -> Response:
    now = world.clock()
    async with world.database.person(view.person) as connection:
        keys = await api_keys.listed(connection, view.person)
        browsers = await sessions.listed(connection, view.person, now=now, token=session_cookie(asked))
    return view.page("access.html", keys=keys, sessions=browsers, made=made, now=now, scopes=SCOPES, lifetimes=LIFETIMES)
