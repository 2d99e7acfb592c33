"""The person themselves, and whether the service lives."""

from __future__ import annotations

import dataclasses

from fastapi import APIRouter

from momentum.errors import ErrorCode, MomentumError, Unavailable
from momentum.pipeline import connect
from momentum.store import profiles
from momentum.web.api.models import Deleted, Health, Me
from momentum.web.door import Asking, World
from momentum.web.failures import responses

router = APIRouter(tags=["me"])


@router.get("/api/me", responses=responses(401))
async def get_me(world: World, person: Asking) -> Me:
    """Who you are here."""
    async with world.database.person(person.user_id) as connection:
        profile = await profiles.get(connection, person.user_id)
    return Me.model_validate(profile)


@router.delete("/api/me", responses=responses(401, 403))
async def delete_me(world: World, person: Asking) -> Deleted:
    """Delete everything of yours, connections included; old tokens stay refused for good."""
    await connect.disconnect_all(world, person.user_id)
    async with world.database.person(person.user_id) as connection:
        removed = await profiles.delete(connection, person.user_id)
    return Deleted(deleted=True, removed=dataclasses.asdict(removed))


@router.get("/healthz", responses=responses())
async def healthz() -> Health:
    """Whether this process answers at all."""
    return Health(status="ok")


@router.get("/readyz", responses=responses())
async def readyz(world: World) -> Health:
    """Whether it can work: 503 while the database is away."""
    try:
        await world.database.ping()
    except MomentumError:
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "The database does not answer.", after=5) from None
    return Health(status="ok", database=True)
