"""What is in the works: one processing step by step, as it goes on; stop it, try it again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from momentum.model import ProcessingState
from momentum.store import deliverables, processings, steps
from momentum.web import progress
from momentum.web.api.connections import PROVIDERS
from momentum.web.api.documents import retitled
from momentum.web.api.processings import MOST_DELIVERABLES
from momentum.web.door import World
from momentum.web.pages import words
from momentum.web.pages.advice import CONNECTION, advice
from momentum.web.view import Acting, Back, Reading, local_path, see_other
from momentum.web.witness import audited
from momentum.writers import LABELS

router = APIRouter(include_in_schema=False)

STOPPED = frozenset({ProcessingState.FAILED, ProcessingState.ACTION_REQUIRED})
ROW: dict[str, Any] = {
    "states": words.STATES,
    "steps": words.STEPS,
    "retryable": words.RETRYABLE,
    "overall": progress.overall,
    "left": progress.left,
}
"""What processing_row.html needs beside `p`, a processing, and `paces` of its person (`store.steps.paces`)."""


@router.get("/processings/{processing_id}")
async def one(world: World, view: Reading, processing_id: UUID) -> Response:
    """One processing: its steps, what is left, why it stands still, what came of it."""
    async with world.database.person(view.person) as connection:
        found = await processings.get(connection, processing_id)
        paces = await steps.paces(connection, view.person)
        made = await deliverables.page(connection, view.person, size=MOST_DELIVERABLES, processing_id=processing_id)
        documents = await retitled(connection, made.rows)
    shown: dict[str, Any] = {
        "p": found,
        "lines": progress.steps(found),
        "whole": progress.overall(found, paces),
        "remaining": progress.left(found, paces, view.now),
        "documents": documents,
        "advice": advice(found.error_code) if found.state in STOPPED else None,
        "reconnect": found.state is ProcessingState.ACTION_REQUIRED and found.error_code in CONNECTION,
        "provider": PROVIDERS.get(found.provider, found.provider),
    }
    named: dict[str, Any] = {"states": words.STATES, "titles": words.STEP_TITLES, "remarks": words.REMARKS, "kinds": LABELS}
    return view.page("processing.html", **shown, **named, retryable=words.RETRYABLE)


@router.post("/processings/{processing_id}/cancel", dependencies=[audited("processing.cancel", "processing")])
async def cancel(world: World, view: Acting, processing_id: UUID, back: Back = "/recordings") -> Response:
    """The button that stops it."""
    async with world.database.person(view.person) as connection:
        await processings.request_cancel(connection, processing_id, now=world.clock())
    return see_other(local_path(back))


@router.post("/processings/{processing_id}/retry", dependencies=[audited("processing.retry", "processing")])
async def retry(world: World, view: Acting, processing_id: UUID, back: Back = "/recordings") -> Response:
    """The button that tries again."""
    async with world.database.person(view.person) as connection:
        await processings.retry(connection, processing_id, now=world.clock())
    return see_other(local_path(back))
