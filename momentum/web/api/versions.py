"""Versions of a deliverable: the list, a new one, the parts that are missing, and what differs."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from momentum.app import App
from momentum.errors import Conflict, ErrorCode
from momentum.pipeline import request
from momentum.pipeline.correct import read_deliverable
from momentum.store import deliverables
from momentum.web.api.document_models import DeliverableSummary, Difference
from momentum.web.api.documents import delivered, retitled
from momentum.web.api.models import Accepted
from momentum.web.api.version_models import AgainRequest, Versions
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited
from momentum.writers.compare import compare

router = APIRouter(prefix="/api/deliverables/{deliverable_id}", tags=["documents"])

MOST = 300
"""Versions that are listed."""


@router.get("/versions", responses=responses(401, 404))
async def list_versions(world: World, person: Asking, deliverable_id: UUID) -> Versions:
    """All versions of this document, newest first."""
    async with world.database.person(person.user_id) as connection:
        found = delivered(await deliverables.get(connection, deliverable_id))
        page = await deliverables.page(connection, person.user_id, size=MOST, series=found.about.series)
        rows = await retitled(connection, page.rows)
    return Versions(versions=[DeliverableSummary.model_validate(row) for row in rows])


@router.post(
    "/again",
    responses=responses(401, 403, 404, 409, 413),
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[audited("deliverable.again", "deliverable")],
)
async def write_again(world: World, person: Asking, deliverable_id: UUID, wanted: AgainRequest | None = None) -> Accepted:
    """Write it anew from the same transcript, as a new version; this one stays as it is. Nothing is fetched or heard again."""
    language = wanted.output_language if wanted else None
    return await new_version(world, person.user_id, deliverable_id, missing_only=False, language=language)


@router.post(
    "/retry",
    responses=responses(401, 403, 404, 409),
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[audited("deliverable.retry", "deliverable")],
)
async def read_missing(world: World, person: Asking, deliverable_id: UUID) -> Accepted:
    """Read the parts that could not be read, and no others; a new version has them beside what this one has."""
    return await new_version(world, person.user_id, deliverable_id, missing_only=True)


@router.get("/diff", responses=responses(401, 404, 409), dependencies=[audited("deliverable.read", "deliverable")])
async def difference(
    world: World,
    person: Asking,
    deliverable_id: UUID,
    against: Annotated[UUID | None, Query(description="The one to compare with; by default the version before.")] = None,
) -> Difference:
    """What differs from an earlier version, both under your corrections: claims that came, went or changed, the summary as a diff."""
    after = (await read_deliverable(world.database, person.user_id, deliverable_id)).shown
    earlier = against or after.about.supersedes
    if earlier is None:
        raise Conflict(ErrorCode.CONFLICT, "This is the first version. Name one to compare it with.")
    before = (await read_deliverable(world.database, person.user_id, earlier)).shown
    if before.about.recording_id != after.about.recording_id:
        raise Conflict(ErrorCode.CONFLICT, "These two are about different recordings.")
    names = (f"version {before.about.version}", f"version {after.about.version}")
    found = await asyncio.to_thread(compare, before.deliverable, after.deliverable, names=names)
    return Difference.model_validate({"before": before.about, "after": after.about} | {n: getattr(found, n) for n in found.__slots__})


async def new_version(world: App, user_id: UUID, deliverable_id: UUID, *, missing_only: bool, language: str | None = None) -> Accepted:
    """Ask for a new version. Raises NotFound, Conflict."""
    async with world.database.person(user_id) as connection:
        found = delivered(await deliverables.get(connection, deliverable_id))
        processing, created = await request.request_version(
            connection, user_id, found, missing_only=missing_only, language=language, nonce=secrets.token_hex(8)
        )
    url = f"{world.settings.base_url}/api/processings/{processing.id}"
    return Accepted(processing_id=processing.id, status_url=url, events_url=f"{url}/events", created=created)
