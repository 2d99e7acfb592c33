"""The person themselves."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Query, Request, status

from momentum.pipeline import connect
from momentum.store import audit, profiles
from momentum.store.audit import Act
from momentum.web.api.models import AuditEntries, AuditEntry, Deleted, Me, Preferences
from momentum.web.api.processings import PageSize
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited, source_of

router = APIRouter(prefix="/api/me", tags=["me"])


@router.get("", responses=responses(401))
async def get_me(world: World, person: Asking) -> Me:
    """Who you are here."""
    async with world.database.person(person.user_id) as connection:
        profile = await profiles.get(connection, person.user_id)
    return Me.model_validate(profile)


@router.patch("", responses=responses(401, 403, 413), dependencies=[audited("person.prefer")])
async def change_me(world: World, person: Asking, wanted: Preferences) -> Me:
    """Say in which language your documents are written from now on."""
    async with world.database.person(person.user_id) as connection:
        await profiles.prefer(connection, person.user_id, output_language=wanted.output_language)
        return Me.model_validate(await profiles.get(connection, person.user_id))


@router.get("/audit", responses=responses(401), dependencies=[audited("audit.read")])
async def my_audit(
    world: World,
    person: Asking,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="`next_before` of the page before.")] = None,
    page_size: PageSize = 100,
) -> AuditEntries:
    """What was done here in your name, and with what is yours, newest first. Entries appear within a few seconds."""
    async with world.database.person(person.user_id) as connection:
        found = await audit.mine(connection, world.vault, person.user_id, before=before, size=page_size)
    entries = [AuditEntry.model_validate(entry) for entry in found]
    return AuditEntries(entries=entries, next_before=entries[-1].sequence if len(entries) == page_size else None)


@router.delete("", responses=responses(401, 403))
async def delete_me(world: World, person: Asking, asked: Request) -> Deleted:
    """Delete everything of yours, connections included; old tokens stay refused for good."""
    act = Act("person.delete", source=source_of(asked, world.settings.trusted_proxies))
    removed = await connect.delete_person(world, person.user_id, act)
    return Deleted(deleted=True, removed=dataclasses.asdict(removed))


@router.post("/sign-out", responses=responses(401, 403), status_code=status.HTTP_204_NO_CONTENT, dependencies=[audited("person.sign_out")])
async def sign_out(world: World, person: Asking) -> None:
    """Sign out everywhere: every session, and every token made before now."""
    async with world.database.person(person.user_id) as connection:
        await profiles.sign_out(connection, person.user_id, now=world.clock())
