"""The list of recordings of all providers, and processing many of them at once."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, status

from momentum.app import App
from momentum.pipeline import batch
from momentum.store import listing
from momentum.store.listing import Has, Status, Wanted
from momentum.web.api.connections import options_of
from momentum.web.api.listing import DAY, day, days_between
from momentum.web.api.models import Wishes
from momentum.web.api.processings import PageSize, PageToken
from momentum.web.api.recording_models import AskedItem, AskedItems, ProcessRequest, RecordingItem, Recordings
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import source_of

router = APIRouter(prefix="/api/recordings", tags=["recordings"])

Words = Annotated[str, Query(max_length=200, description="Each stands in the topic or in the host's address.")]
Who = Annotated[str, Query(max_length=200, description="In the host's address, or in the name of somebody who took part or spoke.")]


@router.get("", responses=responses(401))
async def list_recordings(
    world: World,
    person: Asking,
    words: Words = "",
    from_: Annotated[str | None, Query(alias="from", max_length=40, description="First UTC day.", json_schema_extra=DAY)] = None,
    to: Annotated[str | None, Query(max_length=40, description="Last UTC day.", json_schema_extra=DAY)] = None,
    status: Annotated[Status | None, Query(description="Where it stands, by its newest processing.")] = None,
    who: Who = "",
    has: Annotated[Has | None, Query(description="Which transcript there is.")] = None,
    page_size: PageSize = 30,
    page_token: PageToken = None,
) -> Recordings:
    """Your recordings of all providers, as Momentum knows them, newest first; the provider is not asked."""
    since, until = days_between(day("from", from_), day("to", to), UTC)
    wanted = Wanted(words=words, since=since, until=until, status=status, who=who, has=has)
    async with world.database.person(person.user_id) as connection:
        page = await listing.page(connection, person.user_id, wanted, size=page_size, after=page_token)
    return Recordings(recordings=[RecordingItem.model_validate(row) for row in page.rows], next_page_token=page.next_token)


@router.post("/process", responses=responses(401, 403, 413), status_code=status.HTTP_202_ACCEPTED)
async def process_recordings(world: World, person: Asking, asked: Request, wanted: ProcessRequest) -> AskedItems:
    """Process many: each is accepted or refused for itself. The same request is the same processings; what failed is tried again."""
    found = await process_many(world, asked, person.user_id, wanted.recording_ids, wanted.options)
    return AskedItems(recordings=[AskedItem.model_validate(one) for one in found])


async def process_many(
    world: App, asked: Request, user_id: UUID, recording_ids: list[UUID], wishes: Wishes | None = None
) -> list[batch.Asked]:
    """On behalf of a person, whose trail tells of each."""
    options = options_of(wishes or Wishes(), world)
    source = source_of(asked, world.settings.trusted_proxies)
    return await batch.request_many(world.database, world.vault, user_id, recording_ids, options, source=source, now=world.clock())
