"""How this Momentum does, for whoever runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from momentum.languages import N_
from momentum.web.api.status import status_of
from momentum.web.api.status_models import Spent
from momentum.web.door import World
from momentum.web.pages import words
from momentum.web.view import Operating

router = APIRouter(include_in_schema=False)

QUEUE = {
    "due": N_("Waiting for a worker"),
    "running": N_("Working"),
    "waiting": N_("Waiting for its time"),
    "action_required": N_("Waiting for its person"),
}


@dataclass(frozen=True, slots=True)
class Sum:
    """What one model, or one day, comes to. `usd` None: no price is known of any of it."""

    name: str
    calls: int
    tokens: int
    seconds: float
    usd: float | None


@router.get("/status")
async def status(world: World, view: Operating) -> Response:
    """Everything on one page, in a fixed number of queries."""
    found = await status_of(world)
    days = sorted({one.day for one in found.spending}, reverse=True)
    by_day = [(day, summed("", [one for one in found.spending if one.day == day])) for day in days]
    models = sorted({one.model for one in found.spending})
    by_model = [summed(model, [one for one in found.spending if one.model == model]) for model in models]
    dearest = max((day.usd or 0 for _, day in by_day), default=0)
    shown: dict[str, Any] = {"by_day": by_day, "by_model": by_model, "whole": summed("", found.spending), "dearest": dearest}
    return view.page("status.html", found=found, queue=QUEUE, states=words.STATES, **shown)


def summed(name: str, spent: Sequence[Spent]) -> Sum:
    """All of it together."""
    known = [one.usd for one in spent if one.usd is not None]
    tokens = sum(one.input_tokens + one.output_tokens for one in spent)
    return Sum(name, sum(one.calls for one in spent), tokens, sum(one.seconds for one in spent), sum(known) if known else None)
