"""The person themselves."""

from __future__ import annotations

import dataclasses

from fastapi import APIRouter, status

from momentum.pipeline import connect
from momentum.store import profiles
from momentum.web.api.models import Deleted, Me
from momentum.web.door import Asking, World
from momentum.web.failures import responses

router = APIRouter(prefix="/api/me", tags=["me"])


@router.get("", responses=responses(401))
async def get_me(world: World, person: Asking) -> Me:
    """Who you are here."""
    async with world.database.person(person.user_id) as connection:
        profile = await profiles.get(connection, person.user_id)
    return Me.model_validate(profile)


@router.delete("", responses=responses(401, 403))
async def delete_me(world: World, person: Asking) -> Deleted:
    """Delete everything of yours, connections included; old tokens stay refused for good."""
    async with world.database.person(person.user_id) as connection:
        connections = (await profiles.summary(connection, person.user_id)).connections
    await connect.disconnect_all(world, person.user_id)
    async with world.database.person(person.user_id) as connection:
        removed = await profiles.delete(connection, person.user_id)
    return Deleted(deleted=True, removed=dataclasses.asdict(removed) | {"connections": connections})


@router.post("/sign-out", responses=responses(401, 403), status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(world: World, person: Asking) -> None:
    """Sign out everywhere: every session, and every token made before now."""
    async with world.database.person(person.user_id) as connection:
        await profiles.sign_out(connection, person.user_id, now=world.clock())
