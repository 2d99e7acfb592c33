"""The other door: takes queued processings and carries each through its steps, durably.

What waits (a recording that is not ready, a busy vendor) waits outside of any workflow: it is
queued again when its time has come, and the artefacts on its shelf make the finished steps free.

    dispatch   rows that are due -> the job engine; what is cancelled stops
    carry      one attempt through the steps; every outcome becomes a state
    upkeep     takes over the work of workers that are gone, mends, forgets
    engine     the job engine, known to nobody else
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import structlog

from momentum.app import App
from momentum.store.heartbeats import Heart
from momentum.worker.carry import AWAY_SECONDS, Carrier
from momentum.worker.dispatch import dispatch
from momentum.worker.engine import Engine, open_engine
from momentum.worker.upkeep import chain, clean, find_again, mend, read_meanings, take_over

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 3.0
STOP_SECONDS = 5.0
"""What running work has to end by itself when the worker is told to stop."""


@asynccontextmanager
async def working(app: App, *, stop_seconds: float = STOP_SECONDS) -> AsyncIterator[None]:
    """Take work while the block runs. Work that is interrupted at the end goes on at the next worker, at once.

    Raises Unavailable when the database is away at the start; afterwards it may come and go.
    """
    started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    task = asyncio.create_task(_lives(app, started, stop, stop_seconds), name="worker")
    try:
        await started
        yield
    finally:
        stop.set()
        await task


async def _lives(app: App, started: asyncio.Future[None], stop: asyncio.Event, stop_seconds: float) -> None:
    """One life after another: a worker that was taken for dead begins again under another name."""
    while not stop.is_set():
        try:
            await _live(app, started, stop, stop_seconds)
        except Exception as error:
            if not started.done():
                started.set_exception(error)
                return
            log.warning("worker_failed", error=type(error).__name__, exc_info=error)
            await _first(stop.wait(), asyncio.sleep(AWAY_SECONDS))


async def _live(app: App, started: asyncio.Future[None], stop: asyncio.Event, stop_seconds: float) -> None:
    executor_id = f"{socket.gethostname()}-{uuid4().hex[:8]}"
    lost = asyncio.Event()
    carrier = Carrier(app, executor_id, stop_seconds=stop_seconds, lost=lost)
    async with (
        _beating(app.dsn, executor_id, carrier, lost),
        _engine(app, carrier, executor_id, stop_seconds) as engine,
        _together([_forever(job) for job in _jobs(app, engine, carrier)]),
    ):
        log.info("working", executor_id=executor_id, engine=app.settings.engine)
        if not started.done():
            started.set_result(None)
        await _first(stop.wait(), lost.wait())
    if lost.is_set():
        log.warning("taken_for_dead", executor_id=executor_id)


def _engine(app: App, carrier: Carrier, executor_id: str, stop_seconds: float) -> AbstractAsyncContextManager[Engine]:
    return open_engine(
        app.dsn,
        carrier,
        executor_id=executor_id,
        worker_concurrency=app.settings.worker_concurrency,
        person_concurrency=app.settings.person_concurrency,
        stop_seconds=stop_seconds,
    )


def _jobs(app: App, engine: Engine, carrier: Carrier) -> list[Callable[[], Awaitable[None]]]:
    """What is done again and again beside the work itself."""
    return [
        partial(dispatch, app, engine, carrier),
        *(partial(job, app, engine) for job in (take_over, mend, clean, chain, find_again, read_meanings)),
    ]


@asynccontextmanager
async def _beating(url: str, executor_id: str, carrier: Carrier, lost: asyncio.Event) -> AsyncIterator[None]:
    """A heartbeat around everything; at the end others may go on at once, unless something still runs here."""
    loop = asyncio.get_running_loop()
    heart = Heart(url, executor_id, every=HEARTBEAT_SECONDS, lost=partial(loop.call_soon_threadsafe, lost.set))
    await asyncio.to_thread(heart.start)
    try:
        yield
    finally:
        await asyncio.to_thread(heart.stop, release=not carrier.busy)


async def _forever(work: Callable[[], Awaitable[None]]) -> None:
    # A database that is away for a minute must not end the worker.
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 -- logged, and tried again
            name = getattr(getattr(work, "func", work), "__name__", "job")
            log.warning("worker_loop_failed", loop=name, error=type(error).__name__)
        await asyncio.sleep(AWAY_SECONDS)


@asynccontextmanager
async def _together(works: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Return when the first of them does."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
