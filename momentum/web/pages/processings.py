"""What is in the works: stop it, try it again."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from momentum.store import processings
from momentum.web.door import World
from momentum.web.view import Acting, see_other
from momentum.web.witness import audited

router = APIRouter(include_in_schema=False)


@router.post("/processings/{processing_id}/cancel", dependencies=[audited("processing.cancel", "processing")])
async def cancel(world: World, view: Acting, processing_id: UUID) -> Response:
    """The button that stops it."""
    async with world.database.person(view.person) as connection:
        await processings.request_cancel(connection, processing_id, now=world.clock())
    return see_other("/recordings")


@router.post("/processings/{processing_id}/retry", dependencies=[audited("processing.retry", "processing")])
async def retry(world: World, view: Acting, processing_id: UUID) -> Response:
    """The button that tries again."""
    async with world.database.person(view.person) as connection:
        await processings.retry(connection, processing_id, now=world.clock())
    return see_other("/recordings")
