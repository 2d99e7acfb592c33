"""Settings of a person: accounts, language, what is masked, voices. Others stand in modules of their own; all are listed on one page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import ValidationError

from momentum.errors import ErrorCode, Invalid
from momentum.languages import N_
from momentum.redaction import RECOGNISED, Redaction
from momentum.store import profiles, redactions, voices
from momentum.web.api.connections import PROVIDERS, connection_of
from momentum.web.api.models import Preferences
from momentum.web.api.privacy_models import RedactionChoice
from momentum.web.browsers import remember_language, remember_zone
from momentum.web.door import World
from momentum.web.pages import words
from momentum.web.view import Acting, Reading, see_other
from momentum.web.witness import audited

router = APIRouter(include_in_schema=False)

PLACES = (
    ("/settings/accounts", N_("Connected accounts"), N_("Whose recordings are found, and whether the connection works.")),
    ("/settings/access", N_("Sign-in and keys"), N_("The browsers you are signed in with, and API keys for your programs.")),
    ("/settings/documents", N_("Documents"), N_("What can be written, and kinds of document of your own.")),
    ("/settings/language", N_("Language and time"), N_("Of these pages, and of what is written.")),
    ("/settings/privacy", N_("Privacy"), N_("What is masked before a language model reads a meeting, and enrolled voices.")),
    ("/settings/models", N_("Models"), N_("Which ones listen and write, and until when.")),
    ("/settings/audit", N_("Audit trail"), N_("What was done in your name, and with what is yours.")),
    ("/settings/data", N_("Your data"), N_("What is kept of you; take it with you, or delete everything.")),
)
"""(path, name, what it is about)."""


@router.get("/settings")
async def overview(view: Reading) -> Response:
    """All settings by name."""
    return view.page("settings.html", settings=PLACES)


@router.get("/settings/accounts")
async def accounts(world: World, view: Reading) -> Response:
    """The person's connections."""
    found = [(name, await connection_of(world, name, view.person)) for name in world.providers]
    return view.page("settings_accounts.html", connections=found, labels=PROVIDERS)


# --- language and time ----------------------------------------------------------------------------


@router.get("/settings/language")
async def language(world: World, view: Reading) -> Response:
    """Forms for the pages' language, the time zone, and the language of documents."""
    async with world.database.person(view.person) as connection:
        profile = await profiles.get(connection, view.person)
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/")))
    return view.page("settings_language.html", profile=profile, zones=zones, zone=str(view.zone or ""))


@router.post("/settings/language", dependencies=[audited("person.prefer")])
async def choose(
    world: World,
    view: Acting,
    language: Annotated[str, Form(max_length=20)] = "",
    zone: Annotated[str, Form(max_length=60)] = "",
    output_language: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """The button under them. An empty time zone: that of each meeting."""
    try:
        wanted = Preferences(output_language=output_language.strip().lower() or None)
    except ValidationError:
        raise Invalid(ErrorCode.INVALID_REQUEST, "A language is named by its two or three letters: de, en, fr.") from None
    async with world.database.person(view.person) as connection:
        await profiles.prefer(connection, view.person, output_language=wanted.output_language)
    answer = see_other("/settings/language")
    remember_language(answer, world.settings, language)
    remember_zone(answer, world.settings, zone)
    return answer


# --- what is masked, and voices -------------------------------------------------------------------


@router.get("/settings/privacy")
async def privacy(world: World, view: Reading) -> Response:
    """What is masked, and whose voices are enrolled."""
    async with world.database.person(view.person) as connection:
        chosen = await redactions.get(connection, view.person)
        enrolled = await voices.mine(connection, view.person)
    always = Redaction.of(world.settings.redact, world.settings.redact_names)
    return view.page("settings_privacy.html", chosen=chosen, always=always, recognised=RECOGNISED, secrets=words.SECRETS, enrolled=enrolled)


@router.post("/settings/privacy", dependencies=[audited("person.redaction")])
async def mask(
    world: World,
    view: Acting,
    kinds: Annotated[list[str] | None, Form(max_length=10)] = None,
    names: Annotated[str, Form(max_length=60_000)] = "",
) -> Response:
    """The button under what is masked; a name a line."""
    lines = [" ".join(line.split()) for line in names.splitlines() if line.strip()]
    try:
        wanted = RedactionChoice.model_validate({"kinds": kinds or [], "names": lines})
    except ValidationError:
        raise Invalid(ErrorCode.INVALID_REQUEST, "A name to mask has 2 to 100 characters, and there are at most 500.") from None
    always = Redaction.of(world.settings.redact, [])
    async with world.database.person(view.person) as connection:
        # Boxes of what the operator masks are not sent: what the person chose of these stays chosen.
        chosen = await redactions.get(connection, view.person)
        unseen = [kind for kind in chosen.kinds if kind in always.kinds]
        await redactions.put(connection, view.person, Redaction.of([*wanted.kinds, *unseen], wanted.names))
    return see_other("/settings/privacy")


@router.post("/settings/voices/{voice_id}/delete", dependencies=[audited("voice.delete", "voice")])
async def forget_voice(world: World, view: Acting, voice_id: UUID) -> Response:
    """The button beside a voice."""
    async with world.database.person(view.person) as connection:
        await voices.delete(connection, voice_id)
    return see_other("/settings/privacy")
