"""What can be measured of a meeting, and what differs between two versions of its documents."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from momentum.errors import Conflict, ErrorCode, NotFound
from momentum.pipeline.correct import read_deliverable
from momentum.store import transcripts
from momentum.web.api.analysis import analysed
from momentum.web.door import World
from momentum.web.view import Reading
from momentum.web.witness import audited
from momentum.writers.compare import compare

router = APIRouter(include_in_schema=False)


@router.get("/meetings/{recording_id}/analysis", dependencies=[audited("meeting.read", "recording")])
async def analysis(world: World, view: Reading, recording_id: UUID, transcript: UUID) -> Response:
    """Talk time, chapters and sentiment: pictures, and the figures in tables."""
    async with world.database.person(view.person) as connection:
        about = await transcripts.about(connection, transcript)
    if about.recording_id != recording_id:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such transcript.")
    found, topic = await analysed(world, view.person, transcript)
    return view.page("analysis.html", about=about, topic=topic, found=found)


@router.get("/deliverables/{deliverable_id}/changes", dependencies=[audited("deliverable.read", "deliverable")])
async def changes(world: World, view: Reading, deliverable_id: UUID) -> Response:
    """What differs from the version before."""
    after = (await read_deliverable(world.database, view.person, deliverable_id)).shown
    if after.about.supersedes is None:
        raise Conflict(ErrorCode.CONFLICT, "This is the first version.")
    before = (await read_deliverable(world.database, view.person, after.about.supersedes)).shown
    found = await asyncio.to_thread(compare, before.deliverable, after.deliverable)
    return view.page("changes.html", before=before.about, after=after.about, found=found)
