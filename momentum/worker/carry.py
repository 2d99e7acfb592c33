"""One processing, carried through its steps; every outcome becomes a state of the processing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from momentum.app import App
from momentum.errors import NotFound, Permanent
from momentum.model import Meeting, ProcessingState
from momentum.pipeline.origins import RecordingOrigin
from momentum.pipeline.process import Job, process
from momentum.store import processings, recordings
from momentum.store.shelf import StoredShelf
from momentum.worker.decisions import Decision, decide
from momentum.worker.engine import Engine

log = structlog.get_logger(__name__)


class _Stopped(Exception):
    """The workflow ends here; why stands with the processing."""


class Carrier:
    """Runs processings of this worker."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.engine: Engine | None = None

    async def carry(self, processing_id: UUID) -> None:
        """All steps of one processing that are not finished yet. Raises nothing but a cancellation."""
        try:
            async with self._app.database.nobody() as connection:
                user_id = await processings.owner(connection, processing_id)
        except NotFound:  # deleted with its person or its recording
            return
        with structlog.contextvars.bound_contextvars(processing_id=str(processing_id), user_id=str(user_id)):
            await self._carry(processing_id, user_id)

    async def _carry(self, processing_id: UUID, user_id: UUID) -> None:
        async with self._app.database.person(user_id) as connection:
            processing = await processings.get(connection, processing_id)
            recording = await recordings.get(connection, processing.recording_id)
        if recording is None or processing.state.finished:
            return
        shelf = StoredShelf(self._app.database, processing, self._app.clock)
        try:
            origin = self._origin(processing, recording)
            await process(Job(origin, shelf, processing.options, self._app.tools), self._runner(processing))
        except _Stopped:
            return
        except NotFound as error:  # the provider is no longer set up here
            await self._settle(processing, "discover", Permanent(error.code, error.detail))
            return
        log.info("processing_done")

    def _origin(self, processing: processings.Processing, recording: recordings.StoredRecording) -> RecordingOrigin:
        app = self._app
        names = tuple(dict.fromkeys(f.participant for f in recording.files if f.participant))
        return RecordingOrigin(
            app.provider(processing.provider),
            app.tokens(processing.provider, processing.user_id),
            app.downloads,
            instance_id=recording.instance_id,
            meeting=Meeting(recording.topic, recording.started_at, recording.timezone, names),
            options=processing.options,
        )

    def _runner(self, processing: processings.Processing) -> Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]:
        async def run(name: str, work: Callable[[], Awaitable[Any]]) -> Any:
            async def guarded() -> dict[str, Any]:
                try:
                    return {"made": await work()}
                except Exception as error:  # noqa: BLE001 -- every outcome becomes a state; none reaches the job engine
                    await asyncio.shield(self._settle(processing, name, error))
                    return {"stopped": True}

            assert self.engine is not None  # noqa: S101 -- set before the engine hands out work
            outcome = await self.engine.step(name, guarded)
            if "stopped" in outcome:
                raise _Stopped
            return outcome["made"]

        return run

    async def _settle(self, processing: processings.Processing, step: str, error: Exception) -> None:
        fault = uuid4().hex[:12]
        now = self._app.clock()
        async with self._app.database.person(processing.user_id) as connection:
            current = await processings.get(connection, processing.id)
            if current.state.finished:
                return
            decision = decide(error, failures=current.failures, waiting_since=current.created_at, now=now, fault=fault)
            await _record(connection, processing.id, decision, now)
        _log(decision, step, fault, error)


async def _record(connection: Any, processing_id: UUID, decision: Decision, now: datetime) -> None:
    code, detail = str(decision.code), decision.detail
    match decision.state:
        case ProcessingState.WAITING if decision.next_try_at is not None:
            await processings.set_waiting(
                connection, processing_id, code=code, detail=detail, until=decision.next_try_at, counts=decision.counts, now=now
            )
        case ProcessingState.ACTION_REQUIRED:
            await processings.set_action_required(connection, processing_id, code=code, detail=detail, now=now)
        case ProcessingState.CANCELLED:
            await processings.set_cancelled(connection, processing_id, now=now)
        case _:
            await processings.set_failed(connection, processing_id, code=code, detail=detail, now=now)


def _log(decision: Decision, step: str, fault: str, error: Exception) -> None:
    # Logged once, here, by whoever decides.
    facts = {"step": step, "state": str(decision.state), "error_code": str(decision.code), "detail": decision.detail}
    if decision.code == "internal_error":
        log.error("processing_broke", fault_id=fault, exc_info=error, **facts)
    else:
        log.info("step_stopped", **facts)
