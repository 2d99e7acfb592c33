"""Processings, carried through their steps; every outcome becomes a state of the processing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import structlog

from momentum import heap, metrics
from momentum.app import App
from momentum.errors import ErrorCode, NotFound, Permanent, Unauthorized, Unavailable
from momentum.model import ConnectionState, Meeting, ProcessingState
from momentum.pipeline.jobs import Job
from momentum.pipeline.origins import RecordingOrigin
from momentum.pipeline.process import process
from momentum.redaction import NOTHING, Redaction
from momentum.store import audit, credentials, processings, recordings, redactions
from momentum.store.audit import Act
from momentum.store.fence import LeaseLost
from momentum.store.shelf import StoredShelf
from momentum.store.transitions import cancelled
from momentum.worker.decisions import Decision, again, decide
from momentum.worker.engine import Engine, workflow_id

log = structlog.get_logger(__name__)

AWAY_SECONDS = 1.0
"""Between two questions to a database that is away."""
_END_SECONDS = 10.0

_T = TypeVar("_T")


class _Stopped(Exception):
    """The workflow ends here; why stands with the processing."""


async def patiently(work: Callable[[], Awaitable[_T]]) -> _T:
    """What `work` gives, however long the database is away or has no room."""
    while True:
        try:
            return await work()
        except Unavailable as error:
            if error.code not in {ErrorCode.DATABASE_UNAVAILABLE, ErrorCode.DISK_FULL}:
                raise
            await asyncio.sleep(AWAY_SECONDS)


class Carrier:
    """Runs processings of this worker."""

    def __init__(self, app: App, executor_id: str, *, stop_seconds: float, lost: asyncio.Event) -> None:
        """Carries as many at a time as the settings say.

        `lost` is set when others have taken this worker for dead: then nothing begins and nothing is waited for.
        """
        self._app, self._executor_id, self._stop_seconds, self._lost = app, executor_id, stop_seconds, lost
        self._runs: dict[asyncio.Task[Any], Run] = {}
        # The engine keeps to the same number, but it may count late while the loop is busy.
        self._slots = asyncio.Semaphore(app.settings.worker_concurrency)
        self._stopping = False

    async def carry(self, processing_id: UUID, attempt: int, engine: Engine) -> None:
        """All steps of one attempt that are not finished yet. Raises nothing but a cancellation."""
        if self._stopping or self._lost.is_set():  # taken from the queue at the last moment: the next worker's
            raise asyncio.CancelledError
        run = Run(self._app, self._executor_id, processing_id, attempt, engine)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- a coroutine of the engine always runs in a task
        self._runs[task] = run
        # The engine has more to do in this task when we are through with it.
        task.add_done_callback(self._ended)
        async with self._slots:
            with structlog.contextvars.bound_contextvars(processing_id=str(processing_id), workflow_id=workflow_id(processing_id, attempt)):
                await run.through()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._runs.pop(task, None)
        if not self._runs:
            heap.give_back()

    @property
    def busy(self) -> bool:
        return bool(self._runs)

    async def look(self) -> None:
        """Stop what runs here and is not wanted any more: cancelled, or gone with its person."""
        for run in list(self._runs.values()):
            await run.look()

    async def wind_down(self) -> None:
        """Give what runs `stop_seconds` to end by itself, then stop it where it stands: another worker goes on from there."""
        self._stopping = True
        tasks = list(self._runs)
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=0 if self._lost.is_set() else self._stop_seconds)
            for task in unfinished:
                task.cancel()
            if unfinished:
                await asyncio.wait(unfinished, timeout=_END_SECONDS)


class Run:
    """One attempt of one processing, in this worker's hands."""

    def __init__(self, app: App, executor_id: str, processing_id: UUID, attempt: int, engine: Engine) -> None:
        self._app, self._executor_id, self._engine = app, executor_id, engine
        self._id, self._attempt = processing_id, attempt
        self._user_id: UUID | None = None
        self._work: asyncio.Future[Any] | None = None
        self._unwanted = False
        self._redaction = NOTHING

    async def through(self) -> None:
        """Run whatever is left to do."""
        found = await patiently(self._find)
        if found is None:
            return
        try:
            job = self._job(*found)
        except NotFound as error:  # the provider is no longer set up here
            await self._settle("discover", Permanent(error.code, error.detail))
            return
        try:
            await process(job, self._step)
        except _Stopped:
            return
        metrics.PROCESSINGS.labels(ProcessingState.DONE).inc()
        log.info("processing_done")

    async def look(self) -> None:
        """Stop the step that runs when nobody wants it any more."""
        if self._user_id is None or self._work is None:
            return
        async with self._app.database.person(self._user_id) as connection:
            self._unwanted = await processings.is_cancelled(connection, self._id)
        if self._unwanted and self._work is not None:
            self._work.cancel()

    async def _find(self) -> tuple[processings.Processing, recordings.StoredRecording] | None:
        try:
            async with self._app.database.nobody() as connection:
                self._user_id = await processings.owner(connection, self._id)
            async with self._app.database.person(self._user_id) as connection:
                processing = await processings.get(connection, self._id)
                recording = await recordings.get(connection, processing.recording_id)
                self._redaction = await self._wanted_redaction(connection, processing)
        except NotFound:  # deleted with its person or its recording
            return None
        structlog.contextvars.bind_contextvars(user_id=str(self._user_id), recording_id=str(processing.recording_id))
        over = processing.state.finished or processing.attempt != self._attempt
        return None if over or recording is None else (processing, recording)

    async def _wanted_redaction(self, connection: Any, processing: processings.Processing) -> Redaction:
        """What the installation, the person and the request want masked, together."""
        settings, asked = self._app.settings, processing.options
        always = Redaction.of(settings.redact, settings.redact_names)
        return always | Redaction.of(asked.redact, asked.redact_names) | await redactions.get(connection, processing.user_id)

    def _job(self, processing: processings.Processing, recording: recordings.StoredRecording) -> Job:
        app = self._app
        origin = RecordingOrigin(
            app.provider(processing.provider),
            app.tokens(processing.provider, processing.user_id),
            app.downloads_of(processing.provider),
            instance_id=recording.instance_id,
            meeting=Meeting(recording.topic, recording.started_at, recording.timezone),
            options=processing.options,
        )
        shelf = StoredShelf(app.database, app.vault, processing, app.clock, executor_id=self._executor_id)
        return Job(origin, shelf, processing.options, app.tools, self._redaction)

    async def _step(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """The pipeline's step runner: what the engine has on record is not done again."""

        async def guarded() -> dict[str, Any]:
            try:
                return {"made": await self._wanted(work)}
            except LeaseLost:
                # Nothing may be kept of this, not even that it ended: the step is another worker's now.
                raise asyncio.CancelledError from None
            except Exception as error:  # noqa: BLE001 -- every outcome becomes a state; none reaches the job engine
                await self._settle(name, error)
                return {"stopped": True}

        outcome = await self._engine.step(name, guarded)
        if "stopped" in outcome:
            raise _Stopped
        return outcome["made"]

    async def _wanted(self, work: Callable[[], Awaitable[Any]]) -> Any:
        self._work = asyncio.ensure_future(work())
        try:
            return await self._work
        except asyncio.CancelledError:
            if self._unwanted:
                raise cancelled() from None
            raise
        finally:
            self._work = None

    async def _settle(self, step: str, error: Exception) -> None:
        fault = uuid4().hex[:12]
        try:
            decision = await patiently(lambda: settle(self._app, self._id, self._attempt, error, fault))
        except Exception:  # a bug in settling must not reach the job engine either
            metrics.FAULTS.labels("worker").inc()
            log.exception("processing_unsettled", step=step, fault_id=fault)
            return
        if decision is not None:
            _count(decision, step)
            _log(decision, step, fault, error)


async def settle(app: App, processing_id: UUID, attempt: int, error: Exception, fault: str) -> Decision | None:
    """Give the processing the state that the error calls for; None where that is no longer ours to say."""
    try:
        async with app.database.nobody() as connection:
            user_id = await processings.owner(connection, processing_id)
        async with app.database.person(user_id) as connection:
            current = await processings.get(connection, processing_id)
            if current.state.finished or current.attempt != attempt:
                return None
            asked_at = await processings.asked_at(connection, processing_id) or current.created_at
            decision = decide(error, failures=current.failures, waiting_since=asked_at, now=app.clock(), fault=fault)
            if decision.state is ProcessingState.ACTION_REQUIRED and await _has_acted(connection, current):
                decision = again(decision, now=app.clock())
            await _record(connection, current, decision, app.clock())
            if decision.state is not ProcessingState.WAITING:
                act = Act("processing.end", f"processing:{processing_id}", str(decision.code), actor="momentum")
                await audit.note(connection, app.vault, user_id, act, now=app.clock())
    except (NotFound, Unauthorized):  # deleted meanwhile, or its person
        return None
    return decision


async def _has_acted(connection: Any, current: processings.Processing) -> bool:
    """Whether the person has connected again since the step began: then nobody else will resume what stops only now."""
    found = await credentials.status(connection, current.provider, current.user_id)
    return found is not None and found.state is ConnectionState.ACTIVE and found.connected_at > current.updated_at


async def _record(connection: Any, current: processings.Processing, decision: Decision, now: datetime) -> None:
    code, detail = str(decision.code), decision.detail
    state = ProcessingState.CANCELLED if current.cancel_requested else decision.state
    match state:
        case ProcessingState.WAITING if decision.next_try_at is not None:
            await processings.set_waiting(
                connection, current.id, code=code, detail=detail, until=decision.next_try_at, counts=decision.counts, now=now
            )
        case ProcessingState.ACTION_REQUIRED:
            await processings.set_action_required(connection, current.id, code=code, detail=detail, now=now)
        case ProcessingState.CANCELLED:
            await processings.set_cancelled(connection, current.id, now=now)
        case _:
            await processings.set_failed(connection, current.id, code=code, detail=detail, now=now)


def _count(decision: Decision, step: str) -> None:
    metrics.STEP_FAILURES.labels(step, decision.code).inc()
    if decision.code == ErrorCode.INTERNAL:
        metrics.FAULTS.labels("worker").inc()
    if decision.state is not ProcessingState.WAITING:
        metrics.PROCESSINGS.labels(decision.state).inc()


def _log(decision: Decision, step: str, fault: str, error: Exception) -> None:
    # Logged once, here, by whoever decides.
    facts = {"step": step, "state": str(decision.state), "error_code": str(decision.code), "detail": decision.detail}
    if decision.code == ErrorCode.INTERNAL:
        log.error("processing_broke", fault_id=fault, exc_info=error, **facts)
    else:
        log.info("step_stopped", **facts)
