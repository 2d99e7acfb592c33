"""Corrections: look at what one would change, make it, undo it, carry it over to other meetings."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from momentum.app import App
from momentum.corrections import Layer
from momentum.pipeline import correct, elsewhere
from momentum.pipeline.correct import Difference
from momentum.pipeline.elsewhere import Offer
from momentum.store import corrections, deliverables, transcripts
from momentum.web.api.correction_models import (
    AskedElsewhere,
    AskedOfDeliverable,
    AskedOfTranscript,
    Corrected,
    CorrectionItem,
    Corrections,
    DifferenceItem,
    OfferItem,
    Offers,
    correction_item,
    layer_of,
)
from momentum.web.api.documents import delivered
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited

router = APIRouter(prefix="/api", tags=["corrections"])

Preview = Annotated[bool, Query(description="Only tell what would change.")]
LOOKED: dict[int | str, dict[str, Any]] = {200: {"model": Corrected, "description": "What it would change; nothing was changed."}}


@router.post(
    "/transcripts/{transcript_id}/corrections",
    responses=responses(401, 403, 404, 409) | LOOKED,
    status_code=status.HTTP_201_CREATED,
    dependencies=[audited("transcript.correct", "transcript")],
)
async def correct_transcript(
    world: World, person: Asking, answer: Response, transcript_id: UUID, asked: AskedOfTranscript, preview: Preview = False
) -> Corrected:
    """Put right who said what, or what was said: transcript, documents, subtitles and exports follow. No model is asked."""
    return await _corrected(world, person.user_id, answer, transcript_id, layer_of(asked), preview=preview)


@router.post(
    "/deliverables/{deliverable_id}/corrections",
    responses=responses(401, 403, 404, 409) | LOOKED,
    status_code=status.HTTP_201_CREATED,
    dependencies=[audited("deliverable.correct", "deliverable")],
)
async def correct_deliverable(
    world: World, person: Asking, answer: Response, deliverable_id: UUID, asked: AskedOfDeliverable, preview: Preview = False
) -> Corrected:
    """Confirm, edit or reject a claim. What code found of it stays beside your word."""
    async with world.database.person(person.user_id) as connection:
        transcript_id = delivered(await deliverables.get(connection, deliverable_id)).about.transcript_id
    return await _corrected(world, person.user_id, answer, transcript_id, layer_of(asked), deliverable_id=deliverable_id, preview=preview)


@router.get(
    "/transcripts/{transcript_id}/corrections",
    responses=responses(401, 404),
    dependencies=[audited("transcript.read_corrections", "transcript")],
)
async def list_corrections(world: World, person: Asking, transcript_id: UUID) -> Corrections:
    """Every correction of a transcript and of the documents made from it, in the order in which they are laid."""
    async with world.database.person(person.user_id) as connection:
        await transcripts.about(connection, transcript_id)
        made = await corrections.of_transcript(connection, transcript_id)
    return Corrections(corrections=[correction_item(one) for one in made])


@router.delete(
    "/corrections/{correction_id}",
    responses=responses(401, 403, 404),
    dependencies=[audited("correction.withdraw", "correction")],
)
async def undo_correction(world: World, person: Asking, correction_id: UUID) -> CorrectionItem:
    """Take a correction away; those made after it stay. It is kept, marked as withdrawn."""
    async with world.database.person(person.user_id) as connection:
        return correction_item(await corrections.withdraw(connection, correction_id, now=world.clock()))


@router.get(
    "/corrections/{correction_id}/elsewhere",
    responses=responses(401, 404),
    response_model=Offers,
    dependencies=[audited("correction.offer", "correction")],
)
async def offer_correction(world: World, person: Asking, correction_id: UUID) -> Response:
    """Your other meetings in which the same name or term would change, and what would; looks into the newest 50 that may hold it.

    Numbered speakers ("Speaker 1") are offered nowhere: in each meeting they are somebody else.
    """
    found = await elsewhere.offers(world.database, person.user_id, correction_id)
    # A name changes every third segment of fifty meetings: megabytes, which nobody else is to wait for.
    return Response(await asyncio.to_thread(_told, found), media_type="application/json")


@router.post(
    "/corrections/{correction_id}/elsewhere",
    responses=responses(401, 403, 404, 409),
    status_code=status.HTTP_201_CREATED,
    dependencies=[audited("correction.carry_over", "correction")],
)
async def carry_over_correction(world: World, person: Asking, correction_id: UUID, asked: AskedElsewhere) -> Corrections:
    """Make the same correction in other meetings: in all that are named, or in none."""
    made = await elsewhere.carry_over(world.database, person.user_id, correction_id, asked.transcript_ids, now=world.clock())
    return Corrections(corrections=[correction_item(one) for one in made])


async def _corrected(
    world: App, user_id: UUID, answer: Response, transcript_id: UUID, layer: Layer, *, deliverable_id: UUID | None = None, preview: bool
) -> Corrected:
    of = (world.database, user_id, transcript_id, layer)
    if preview:
        answer.status_code = status.HTTP_200_OK
        differences = await correct.preview(*of, deliverable_id=deliverable_id)
        return Corrected(correction=None, differences=_items(differences))
    made, differences = await correct.correct(*of, deliverable_id=deliverable_id, now=world.clock())
    return Corrected(correction=correction_item(made), differences=_items(differences))


def _items(differences: Iterable[Difference]) -> list[DifferenceItem]:
    return [DifferenceItem(deliverable_id=d.deliverable_id, **dataclasses.asdict(d.change)) for d in differences]


def _told(found: elsewhere.Offers) -> str:
    return Offers(offers=[_offer(offer) for offer in found.offers], complete=found.complete).model_dump_json()


def _offer(offer: Offer) -> OfferItem:
    about = offer.transcript
    of = {"transcript_id": about.id, "recording_id": about.recording_id, "topic": about.topic, "recorded_at": about.recorded_at}
    return OfferItem(**of, differences=_items(offer.differences))
