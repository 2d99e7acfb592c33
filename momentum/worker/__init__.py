"""The other door: takes queued processings and carries each through its steps, durably.

What waits (a recording that is not ready, a busy vendor) waits outside of any workflow: it is
queued again when its time has come, and the artefacts on its shelf make the finished steps free.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from momentum.app import App
from momentum.errors import NotFound
from momentum.store import heartbeats, processings, sessions
from momentum.worker.carry import Carrier
from momentum.worker.engine import Engine, open_engine

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 3.0
DEAD_AFTER = timedelta(seconds=20)
"""A worker whose heartbeat is older is gone, and others take its work over."""
SWEEP_SECONDS = 5.0
LOOK_SECONDS = 5.0
"""How often we look for work that became due without a notification."""
BATCH = 50
KEEP_WORKFLOWS = timedelta(days=7)
STOP_SECONDS = 5


@asynccontextmanager
async def working(app: App) -> AsyncIterator[None]:
    """Take work while the block runs. Work that is interrupted at the end goes on at the next worker."""
    executor_id = f"{socket.gethostname()}-{uuid4().hex[:8]}"
    carrier = Carrier(app)
    with _beating(app, executor_id):
        async with open_engine(
            app.dsn,
            executor_id=executor_id,
            carry=carrier.carry,
            worker_concurrency=app.settings.worker_concurrency,
            person_concurrency=app.settings.person_concurrency,
            stop_seconds=STOP_SECONDS,
        ) as engine:
            carrier.engine = engine
            loops = [asyncio.create_task(_forever(work, app, engine)) for work in (_dispatch, _sweep, _clean)]
            log.info("working", executor_id=executor_id, engine=app.settings.engine)
            try:
                yield
            finally:
                for task in loops:
                    task.cancel()
                await asyncio.gather(*loops, return_exceptions=True)


@contextlib.contextmanager
def _beating(app: App, executor_id: str) -> Iterator[None]:
    heart = heartbeats.Heart(app.dsn, executor_id, every=HEARTBEAT_SECONDS)
    heart.start()
    try:
        yield
    finally:
        heart.stop()


async def _forever(work: Callable[[App, Engine], Awaitable[None]], app: App, engine: Engine) -> None:
    # A database that is away for a minute must not end the worker.
    while True:
        try:
            await work(app, engine)
        except Exception as error:  # noqa: BLE001 -- logged, and tried again
            log.warning("worker_loop_failed", loop=work.__name__, error=type(error).__name__)
            await asyncio.sleep(1)


async def _dispatch(app: App, engine: Engine) -> None:
    async with app.database.listen("work") as notices:
        while True:
            await _hand_over(app, engine)
            with contextlib.suppress(TimeoutError):
                notice = await asyncio.wait_for(anext(notices), LOOK_SECONDS)
                if notice.payload:
                    await _cancel_if_asked(app, engine, UUID(notice.payload))


async def _hand_over(app: App, engine: Engine) -> None:
    while True:
        async with app.database.nobody() as connection:
            due = await processings.undispatched(connection, BATCH, app.clock())
        for processing_id, user_id, attempt in due:
            await engine.enqueue(processing_id, attempt=attempt, user_id=user_id)
        if due:
            async with app.database.nobody() as connection:
                await processings.mark_dispatched(connection, [processing_id for processing_id, _, _ in due], app.clock())
        if len(due) < BATCH:
            return


async def _cancel_if_asked(app: App, engine: Engine, processing_id: UUID) -> None:
    with contextlib.suppress(NotFound):  # deleted meanwhile
        async with app.database.nobody() as connection:
            user_id = await processings.owner(connection, processing_id)
        async with app.database.person(user_id) as connection:
            processing = await processings.get(connection, processing_id)
            if not processing.cancel_requested or processing.state.finished:
                return
            await processings.set_cancelled(connection, processing_id, now=app.clock())
        await engine.cancel(processing_id, processing.attempt)


async def _sweep(app: App, engine: Engine) -> None:
    while True:
        async with app.database.nobody() as connection:
            gone = await heartbeats.orphaned(connection, DEAD_AFTER)
        if gone:
            log.warning("taking_over", executors=gone)
            await engine.take_over(gone)
        await asyncio.sleep(SWEEP_SECONDS)


async def _clean(app: App, engine: Engine) -> None:
    while True:
        await engine.forget_before(app.clock() - KEEP_WORKFLOWS)
        async with app.database.nobody() as connection:
            await heartbeats.forget_silent(connection, KEEP_WORKFLOWS)
            await sessions.forget_expired(connection, app.clock())
        await asyncio.sleep(3600)
