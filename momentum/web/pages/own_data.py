"""Settings about what there is: models in force, the person's audit trail, what is kept of them, and deleting all of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from momentum.errors import ErrorCode, Invalid
from momentum.languages import N_
from momentum.outbound import openai_ends
from momentum.pipeline import connect
from momentum.store import audit, profiles
from momentum.store.audit import Act
from momentum.tools import SOON, models_in_force
from momentum.transcribers.openai_models import MODELS
from momentum.web.browsers import signed_out
from momentum.web.door import World
from momentum.web.messages import message_page
from momentum.web.pages.deeds import ACTIONS, page_of
from momentum.web.view import Acting, Reading, View
from momentum.web.witness import audited, source_of

router = APIRouter(include_in_schema=False)

ENTRIES = 50
WORD = N_("delete")
"""What somebody types who means it."""
COUNTED = {
    "connections": N_("Connected accounts"),
    "recordings": N_("Recordings"),
    "processings": N_("Processings"),
    "transcripts": N_("Transcripts"),
    "deliverables": N_("Documents"),
}
LISTS = (
    ("/api/me", N_("Who you are")),
    ("/api/recordings?page_size=300", N_("Recordings, 300 on a page")),
    ("/api/processings?page_size=300", N_("Processings, 300 on a page")),
    ("/api/deliverables?page_size=300", N_("Documents, 300 on a page")),
    ("/api/me/audit?page_size=300", N_("Your audit trail, 300 entries on a page")),
)
"""(address, what a program reads there)."""


@router.get("/settings/models")
async def models(world: World, view: Reading) -> Response:
    """Which models the operator chose, until when their vendors answer for them, and all ends that are known."""
    today = world.clock().date()
    listening = {name: model.ends for name, model in MODELS.items() if model.ends is not None}
    ends = sorted((openai_ends.ENDS | listening).items(), key=lambda one: (one[1], one[0]))
    shown: dict[str, Any] = {"today": today, "days": SOON.days, "ends": ends, "source": openai_ends.SOURCE}
    return view.page("settings_models.html", models=models_in_force(world.settings), **shown)


@router.get("/settings/audit", dependencies=[audited("audit.read")])
async def trail(world: World, view: Reading, before: Annotated[int | None, Query(ge=1, le=2**62)] = None) -> Response:
    """What was done in the person's name and with what is theirs, newest first."""
    async with world.database.person(view.person) as connection:
        found = await audit.mine(connection, world.vault, view.person, before=before, size=ENTRIES)
    older = found[-1].sequence if len(found) == ENTRIES else None
    return view.page("settings_audit.html", entries=found, older=older, before=before, actions=ACTIONS, page_of=page_of)


@router.get("/settings/data")
async def data(world: World, view: Reading) -> Response:
    """How much there is of the person, where to read all of it, and the form that deletes it."""
    async with world.database.person(view.person) as connection:
        profile = await profiles.get(connection, view.person)
        found = await profiles.summary(connection, view.person)
    return view.page("settings_data.html", profile=profile, found=found, counted=COUNTED, lists=LISTS, word=view._(WORD))


@router.post("/settings/data/delete")
async def delete_everything(world: World, view: Acting, asked: Request, word: Annotated[str, Form(max_length=100)] = "") -> Response:
    """The button under it. Afterwards nobody is signed in here."""
    if word.strip().casefold() != view._(WORD).casefold():
        sentence = view._("Nothing was deleted: to delete everything, type the word %(word)s.", word=view._(WORD))
        raise Invalid(ErrorCode.INVALID_REQUEST, sentence)
    act = Act("person.delete", source=source_of(asked, world.settings.trusted_proxies))
    await connect.delete_person(world, view.person, act)
    stranger = View(view.language, view.locale, view.zone, view.now, view.here)
    answer = message_page(
        stranger, view._("Everything is deleted"), view._("Nothing of yours is left here. Old links and tokens stay void.")
    )
    return signed_out(asked, answer)
