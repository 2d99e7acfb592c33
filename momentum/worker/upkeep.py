"""What keeps the work going while nobody looks: takeover, mending, forgetting."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog

from momentum import metrics
from momentum.app import App
from momentum.errors import ErrorCode, MomentumError, Permanent, Unavailable
from momentum.pipeline.index import embed, index
from momentum.redaction import Redaction
from momentum.store import audit, heartbeats, indexings, limits, sessions
from momentum.worker.carry import settle
from momentum.worker.engine import Engine

log = structlog.get_logger(__name__)

DEAD_AFTER = timedelta(seconds=20)
"""A worker whose heartbeat is older is gone, and others take its work over."""
SWEEP_SECONDS = 5.0
MEND_SECONDS = 30.0
KEEP_WORKFLOWS = timedelta(days=7)
CLEAN_SECONDS = 3600.0
CHAIN_SECONDS = 2.0
HEAD_EVERY = timedelta(hours=1)
INDEX_SECONDS = 1.0
INDEXED_AT_ONCE = 20
INDEX_AGAIN = timedelta(minutes=5)
"""After which a recording that could not be indexed, or whose meaning could not be read, is tried again."""


async def take_over(app: App, engine: Engine) -> None:
    """Queue again what workers that are gone had begun, from the step where it stood."""
    while True:
        async with app.database.nobody() as connection:
            gone = await heartbeats.orphaned(connection, DEAD_AFTER)
        if gone:
            log.warning("taking_over", executors=gone)
            await engine.take_over(gone)
        await asyncio.sleep(SWEEP_SECONDS)


async def mend(app: App, engine: Engine) -> None:
    """Tell the person of work that the job engine has given up, so that nothing waits for ever."""
    while True:
        for processing_id, attempt in await engine.broken():
            await _give_up(app, processing_id, attempt)
            await engine.forget(processing_id, attempt)
        await asyncio.sleep(MEND_SECONDS)


async def clean(app: App, engine: Engine) -> None:
    """Delete what has served its time."""
    while True:
        await engine.forget_before(app.clock() - KEEP_WORKFLOWS)
        async with app.database.nobody() as connection:
            await sessions.forget_expired(connection, app.clock())
            await limits.forget_idle(connection)
        await asyncio.sleep(CLEAN_SECONDS)


async def chain(app: App, _engine: Engine) -> None:
    """Give the entries of the audit trail their order, and write its head into the log: the log proves later what stood before it."""
    logged_at: datetime | None = None
    while True:
        await audit.chain(app.database)
        async with app.database.nobody() as connection:
            head = await audit.head(connection)
        if logged_at is None or app.clock() - logged_at >= HEAD_EVERY:
            logged_at = app.clock()
            log.info("audit_head", sequence=head.sequence, hash=head.hash.hex())
        await asyncio.sleep(CHAIN_SECONDS)


async def find_again(app: App, _engine: Engine) -> None:
    """Make what is new or was put right findable by its words; reading what it means never holds that up."""
    while True:
        if not await index_waiting(app):
            await asyncio.sleep(INDEX_SECONDS)


async def read_meanings(app: App, _engine: Engine) -> None:
    """Read what recordings mean: behind the documents and behind all words, a recording at a time."""
    while True:
        if not await read_waiting(app):
            await asyncio.sleep(INDEX_SECONDS)


async def index_waiting(app: App) -> int:
    """Index recordings whose words are behind; how many were waiting."""
    async with app.database.nobody() as connection:
        found = await indexings.waiting(connection, "", now=app.clock(), size=INDEXED_AT_ONCE)
    for one in found:
        await _tried(app, one, index(app.database, one.user_id, one.recording_id))
    return len(found)


async def read_waiting(app: App) -> bool:
    """Read the meaning of one recording that no other worker is at; False where none waits, or words do."""
    if (embedder := app.tools.embedder) is None:
        return False
    async with app.database.nobody() as connection:
        found = await indexings.waiting(connection, embedder.name, now=app.clock(), size=INDEXED_AT_ONCE)
    if any(one.unread for one in found):
        return False
    always = Redaction.of(app.settings.redact, app.settings.redact_names)
    for one in found:
        if await _tried(app, one, embed(app.database, one.user_id, one.recording_id, embedder, always, clock=app.clock)):
            return True
    return False


async def _tried(app: App, one: indexings.Waiting, work: Coroutine[Any, Any, bool]) -> bool:
    """What `work` gives. Where it fails, that is told, and others come first."""
    try:
        return await work
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 -- put off, and told
        reason = error.code if isinstance(error, MomentumError) else type(error).__name__
        log.warning("indexing_failed", recording_id=str(one.recording_id), error=reason)
    async with app.database.person(one.user_id) as connection:
        await indexings.put_off(connection, one.recording_id, app.clock() + INDEX_AGAIN, unread=one.unread)
    return True


async def _give_up(app: App, processing_id: UUID, attempt: int) -> None:
    fault = uuid4().hex[:12]
    metrics.FAULTS.labels("job_engine").inc()
    log.error("workflow_broke", processing_id=str(processing_id), attempt=attempt, fault_id=fault)
    sentence = f"Something broke on our side. Tell the operator fault {fault}."
    await settle(app, processing_id, attempt, Permanent(ErrorCode.INTERNAL, sentence), fault)
