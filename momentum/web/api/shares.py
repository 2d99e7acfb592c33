"""Links that show one document to whoever has them: made, listed, revoked by its person."""

from __future__ import annotations

import dataclasses
from uuid import UUID

from fastapi import APIRouter, Request, status

from momentum.pipeline import share
from momentum.store import deliverables, shares
from momentum.web.api.documents import delivered
from momentum.web.api.share_models import MadeShare, ShareItem, ShareRequest, Shares
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import about, audited

router = APIRouter(prefix="/api", tags=["shares"])


@router.post(
    "/deliverables/{deliverable_id}/shares",
    responses=responses(401, 403, 404, 409, 413),
    status_code=status.HTTP_201_CREATED,
    dependencies=[audited("share.create", "deliverable")],
)
async def share_deliverable(
    world: World, person: Asking, asked: Request, deliverable_id: UUID, wanted: ShareRequest | None = None
) -> MadeShare:
    """Make a link that shows this version, under your corrections, to whoever has it: until it expires, or you revoke it."""
    made, url = await share.make(world, person.user_id, deliverable_id, days=(wanted or ShareRequest()).days)
    about(asked, "share", made.id)
    return MadeShare.model_validate(dataclasses.asdict(made) | {"url": url})


@router.get("/deliverables/{deliverable_id}/shares", responses=responses(401, 403, 404))
async def list_shares(world: World, person: Asking, deliverable_id: UUID) -> Shares:
    """The links to this version."""
    share.check_allowed(world.settings)
    async with world.database.person(person.user_id) as connection:
        delivered(await deliverables.get(connection, deliverable_id))
        found = await shares.listed(connection, deliverable_id)
    return Shares(shares=[ShareItem.model_validate(one) for one in found])


@router.delete(
    "/shares/{share_id}",
    responses=responses(401, 403, 404),
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[audited("share.revoke", "share")],
)
async def revoke_share(world: World, person: Asking, share_id: UUID) -> None:
    """End a link. Where sharing is switched off none shows anything, and it can still be ended."""
    async with world.database.person(person.user_id) as connection:
        await shares.revoke(connection, share_id, now=world.clock())
