"""The first steps: the Zoom app, the connection, the first recording; or all of it with a local Zoom, to try."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from momentum.app import App
from momentum.providers.zoom.facts import NAME, NEEDS
from momentum.store import deliverables, processings, recordings, steps
from momentum.store.deliverables import DeliverableSummary
from momentum.store.processings import Processing
from momentum.store.recordings import StoredRecording
from momentum.web import trying
from momentum.web.api.connections import PROVIDERS, connection_of
from momentum.web.api.documents import retitled
from momentum.web.api.looking import LATELY, look_lately
from momentum.web.door import World
from momentum.web.events import Events, streamed
from momentum.web.pages.processings import ROW
from momentum.web.trying import TheTrying
from momentum.web.view import Acting, Reading, see_other
from momentum.web.witness import audited

router = APIRouter(include_in_schema=False)

HERE = "/start"
VENDOR = "https://marketplace.zoom.us/develop/create"
"""Where the app is made: https://developers.zoom.us/docs/integrations/create/."""


@dataclass(frozen=True, slots=True)
class First:
    """How far somebody is with their first recording: the newest of what there is."""

    document: DeliverableSummary | None
    processing: Processing | None
    recording: StoredRecording | None
    paces: dict[str, float]


@router.get("/start")
async def start(world: World, view: Reading) -> Response:
    """Three steps, each with what is to do."""
    trial = await trying.standing(world, view.person)
    connection = await connection_of(world, NAME, view.person) if NAME in world.providers else None
    connected = connection is not None and connection.connected
    notice = await _first_look(world, view.person) if connected else None
    first = await _first(world, view.person)
    app_url = f"{world.settings.base_url}/api/{NAME}/auth"
    app: dict[str, Any] = {
        "configured": world.settings.zoom_configured,
        "redirect_url": world.settings.zoom_redirect_uri if world.settings.zoom_configured else app_url,
        "tell_redirect": app_url != world.settings.zoom_redirect_uri,
        "needs": NEEDS,
        "vendor": VENDOR,
    }
    shown: dict[str, Any] = {"trial": trial, "connection": connection, "connected": connected, "notice": notice, "first": first}
    return view.page("start.html", name=PROVIDERS[NAME], provider=NAME, app=app, **shown, **ROW)


@router.get("/start/events")
async def watch(world: World, view: Reading, asked: Request) -> StreamingResponse:
    """Server-sent events: one whenever a connection or a processing of the person's has changed."""
    return streamed(asked, view.person, _changes(world, view.person))


@router.post("/start/sandbox", dependencies=[audited("sandbox.begin")])
async def begin_trial(world: World, view: Acting, tried: TheTrying) -> Response:
    """The button that runs a local Zoom, and leads to its consent page."""
    await trying.begin(world, tried, view.person)
    # Not a redirect: browsers hold those after a form to form-action, and the consent page stands at another address.
    return view.page("sandbox.html", onwards=f"/connect/{NAME}")


@router.post("/start/sandbox/remove", dependencies=[audited("sandbox.remove")])
async def remove_trial(world: World, view: Acting, tried: TheTrying) -> Response:
    """The button that removes what came from it."""
    await trying.remove(world, tried, view.person)
    return see_other(HERE)


async def _changes(world: App, user_id: UUID) -> Events:
    async with world.database.listen("connection", "processing") as notices:
        async for notice in notices:
            if notice.payload.rpartition(" ")[2] in {str(user_id), ""}:
                yield None, json.dumps({"changed": notice.channel})


async def _first_look(world: App, user_id: UUID) -> str | None:
    """Ask for recordings where that was never done; gives in a sentence what went wrong."""
    async with world.database.person(user_id) as connection:
        known = await recordings.last_discovery(connection, user_id, NAME) is not None
    return None if known else await look_lately(world, NAME, user_id)


async def _first(world: App, user_id: UUID) -> First:
    today = world.clock().date()
    async with world.database.person(user_id) as connection:
        written = await deliverables.page(connection, user_id, size=1, newest=True)
        documents = await retitled(connection, written.rows)
        works = await processings.page(connection, user_id, size=1)
        recorded = await recordings.page(connection, user_id, NAME, since=today - LATELY, until=today + timedelta(days=1), size=1)
        paces = await steps.paces(connection, user_id)
    return First(next(iter(documents), None), next(iter(works.rows), None), next(iter(recorded.rows), None), paces)
