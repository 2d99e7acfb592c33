"""One deliverable, to read, to write again and to keep as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from momentum.app import App
from momentum.pipeline import correct
from momentum.web.api import documents, versions
from momentum.web.door import World
from momentum.web.view import Acting, Reading, see_other
from momentum.web.witness import audited
from momentum.writers import render
from momentum.writers.exports import DELIVERABLE_FORMATS, FORMATS, TRANSCRIPT_FORMATS
from momentum.writers.exports.web_page import rendered

router = APIRouter(include_in_schema=False)


@router.get("/deliverables/{deliverable_id}", dependencies=[audited("deliverable.read", "deliverable")])
async def document(world: World, view: Reading, deliverable_id: UUID) -> Response:
    """One deliverable, to read."""
    found = (await correct.read_deliverable(world.database, view.person, deliverable_id)).shown
    body = Markup(rendered(render(found.deliverable, documents.meeting_of(found))))  # noqa: S704 -- rendered with raw HTML off
    offered: dict[str, Any] = {"formats": FORMATS, "exports": DELIVERABLE_FORMATS, "transcript_exports": TRANSCRIPT_FORMATS}
    missing = bool(found.deliverable.coverage.missing)
    return view.page("document.html", about=found.about, body=body, missing=missing, **offered)


@router.post("/deliverables/{deliverable_id}/again", dependencies=[audited("deliverable.again", "deliverable")])
async def write_again(world: World, view: Acting, deliverable_id: UUID) -> Response:
    """The button that makes a new version."""
    return await _new_version(world, view.person, deliverable_id, missing_only=False)


@router.post("/deliverables/{deliverable_id}/retry", dependencies=[audited("deliverable.retry", "deliverable")])
async def read_missing(world: World, view: Acting, deliverable_id: UUID) -> Response:
    """The button that reads what could not be read."""
    return await _new_version(world, view.person, deliverable_id, missing_only=True)


async def _new_version(world: App, user_id: UUID, deliverable_id: UUID, *, missing_only: bool) -> Response:
    await versions.new_version(world, user_id, deliverable_id, missing_only=missing_only)
    return see_other("/recordings")
