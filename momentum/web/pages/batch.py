"""Processing many recordings from their list: those that were ticked, or all that were found."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from momentum.app import App
from momentum.pipeline.batch import MOST, MOST_FOUND, Asked
from momentum.store import listing
from momentum.store.listing import Status, Wanted
from momentum.transcribers.openai_models import speech_model
from momentum.web.api.recordings import process_many
from momentum.web.door import World
from momentum.web.pages.filters import Looked, RecordingsForm
from momentum.web.view import Acting, Back, Reading, View, local_path, see_other

router = APIRouter(include_in_schema=False)


@router.post("/recordings/process")
async def process_ticked(
    world: World,
    view: Acting,
    asked: Request,
    recording: Annotated[list[UUID], Form(default_factory=list, max_length=MOST)],
    back: Back = "/recordings",
) -> Response:
    """The button below the list: those whose boxes are ticked."""
    return _told(local_path(back), await process_many(world, asked, view.person, recording) if recording else [])


@router.get("/recordings/found")
async def ask_for_found(world: World, view: Reading, looked: Looked) -> Response:
    """Says how many that would be, and how long, and asks once more."""
    async with world.database.person(view.person) as connection:
        total = await listing.total(connection, view.person, _not_processed(looked, view))
    return view.page("process_found.html", looked=looked, total=total, most=MOST_FOUND, usd=_price(world, total.minutes))


@router.post("/recordings/found")
async def process_found(world: World, view: Acting, asked: Request, looked: Looked) -> Response:
    """All that are found with these fields and not processed yet, the newest first."""
    async with world.database.person(view.person) as connection:
        found = await listing.ids(connection, view.person, _not_processed(looked, view), most=MOST_FOUND)
    return _told(looked.address(), await process_many(world, asked, view.person, found))


def _not_processed(looked: RecordingsForm, view: View) -> Wanted:
    return dataclasses.replace(looked.wanted(view.zone), status=Status.NEW)


def _price(world: App, minutes: int) -> float | None:
    """US dollars that the vendor's list asks for listening to so much; None where nothing is known of it, or it is done here."""
    each = speech_model(world.settings.speech_model).usd_per_minute if world.settings.engine == "openai" else None
    return None if each is None else each * minutes


def _told(path: str, asked: Sequence[Asked]) -> Response:
    accepted = sum(one.accepted for one in asked)
    gap = "&" if "?" in path else "?"
    return see_other(f"{path}{gap}asked={accepted}&refused={len(asked) - accepted}" if asked else path)
