"""The reader's word on a claim: confirmed, edited, rejected; and new versions of a document."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from momentum.app import App
from momentum.errors import ErrorCode, Invalid
from momentum.languages import N_
from momentum.model import Ruling
from momentum.pipeline import correct
from momentum.store import corrections, deliverables
from momentum.web.api import versions
from momentum.web.api.correction_models import AskedOfDeliverable, layer_of
from momentum.web.api.documents import delivered
from momentum.web.door import World
from momentum.web.view import Acting, see_other
from momentum.web.witness import audited

router = APIRouter(include_in_schema=False)

KINDS = {"confirm": "confirm_claim", "edit": "edit_claim", "reject": "reject_claim"}
SAID = {"confirm": Ruling.CONFIRMED, "reject": Ruling.REJECTED}
_ASKED: TypeAdapter[Any] = TypeAdapter(AskedOfDeliverable)
NOT_READABLE = N_("A claim needs a text that can be read, and a day as year, month and day.")

Text = Annotated[str, Form(max_length=5_000)]
Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


@router.post("/deliverables/{deliverable_id}/claims/{claim}", dependencies=[audited("deliverable.correct", "deliverable")])
async def rule(
    world: World,
    view: Acting,
    deliverable_id: UUID,
    claim: Annotated[int, Path(ge=0, le=2**31 - 1)],
    ruling: Annotated[Literal["confirm", "edit", "reject", "undo"], Form()],
    text: Text = "",
    owner: Text = "",
    due_words: Text = "",
    due_date: Text = "",
    correction: Annotated[UUID | None, Form()] = None,
    at: Number = None,
    chosen: Number = None,
) -> Response:
    """The buttons beside a claim; pressing one twice changes nothing. `correction` is the one to undo.

    `at` and `chosen`: the segment and the claim that are open beside it, and stay so.
    """
    found = await correct.read_deliverable(world.database, view.person, deliverable_id)
    opened = {"document": deliverable_id, "at": at, "claim": chosen}
    query = urlencode({name: value for name, value in opened.items() if value is not None})
    back = f"/meetings/{found.shown.about.recording_id}?{query}#claim-{claim}"
    if ruling == "undo":
        await _undo(world, view.person, correction)
        return see_other(back)
    claims = found.shown.deliverable.claims
    if claim < len(claims) and ruling in SAID and claims[claim].ruling is SAID[ruling]:
        return see_other(back)
    written = {"text": text, "owner": owner, "due_words": due_words, "due_date": due_date} if ruling == "edit" else {}
    layer = layer_of(_asked({"kind": KINDS[ruling], "claim": claim} | {name: value for name, value in written.items() if value.strip()}))
    of = (world.database, view.person, found.shown.about.transcript_id, layer)
    with suppress(correct.NothingChanges):
        await correct.correct(*of, deliverable_id=deliverable_id, now=world.clock())
    return see_other(back)


def _asked(values: dict[str, Any]) -> Any:
    """As the API would read it. Raises Invalid."""
    try:
        return _ASKED.validate_python(values)
    except ValidationError:
        raise Invalid(ErrorCode.INVALID_REQUEST, NOT_READABLE) from None


async def _undo(world: App, user_id: UUID, correction: UUID | None) -> None:
    if correction is None:
        return
    async with world.database.person(user_id) as connection:
        await corrections.withdraw(connection, correction, now=world.clock())


@router.post("/deliverables/{deliverable_id}/again", dependencies=[audited("deliverable.again", "deliverable")])
async def write_again(world: World, view: Acting, deliverable_id: UUID) -> Response:
    """The button that makes a new version."""
    return await _new_version(world, view.person, deliverable_id, missing_only=False)


@router.post("/deliverables/{deliverable_id}/retry", dependencies=[audited("deliverable.retry", "deliverable")])
async def read_missing(world: World, view: Acting, deliverable_id: UUID) -> Response:
    """The button that reads what could not be read."""
    return await _new_version(world, view.person, deliverable_id, missing_only=True)


async def _new_version(world: App, user_id: UUID, deliverable_id: UUID, *, missing_only: bool) -> Response:
    async with world.database.person(user_id) as connection:
        delivered(await deliverables.get(connection, deliverable_id))
    accepted = await versions.new_version(world, user_id, deliverable_id, missing_only=missing_only)
    return see_other(f"/processings/{accepted.processing_id}")
