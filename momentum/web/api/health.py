"""Whether the service lives, and whether it can work."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from momentum.errors import ErrorCode, MomentumError, Unavailable
from momentum.web.api.models import Health
from momentum.web.door import World
from momentum.web.failures import responses

router = APIRouter(tags=["health"])

PATIENCE_SECONDS = 3.0
"""Whoever balances load wants to know soon."""


@router.get("/healthz", responses=responses())
async def healthz() -> Health:
    """Whether this process answers at all."""
    return Health(status="ok")


@router.get("/readyz", responses=responses())
async def readyz(world: World) -> Health:
    """Whether it can work: 503 while the database is away."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await world.database.ping()
    except (MomentumError, TimeoutError):
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "The database does not answer.", after=5) from None
    return Health(status="ok", database=True)
