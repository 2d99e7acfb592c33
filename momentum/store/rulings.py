"""What a person said of the claims of one version, in the next: where a claim comes out the same, their word stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.corrections import ClaimLayer
from momentum.model import Claim
from momentum.store import corrections, deliverables
from momentum.store.deliverables import StoredDeliverable


async def take_over(connection: AsyncConnection, user_id: UUID, *, earlier: UUID, later: UUID) -> None:
    """Lay over `later` what lies over the same claims of `earlier`, in its order; made when the person made it. Raises NotFound."""
    before, after = [await deliverables.get(connection, one) for one in (earlier, later)]
    places = _places(before.deliverable.claims, after.deliverable.claims)
    for made in await corrections.of_transcript(connection, before.about.transcript_id):
        layer = made.layer
        if made.deliverable_id == earlier and made.withdrawn_at is None and isinstance(layer, ClaimLayer) and layer.claim in places:
            await _lay(connection, user_id, after, dataclasses.replace(layer, claim=places[layer.claim]), made)


async def _lay(
    connection: AsyncConnection, user_id: UUID, over: StoredDeliverable, layer: ClaimLayer, made: corrections.Correction
) -> None:
    belongs = {"recording_id": over.about.recording_id, "transcript_id": over.about.transcript_id, "deliverable_id": over.id}
    await corrections.add(connection, user_id=user_id, **belongs, layer=layer, now=made.made_at)


def _places(before: Sequence[Claim], after: Sequence[Claim]) -> dict[int, int]:
    """Place in `before` -> place in `after` of the same claim; one that says anything else is another."""
    waiting: dict[tuple[object, ...], list[int]] = {}
    for place, claim in enumerate(after):
        waiting.setdefault(_said(claim), []).append(place)
    return {place: waiting[said].pop(0) for place, claim in enumerate(before) if waiting.get(said := _said(claim))}


def _said(claim: Claim) -> tuple[object, ...]:
    return claim.section, claim.kind, claim.text, claim.quote, claim.owner, claim.due_words, claim.due_date
