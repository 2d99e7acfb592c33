"""The list of recordings: found, looked for at the provider, processed one by one."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response

from momentum.app import App
from momentum.pipeline import batch
from momentum.store import listing, recordings
from momentum.store.listing import Status
from momentum.web.api.connections import PROVIDERS, connection_of, default_options
from momentum.web.api.looking import look_lately
from momentum.web.api.models import Connection
from momentum.web.door import World
from momentum.web.messages import message_page
from momentum.web.pages import words
from momentum.web.pages.filters import STATUSES, TRANSCRIPTS, Looked
from momentum.web.view import Acting, Back, Reading, local_path, see_other
from momentum.web.witness import audited
from momentum.writers import LABELS

router = APIRouter(include_in_schema=False)

ROWS = 30
WORDS: dict[str, Any] = {
    "states": words.STATES,
    "steps": words.STEPS,
    "kinds": LABELS,
    "retryable": words.RETRYABLE,
    "labels": PROVIDERS,
    "statuses": STATUSES,
    "transcripts": TRANSCRIPTS,
    "most": batch.MOST,
}

Token = Annotated[str | None, Query(max_length=500)]
Count = Annotated[int, Query(ge=0, le=10_000)]


@router.get("/recordings")
async def show_list(
    world: World, view: Reading, looked: Looked, after: Token = None, before: Token = None, asked: Count = 0, refused: Count = 0
) -> Response:
    """The list, in a fixed number of queries. `asked` and `refused`: what became of the form that led here."""
    wanted = looked.wanted(view.zone)
    connections = [(name, await connection_of(world, name, view.person)) for name in world.providers]
    notices = await _first_look(world, view.person, connections)
    async with world.database.person(view.person) as connection:
        page = await listing.page(connection, view.person, wanted, size=ROWS, after=after, before=before)
    shown: dict[str, Any] = {
        "rows": page.rows,
        "newer": page.former_token and looked.address(before=page.former_token),
        "older": page.next_token and looked.address(after=page.next_token),
        "first_page": not (after or before),
        "here": looked.address(after=after or "", before=before or ""),
        "sandbox": world.trial is not None and world.trial.is_allowed,
        "busy": any(row.status is Status.WORKING for row in page.rows),
    }
    told: dict[str, Any] = {"connections": connections, "notices": notices, "asked": asked, "refused": refused}
    return view.page("recordings.html", looked=looked, **shown, **told, **WORDS)


async def _first_look(world: App, user_id: UUID, connections: list[tuple[str, Connection]]) -> list[str]:
    """Ask a provider that was connected but never asked before, so that the first page is not empty; what went wrong, in sentences."""
    notices = []
    for name in (name for name, found in connections if found.connected):
        async with world.database.person(user_id) as connection:
            known = await recordings.last_discovery(connection, user_id, name)
        if known is None:
            notices.append(await look_lately(world, name, user_id))
    return [notice for notice in notices if notice]


@router.post("/recordings/look")
async def look_again(world: World, view: Acting, back: Back = "/recordings") -> Response:
    """The button that asks every provider for new recordings; why one could not be asked is told on a page of its own."""
    notices = [notice for name in world.providers if (notice := await look_lately(world, name, view.person))]
    if not notices:
        return see_other(local_path(back))
    told = " ".join(view.said(notice) for notice in notices)
    return message_page(view, view._("Not right now"), told, link={"href": local_path(back), "label": view._("Back")})


@router.post("/recordings/{recording_id}/process", dependencies=[audited("processing.ask", "recording")])
async def process_recording(
    world: World, view: Acting, recording_id: UUID, back: Back = "/recordings", document: Annotated[str | None, Form(max_length=100)] = None
) -> Response:
    """The button beside a recording; with `document`, the one of its meeting's page that has another kind of document written."""
    options = default_options(world, *([document] if document else []))
    async with world.database.person(view.person) as connection:
        made, _ = await batch.request_one(connection, view.person, recording_id, options, now=world.clock())
    return see_other(f"/processings/{made.id}" if document else local_path(back))
