"""What is masked before a language model reads a meeting, and what of it left the machine."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from momentum.app import App
from momentum.errors import ErrorCode, NotFound
from momentum.pipeline.correct import read_deliverable
from momentum.redaction import Redaction
from momentum.store import redactions
from momentum.web.api.privacy_models import ReceiptItem, RedactionChoice, RedactionItem
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited
from momentum.writers.receipts import in_words

router = APIRouter(prefix="/api")


@router.get(
    "/deliverables/{deliverable_id}/receipt",
    tags=["documents"],
    responses=responses(401, 404),
    dependencies=[audited("deliverable.read", "deliverable")],
)
async def get_receipt(world: World, person: Asking, deliverable_id: UUID) -> ReceiptItem:
    """Which host got how many bytes of what for this deliverable, when, and what was masked."""
    found = (await read_deliverable(world.database, person.user_id, deliverable_id)).original.deliverable.extra.get("receipt")
    if not isinstance(found, dict):
        raise NotFound(ErrorCode.NOT_FOUND, "There is no receipt: this was written before Momentum kept any.")
    return ReceiptItem.model_validate({**found, "deliverable_id": deliverable_id, "in_words": in_words(found)})


@router.get("/me/redaction", tags=["me"], responses=responses(401))
async def get_redaction(world: World, person: Asking) -> RedactionItem:
    """What is masked in your meetings before a language model reads them."""
    async with world.database.person(person.user_id) as connection:
        return _item(world, await redactions.get(connection, person.user_id))


@router.put("/me/redaction", tags=["me"], responses=responses(401, 403), dependencies=[audited("person.redaction")])
async def put_redaction(world: World, person: Asking, wanted: RedactionChoice) -> RedactionItem:
    """Choose it anew. What the installation masks stays masked; documents written before stay as they are."""
    chosen = Redaction.of(wanted.kinds, wanted.names)
    async with world.database.person(person.user_id) as connection:
        await redactions.put(connection, person.user_id, chosen)
        return _item(world, await redactions.get(connection, person.user_id))


def _item(world: App, chosen: Redaction) -> RedactionItem:
    always = Redaction.of(world.settings.redact, world.settings.redact_names)
    return RedactionItem(kinds=[*chosen.kinds], names=[*chosen.names], always={"kinds": [*always.kinds], "names": [*always.names]})
