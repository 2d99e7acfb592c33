"""Whether the service lives, and whether it can work."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from momentum.app import App
from momentum.errors import ErrorCode, Unavailable
from momentum.web.api.models import Health
from momentum.web.door import World
from momentum.web.failures import responses

router = APIRouter(tags=["health"])

PATIENCE_SECONDS = 3.0
"""Whoever balances load wants to know soon."""


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", responses=responses())
async def healthz() -> Health:
    """Whether this process answers at all."""
    return Health(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses=responses())
async def readyz(world: World) -> Health:
    """Whether it can work: 503 while the database is away or has no room."""
    if fault := await _fault(world):
        raise fault
    return Health(status="ok", database=True)


async def _fault(world: App) -> Unavailable | None:
    # Not awaited once it is late: giving a connection back takes as long as the server stays silent.
    ping = asyncio.ensure_future(world.database.ping())
    ping.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait([ping], timeout=PATIENCE_SECONDS)
    away = Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "The database does not answer.", after=5)
    if not ping.done():
        ping.cancel()
        return away
    failure = ping.exception()
    if isinstance(failure, Unavailable) and failure.code is ErrorCode.DISK_FULL:
        return failure
    return away if failure else None
