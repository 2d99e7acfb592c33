"""Work that is stopped: by its person, by the end of its worker, by another worker that took this one for dead."""

import asyncio
from time import monotonic
from uuid import UUID

import pytest

from momentum.errors import Conflict, ErrorCode, NotFound, Permanent
from momentum.model import Heard
from momentum.model import ProcessingState as State
from momentum.store import processings
from momentum.store.fence import LeaseLost
from momentum.store.shelf import StoredShelf
from momentum.worker.carry import Carrier, settle
from momentum.worker.dispatch import hand_over
from momentum.worker.engine import attempt_of, workflow_id

pytestmark = pytest.mark.anyio

PLANNING = "81230000001"


async def test_running_work_is_cancelled_within_a_second_and_taken_up_again(bench):
    ada = await bench.person()
    bench.ear.hold(after=3)
    async with bench.working():
        asked = await bench.ask(ada, PLANNING)
        await bench.ear.until_called(5)
        assert (await bench.do(processings.request_cancel, asked)).state is State.RUNNING
        began = monotonic()
        cancelled = await bench.until(asked, State.CANCELLED)
        assert monotonic() - began < 1.5
        assert (cancelled.error_code, cancelled.attempt) == (None, 1)
        paid = len(bench.ear.calls)
        bench.ear.go()
        await bench.do(processings.retry, asked)
        done = await bench.until(asked, State.DONE)
    assert done.attempt == 2
    assert len(bench.ear.heard) == len(set(bench.ear.heard))
    assert len(bench.ear.calls) - len(set(bench.ear.calls)) <= bench.ear.limits.parallel < paid


async def test_a_cancel_that_nobody_heard_of_is_seen_before_the_next_chunk(bench):
    ada = await bench.person()
    bench.ear.hold(after=3)
    async with bench.working():
        asked = await bench.ask(ada, PLANNING)
        await bench.ear.until_called(5)
        bench.ask_database("update processings set cancel_requested = true where id = %s", asked.id)
        bench.ear.go()
        await bench.until(asked, State.CANCELLED)
    assert len(bench.ear.calls) == 5


async def test_what_a_worker_leaves_at_its_end_goes_on_at_the_next_at_once(bench):
    ada = await bench.person()
    bench.ear.hold(after=4)
    async with bench.working():
        asked = await bench.ask(ada, PLANNING)
        await bench.ear.until_called(6)
    assert (await bench.get(asked)).state is State.RUNNING
    assert bench.ask_database("select count(*) from worker_heartbeats") == [(0,)]
    kept, first = list(bench.ear.heard), list(bench.ear.calls)
    bench.ear.go()
    began = monotonic()
    async with bench.working():
        done = await bench.until(asked, State.DONE)
    assert monotonic() - began < 12, "nobody had to be taken for dead first"
    assert (done.attempt, done.failures) == (1, 0)
    assert not set(kept) & set(bench.ear.calls[len(first) :])


async def test_a_worker_that_is_told_to_stop_lets_short_work_end(bench):
    ada = await bench.person()
    bench.ear.hold()
    async with bench.working(stop_seconds=20):
        asked = await bench.ask(ada)
        await bench.ear.until_called()
        bench.ear.go()
    assert (await bench.get(asked)).state is State.DONE


async def test_a_worker_that_was_taken_for_dead_begins_again_under_another_name(bench):
    ada = await bench.person()
    bench.ear.hold(after=4)
    async with bench.working():
        asked = await bench.ask(ada, PLANNING)
        await bench.ear.until_called(6)
        ((former,),) = bench.ask_database("delete from worker_heartbeats returning executor_id")
        bench.ear.go()
        done = await bench.until(asked, State.DONE)
        ((present,),) = bench.ask_database("select executor_id from worker_heartbeats")
        assert former != present
    assert (done.attempt, done.failures) == (1, 0)
    assert len(bench.ear.calls) - len(set(bench.ear.calls)) <= bench.ear.limits.parallel
    states = [e.state for e in await bench.events(asked) if e.step == "processing"]
    assert states == ["queued", "done"]


@pytest.fixture
async def held(bench):
    """A processing that runs, its shelf in the hands of worker w1."""
    asked = await bench.ask(await bench.person())
    bench.ask_database("insert into worker_heartbeats (executor_id) values ('w1')")
    shelf = StoredShelf(bench.app.database, bench.app.vault, asked, bench.clock, executor_id="w1")
    await shelf.begin("transcribe")
    return asked, shelf


async def _refusals(shelf):
    nothing = Heard((), "en")
    attempts = {
        "begin": lambda: shelf.begin("attribute"),
        "finish": lambda: shelf.finish("transcribe", 1.0),
        "report": lambda: shelf.report("transcribe", 0.5, {}),
        "get": lambda: shelf.ledger.get("k"),
        "put": lambda: shelf.ledger.put("k", nothing, engine="e", seconds=1.0),
        "deliver": lambda: shelf.deliver([]),
    }
    refusals = {}
    for name, attempt in attempts.items():
        try:
            await attempt()
        except (LeaseLost, Permanent) as error:
            refusals[name] = getattr(error, "code", LeaseLost)
    assert set(refusals) == set(attempts)
    return set(refusals.values())


async def test_a_worker_without_a_lease_writes_nothing(bench, held):
    asked, shelf = held
    bench.ask_database("delete from worker_heartbeats")
    assert await _refusals(shelf) == {LeaseLost}
    assert bench.ask_database("select count(*) from chunks") == [(0,)]
    assert (await bench.get(asked)).state is State.RUNNING


async def test_an_attempt_whose_time_is_over_writes_nothing(bench, held):
    asked, shelf = held
    await bench.do(processings.request_cancel, asked)
    assert await _refusals(shelf) == {ErrorCode.PROCESSING_CANCELLED}
    async with bench.app.database.person(asked.user_id) as connection:
        await processings.set_cancelled(connection, asked.id, now=bench.clock())
    await bench.do(processings.retry, asked)
    assert await _refusals(shelf) == {ErrorCode.PROCESSING_CANCELLED}
    assert await settle(bench.app, asked.id, 1, ValueError("late"), "f00d") is None
    assert (await bench.get(asked)).state is State.QUEUED


class Recorder:
    """An engine that keeps what it is given; `meanwhile` happens while it is."""

    def __init__(self, meanwhile=None):
        self.queued, self.meanwhile = [], meanwhile

    async def enqueue(self, processing_id, *, attempt, user_id):
        self.queued.append((processing_id, attempt, user_id))
        if self.meanwhile:
            await self.meanwhile()


async def test_a_row_that_is_being_queued_is_nobody_elses(bench):
    asked = await bench.ask(await bench.person())
    second = Recorder()
    first = Recorder(meanwhile=lambda: hand_over(bench.app, second))
    await hand_over(bench.app, first)
    await hand_over(bench.app, second)
    assert (first.queued, second.queued) == ([(asked.id, 1, asked.user_id)], [])


async def test_a_worker_that_dies_while_queueing_leaves_the_row_to_the_next(bench):
    asked = await bench.ask(await bench.person())

    async def die():
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await hand_over(bench.app, Recorder(meanwhile=die))
    again = Recorder()
    await hand_over(bench.app, again)
    assert again.queued == [(asked.id, 1, asked.user_id)]


async def test_the_next_attempt_is_not_lost_when_the_first_ends_while_it_is_marked(bench):
    asked = await bench.ask(await bench.person())
    later = []

    async def cancel_and_retry():
        # Both have to wait for the row: an attempt cannot end before it counts as queued.
        async def both():
            await bench.do(processings.request_cancel, asked)
            await bench.do(processings.retry, asked)

        later.append(asyncio.create_task(both()))
        await asyncio.sleep(0.05)

    await hand_over(bench.app, Recorder(meanwhile=cancel_and_retry))
    await asyncio.gather(*later)
    again = Recorder()
    await hand_over(bench.app, again)
    assert [attempt for _, attempt, _ in again.queued] == [2]


async def test_an_attempt_that_was_overtaken_does_nothing(bench):
    asked = await bench.ask(await bench.person())
    await bench.do(processings.request_cancel, asked)
    await bench.do(processings.retry, asked)
    carrier = Carrier(bench.app, "w1", stop_seconds=0, lost=asyncio.Event())
    await carrier.carry(asked.id, 1, Recorder())
    await carrier.carry(UUID(int=1), 1, Recorder())
    assert [e.state for e in await bench.events(asked)] == ["queued", "cancelled", "queued"]


async def test_running_work_cannot_be_tried_anew(bench, held):
    asked, _ = held
    with pytest.raises(Conflict):
        await bench.do(processings.retry, asked)
    with pytest.raises(NotFound):
        async with bench.app.database.nobody() as connection:
            await processings.owner(connection, UUID(int=1))


async def test_what_the_job_engine_gave_up_is_told_to_its_person(bench):
    ada = await bench.person()
    bench.ear.hold()
    async with bench.working():
        asked = await bench.ask(ada)
        await bench.ear.until_called()
    bench.ask_database("update dbos.workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'")
    bench.ear.go()
    async with bench.working():
        failed = await bench.until(asked, State.FAILED)
        assert failed.error_code == "internal_error"
        await bench.do(processings.retry, asked)
        await bench.until(asked, State.DONE)


def test_a_workflow_is_named_after_its_attempt():
    assert attempt_of(workflow_id(UUID(int=7), 3)) == (UUID(int=7), 3)
