"""From rows to the job engine: what is asked for is queued, what is not wanted any more is stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from momentum.app import App
from momentum.store import processings
from momentum.worker.carry import Carrier
from momentum.worker.engine import Engine

LOOK_SECONDS = 5.0
"""How often we look for work that became due, or was cancelled, without a notification."""
BATCH = 50
PATIENCE_SECONDS = 20.0
"""For one batch. When the database goes away the job engine asks again ever more slowly; we want to be there when it is back."""


async def dispatch(app: App, engine: Engine, carrier: Carrier) -> None:
    """Never ends by itself. Any number of notifications that came while we were busy are one look."""
    heard = asyncio.Event()
    async with app.database.listen("work") as notices, _background(_note(notices, heard)):
        while True:
            heard.clear()
            await carrier.look()
            await hand_over(app, engine)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), LOOK_SECONDS)


async def hand_over(app: App, engine: Engine) -> None:
    """Queue every attempt that is due.

    The rows stay locked until they are marked: an attempt that is queued begins after that, so it cannot ask for the next
    one before this one is marked, and nobody cancels in between. Who dies here queues nothing twice: the next worker uses the
    same keys.
    """
    while True:
        async with asyncio.timeout(PATIENCE_SECONDS), app.database.nobody() as connection:
            due = await processings.undispatched(connection, BATCH, app.clock())
            for processing_id, user_id, attempt in due:
                await engine.enqueue(processing_id, attempt=attempt, user_id=user_id)
            if due:
                await processings.mark_dispatched(connection, [processing_id for processing_id, _, _ in due], app.clock())
        if len(due) < BATCH:
            return


async def _note(notices: AsyncIterator[object], heard: asyncio.Event) -> None:
    async for _ in notices:
        heard.set()


@contextlib.asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
