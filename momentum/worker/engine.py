"""The job engine (DBOS) behind a few verbs: open, enqueue, run a step, take over, forget.

Nothing else of Momentum knows it. What it stores is ids alone, as JSON that can be searched: workflow inputs and
step outputs are a processing's id and attempt, artefact ids and the word "stopped".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID, WorkflowSerializationFormat

APPLICATION = "momentum"
APPLICATION_VERSION = "1"
"""Stays: workers of several releases share the work. A workflow that does not fit its release any more ends as broken."""
SCHEMA = "dbos"
QUEUE = "recordings"
POLLING_SECONDS = 0.1
WORKFLOW = "process_recording"
MOST_STARTS = 20
"""Workers that may die over one attempt before it is taken for the cause."""
_BROKEN = ["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_PAGE = 500

log = structlog.get_logger(__name__)


class WorkflowBroke(Exception):
    """All that the engine learns of a bug."""


class Carry(Protocol):
    """Who does the work of a workflow."""

    async def carry(self, processing_id: UUID, attempt: int, engine: Engine) -> None:
        """Everything left to do for this attempt. What it raises is a bug, and ends the workflow as broken."""
        ...

    @property
    def busy(self) -> bool: ...

    async def wind_down(self) -> None:
        """Take nothing new, end what runs."""
        ...


class Engine:
    """Durable workflows on our own database; one per process."""

    def __init__(self, carrier: Carry) -> None:
        decorate = DBOS.workflow(name=WORKFLOW, serialization_type=WorkflowSerializationFormat.PORTABLE, max_recovery_attempts=MOST_STARTS)
        self._workflow: Callable[..., Any] = decorate(_workflow(carrier, self))

    async def enqueue(self, processing_id: UUID, *, attempt: int, user_id: UUID) -> None:
        """Queue one attempt of a processing, at most one time however often it is called."""
        with SetWorkflowID(workflow_id(processing_id, attempt)), SetEnqueueOptions(queue_partition_key=str(user_id)):
            await DBOS.enqueue_workflow_async(QUEUE, self._workflow, str(processing_id), attempt)

    async def step(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run `work` once for this workflow; after a crash its remembered result is given instead."""

        async def once() -> Any:
            return await work()

        return await DBOS.run_step_async({"name": name}, once)

    async def take_over(self, executor_ids: Sequence[str]) -> None:
        """Queue again what workers that are gone had begun."""
        # The one private call: no public one re-enqueues the work of named executors. A test kills a worker to guard it.
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(executor_ids))  # noqa: SLF001

    async def broken(self) -> list[tuple[UUID, int]]:
        """(processing, attempt) of workflows that the engine itself has given up."""
        found = await DBOS.list_workflows_async(status=_BROKEN, limit=_PAGE, load_input=False, load_output=False)
        return [attempt_of(workflow.workflow_id) for workflow in found]

    async def forget(self, processing_id: UUID, attempt: int) -> None:
        """Delete one workflow."""
        await DBOS.delete_workflows_async([workflow_id(processing_id, attempt)])

    async def forget_before(self, moment: datetime) -> None:
        """Delete workflows that ended well before `moment`."""
        wanted = partial(DBOS.list_workflows_async, status="SUCCESS", completed_before=moment.isoformat(), limit=_PAGE)
        while finished := await wanted(load_input=False, load_output=False):
            await DBOS.delete_workflows_async([w.workflow_id for w in finished])


def workflow_id(processing_id: UUID, attempt: int) -> str:
    """Key of one attempt: the same attempt is never queued twice."""
    return f"{processing_id}:{attempt}"


def attempt_of(workflow: str) -> tuple[UUID, int]:
    """The processing and the attempt behind a `workflow_id`."""
    processing_id, _, attempt = workflow.partition(":")
    return UUID(processing_id), int(attempt)


def _workflow(carrier: Carry, engine: Engine) -> Callable[[str, int], Coroutine[Any, Any, None]]:
    async def process_recording(processing_id: str, attempt: int) -> None:
        try:
            await carrier.carry(UUID(processing_id), attempt, engine)
        except Exception:
            log.exception("workflow_raised", workflow_id=workflow_id(UUID(processing_id), attempt))
            # It keeps the text of what is raised, for longer than a person's data may live.
            raise WorkflowBroke("The log says why.") from None

    return process_recording


@asynccontextmanager
async def open_engine(
    dsn: str, carrier: Carry, *, executor_id: str, worker_concurrency: int, person_concurrency: int, stop_seconds: float
) -> AsyncIterator[Engine]:
    """The engine, launched in the running loop; on leaving, it takes no more work and `carrier` winds down within `stop_seconds`.

    `dsn` is the application role's; the engine's schema was made by `store.prepare`.
    """
    _quieten()
    DBOS(config=_config(dsn, executor_id))
    engine = Engine(carrier)
    try:
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE, worker_concurrency=worker_concurrency, partition_concurrency=person_concurrency, polling_interval_sec=POLLING_SECONDS
        )
        yield engine
    finally:
        await _end(carrier, stop_seconds)


def _config(dsn: str, executor_id: str) -> DBOSConfig:
    return {
        "name": APPLICATION,
        "system_database_url": dsn,
        "dbos_system_schema": SCHEMA,
        "executor_id": executor_id,
        "application_version": APPLICATION_VERSION,
        "serializer": DBOSPortableJSONSerializer(),  # by default pickles, in which no search finds what must not be there
        "sys_db_pool_size": 5,
        "notification_listener_polling_interval_sec": POLLING_SECONDS,
        "log_level": "WARNING",
        "enable_otlp": False,
    }


async def _end(carrier: Carry, stop_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    patience = int(stop_seconds) + 15 if carrier.busy else 0
    with ThreadPoolExecutor(1) as aside:
        # It stops taking work at once, and waits for what runs for as long as its patience lasts.
        ending = loop.run_in_executor(aside, partial(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=patience))
        await carrier.wind_down()
        await ending
    # The engine made its own pool the loop's default, and has just closed it; others still need one.
    loop.set_default_executor(ThreadPoolExecutor())


# --- what it logs -----------------------------------------------------------------------------------

_SAME_SECONDS = 30.0
_AT_A_STOP = "cannot schedule new futures after"
"""What a pool answers that is shut down: somebody came a moment too late."""


class _Calm(logging.Filter):
    """The engine's own lines, without our deliberate cancellations, one line each, and not ten a second while the database is away."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith("Asyncio task cancelled") or _AT_A_STOP in f"{text} {record.exc_info and record.exc_info[1]}":  # we did that
            return False
        place, now = (record.filename, record.lineno), monotonic()
        if now - self._said.get(place, -_SAME_SECONDS) < _SAME_SECONDS:
            return False
        self._said[place] = now
        record.msg, record.args = text.partition("\n")[0], ()
        return True


def _quieten() -> None:
    logger = logging.getLogger("dbos")
    if not any(isinstance(one, _Calm) for one in logger.filters):
        logger.addFilter(_Calm())
