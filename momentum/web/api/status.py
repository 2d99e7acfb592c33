"""How this Momentum does, for whoever runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib.metadata import version
from itertools import groupby

from fastapi import APIRouter

from momentum.app import App
from momentum.outbound import openai_prices
from momentum.store import figures, spending, storage
from momentum.store.spending import Answers, Chunks
from momentum.transcribers.openai_models import speech_model
from momentum.web.api.status_models import AccountAllowance, OutcomeItem, Spent, StatusItem, StorageItem, WaitingItem, WorkerItem
from momentum.web.door import World
from momentum.web.failures import responses
from momentum.web.operators import Operating

router = APIRouter(prefix="/api/status", tags=["health"])

DAYS = timedelta(days=30)
"""Of which spending is told."""


@router.get("", responses=responses(401, 403))
async def get_status(world: World, _operator: Operating) -> StatusItem:
    """Queue, workers, allowances, outcomes, storage and spending, over all people; for operators (OPERATORS) alone."""
    return await status_of(world)


async def status_of(world: App) -> StatusItem:
    """Read from the database at this moment, in a fixed number of queries."""
    now = world.clock()
    async with world.database.nobody() as connection:
        waiting = await figures.queue(connection, now)
        workers = await figures.heard_of(connection)
        paces = await figures.paces(connection)
        outcomes = await figures.outcomes(connection, now)
        room = await storage.measure(connection)
        asked = await spending.answers(connection, now - DAYS, long=openai_prices.LONG_INPUT)
        heard = await spending.chunks(connection, now - DAYS)
    return StatusItem(
        at=now,
        version=version("momentum"),
        queue=[WaitingItem(state=state, depth=one.depth, seconds=one.seconds) for state, one in waiting.items()],
        workers=[WorkerItem.model_validate(one) for one in workers],
        allowances=[AccountAllowance.model_validate(one) for one in paces],
        outcomes=[OutcomeItem.model_validate(one) for one in outcomes],
        storage=StorageItem.model_validate(room),
        spending=sorted([*_asked(asked), *map(_heard, heard)], key=lambda one: (one.day, one.model), reverse=True),
    )


def _asked(rows: Iterable[Answers]) -> Iterator[Spent]:
    """One for each day and model; those rows lie beside each other."""
    for (day, model), group in groupby(rows, key=lambda row: (row.day, row.model)):
        some = list(group)
        costs = [openai_prices.usd(model, input_tokens=r.input_tokens, output_tokens=r.output_tokens, long=r.long) for r in some]
        known = [cost for cost in costs if cost is not None]
        yield Spent(
            day=day,
            model=model,
            calls=sum(row.calls for row in some),
            input_tokens=sum(row.input_tokens for row in some),
            output_tokens=sum(row.output_tokens for row in some),
            seconds=0.0,
            usd=sum(known) if known else None,
        )


def _heard(row: Chunks) -> Spent:
    engine, _, model = row.engine.partition(":")
    each = speech_model(model).usd_per_minute if engine == "openai" else None
    usd = None if each is None else row.seconds / 60 * each
    return Spent(day=row.day, model=row.engine, calls=row.chunks, input_tokens=0, output_tokens=0, seconds=row.seconds, usd=usd)
