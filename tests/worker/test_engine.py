"""What we rely on in the job engine, private call included: a new release of it has to pass here before it is taken."""

import asyncio
import inspect
import logging
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from uuid import UUID

import psycopg
import pytest
from dbos import DBOS

from momentum.worker.engine import open_engine

pytestmark = pytest.mark.anyio

ONE, ADA = UUID(int=1), UUID(int=2)


class Porter:
    """Carries what it is told to; holds everything until `go`."""

    def __init__(self):
        self.begun = asyncio.Queue()
        self.go = asyncio.Event()
        self.tasks = []

    async def carry(self, processing_id, attempt, engine):
        self.tasks.append(asyncio.current_task())
        made = await engine.step("first", lambda: self._made("one"))
        self.begun.put_nowait((processing_id, attempt, made))
        await self.go.wait()

    async def _made(self, what):
        self.begun.put_nowait("step")
        return what

    @property
    def busy(self):
        return any(not task.done() for task in self.tasks)

    async def wind_down(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
def opened(worker_dsn):
    url = worker_dsn.replace("//postgres@", "//momentum_app@")

    def open_one(name, porter, **more):
        options = {"worker_concurrency": 4, "person_concurrency": 2, "stop_seconds": 0.0} | more
        return open_engine(url, porter, executor_id=name, **options)

    return open_one


@pytest.fixture
def statuses(worker_dsn):
    def read():
        with psycopg.connect(worker_dsn) as connection:
            return connection.execute("select workflow_uuid, status, executor_id from dbos.workflow_status order by 1").fetchall()

    return read


def test_the_private_call_is_the_one_we_know():
    assert version("dbos") == "3.4.0"
    parameters = inspect.signature(DBOS._recover_pending_workflows).parameters
    assert list(parameters) == ["executor_ids"]


async def test_the_work_of_a_named_executor_goes_on_elsewhere_after_its_finished_step(opened, statuses):
    first, second = Porter(), Porter()
    async with opened("w1", first) as engine:
        await engine.enqueue(ONE, attempt=1, user_id=ADA)
        assert await asyncio.wait_for(first.begun.get(), 10) == "step"
        assert await asyncio.wait_for(first.begun.get(), 10) == (ONE, 1, "one")
    assert statuses() == [(f"{ONE}:1", "PENDING", "w1")]
    async with opened("w2", second) as engine:
        await engine.take_over(["somebody-else"])
        assert statuses() == [(f"{ONE}:1", "PENDING", "w1")]
        await engine.take_over(["w1"])
        assert await asyncio.wait_for(second.begun.get(), 10) == (ONE, 1, "one"), "the step is remembered, not run again"
        await engine.take_over(["w1"])
        assert statuses() == [(f"{ONE}:1", "PENDING", "w2")]
        second.go.set()
        await asyncio.gather(*second.tasks)
    assert statuses() == [(f"{ONE}:1", "SUCCESS", "w2")]


async def test_an_attempt_is_queued_once_and_forgotten_when_its_time_is_over(opened, statuses):
    porter = Porter()
    porter.go.set()
    async with opened("w1", porter) as engine:
        for _ in range(3):
            await engine.enqueue(ONE, attempt=1, user_id=ADA)
        await asyncio.wait_for(porter.begun.get(), 10)
        assert await asyncio.wait_for(porter.begun.get(), 10) == (ONE, 1, "one")
        await asyncio.gather(*porter.tasks)
        await engine.enqueue(ONE, attempt=1, user_id=ADA)
        assert [status for _, status, _ in statuses()] == ["SUCCESS"]
        await engine.forget_before(datetime.now(UTC) - timedelta(days=1))
        assert len(statuses()) == 1
        await engine.forget_before(datetime.now(UTC) + timedelta(days=1))
        assert statuses() == []
        assert await engine.broken() == []
    assert porter.begun.empty()


async def test_what_it_stores_can_be_read_and_an_exception_leaves_no_words_there(opened, engine_rows):
    class Clumsy(Porter):
        async def carry(self, processing_id, attempt, engine):
            await super().carry(processing_id, attempt, engine)
            raise ValueError("Maya said tangerine")

    porter = Clumsy()
    porter.go.set()
    async with opened("w1", porter) as engine:
        await engine.enqueue(ONE, attempt=1, user_id=ADA)
        await asyncio.wait_for(porter.begun.get(), 10)
        await asyncio.wait_for(porter.begun.get(), 10)
        await asyncio.gather(*porter.tasks, return_exceptions=True)
        assert await engine.broken() == [(ONE, 1)]
        found = engine_rows()
    rows = [row for rows in found.values() for row in rows]
    assert any("'error': {'name': 'WorkflowBroke'" in row for row in rows)
    assert any("'output': 'one'" in row for row in rows)
    assert [row for row in rows if "tangerine" in row or "ValueError" in row] == []


async def test_a_deliberate_stop_is_no_news(opened, caplog, capfd):
    porter = Porter()
    with caplog.at_level(logging.WARNING):
        async with opened("w1", porter) as engine:
            await engine.enqueue(ONE, attempt=1, user_id=ADA)
            await asyncio.wait_for(porter.begun.get(), 10)
            await asyncio.wait_for(porter.begun.get(), 10)
        late = RuntimeError("cannot schedule new futures after shutdown")
        logging.getLogger("dbos").error("Exception encountered in asynchronous workflow:", exc_info=late)
    assert [r.getMessage() for r in caplog.records if r.name.startswith("dbos")] == []
    assert "Traceback" not in capfd.readouterr().err
