"""The job engine (DBOS) behind five verbs: open, enqueue, run a step, cancel, take over.

Nothing else of Momentum knows it. What it stores is ids alone: workflow inputs and step outputs are
a processing's id, artefact ids and the word "stopped".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, WorkflowSerializationFormat

APPLICATION = "momentum"
APPLICATION_VERSION = "1"
"""Raised when workflows that run in the last version could not go on in this one."""
SCHEMA = "dbos"
QUEUE = "recordings"
POLLING_SECONDS = 0.1
WORKFLOW = "process_recording"


class Engine:
    """Durable workflows on our own database; one per process."""

    def __init__(self, executor_id: str, carry: Callable[[UUID], Awaitable[None]]) -> None:
        self.executor_id = executor_id
        self._workflow = DBOS.workflow(name=WORKFLOW, serialization_type=WorkflowSerializationFormat.PORTABLE)(_workflow(carry))

    async def enqueue(self, processing_id: UUID, *, attempt: int, user_id: UUID) -> None:
        """Queue one attempt of a processing, at most one time however often it is called."""
        with SetWorkflowID(workflow_id(processing_id, attempt)), SetEnqueueOptions(queue_partition_key=str(user_id)):
            await DBOS.enqueue_workflow_async(QUEUE, self._workflow, str(processing_id))

    async def step(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run `work` once for this workflow; after a crash its remembered result is given instead."""
        return await DBOS.run_step_async({"name": name, "preemptible": True}, work)

    async def cancel(self, processing_id: UUID, attempt: int) -> None:
        """Stop the attempt wherever it runs; its step sees a cancellation within about a second."""
        await DBOS.cancel_workflow_async(workflow_id(processing_id, attempt))

    async def take_over(self, executor_ids: Sequence[str]) -> None:
        """Queue again what workers that are gone had begun."""
        # The one private call: no public one re-enqueues the work of named executors. A test kills a worker to guard it.
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(executor_ids))  # noqa: SLF001

    async def forget_before(self, moment: datetime) -> None:
        """Delete finished workflows that ended before `moment`."""
        finished = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=moment.isoformat(), limit=1000, load_input=False, load_output=False
        )
        if finished:
            await DBOS.delete_workflows_async([w.workflow_id for w in finished])


def workflow_id(processing_id: UUID, attempt: int) -> str:
    """Key of one attempt: the same attempt is never run twice side by side."""
    return f"{processing_id}:{attempt}"


def _workflow(carry: Callable[[UUID], Awaitable[None]]) -> Callable[[str], Coroutine[Any, Any, None]]:
    async def process_recording(processing_id: str) -> None:
        await carry(UUID(processing_id))

    return process_recording


@asynccontextmanager
async def open_engine(
    dsn: str,
    *,
    executor_id: str,
    carry: Callable[[UUID], Awaitable[None]],
    worker_concurrency: int,
    person_concurrency: int,
    stop_seconds: int,
) -> AsyncIterator[Engine]:
    """The engine, launched in the running loop; on leaving, running steps get `stop_seconds` to end.

    `dsn` is the application role's; the engine's schema was made by `Database.prepare`.
    """
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": dsn,
        "dbos_system_schema": SCHEMA,
        "executor_id": executor_id,
        "application_version": APPLICATION_VERSION,
        "sys_db_pool_size": 5,
        "notification_listener_polling_interval_sec": POLLING_SECONDS,
        "log_level": "WARNING",
        "enable_otlp": False,
    }
    DBOS(config=config)
    engine = Engine(executor_id, carry)
    try:
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE, worker_concurrency=worker_concurrency, partition_concurrency=person_concurrency, polling_interval_sec=POLLING_SECONDS
        )
        yield engine
    finally:
        with ThreadPoolExecutor(1) as aside:
            loop = asyncio.get_running_loop()
            end = partial(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=stop_seconds)
            await loop.run_in_executor(aside, end)
            # The engine made its own pool the loop's default, and has just closed it; others still need one.
            loop.set_default_executor(ThreadPoolExecutor())
