"""What becomes of a processing whose step cannot go on, and how it goes on later."""

from datetime import timedelta

import pytest

from momentum.errors import ActionRequired, ErrorCode, Retry
from momentum.model import ConnectionState
from momentum.model import ProcessingState as State
from momentum.store import credentials, processings, profiles
from momentum.worker.decisions import RETRY_DELAYS

pytestmark = pytest.mark.anyio

PLANNING, STANDUP, TOMS = "81230000001", "81230000003", "81230000004"


def _calls(bench, path="/v2/"):
    return [r for r in bench.zoom.requests if r.server == "zoom" and r.path.startswith(path)]


async def _no_time(_seconds):
    pass


async def test_what_is_not_ready_is_looked_at_again_and_then_done(bench):
    ada = await bench.person()
    asked = await bench.ask(ada)
    bench.zoom.faults.set("ripening")
    async with bench.working():
        waiting = await bench.until(asked, State.WAITING)
        assert (waiting.error_code, waiting.failures) == ("recording_not_ready", 0)
        assert 50 < (waiting.next_try_at - bench.clock()).total_seconds() <= 60
        asked_before = len(_calls(bench))
        await bench.wake()
        assert len(_calls(bench)) == asked_before
        bench.zoom.faults.clear()
        await bench.later(seconds=61)
        assert (await bench.until(asked, State.DONE)).failures == 0


async def test_a_provider_in_trouble_is_asked_again(bench):
    ada = await bench.person()
    asked = await bench.ask(ada)
    bench.zoom.faults.set("server_error", path="/v2/")
    bench.app.provider("zoom")._api._sleep = _no_time
    async with bench.working():
        waiting = await bench.until(asked, State.WAITING)
        assert (waiting.error_code, waiting.failures) == ("provider_unavailable", 1)
        bench.zoom.faults.clear()
        await bench.later(seconds=6)
        done = await bench.until(asked, State.DONE)
    assert (done.error_code, done.failures) == (None, 0)


async def test_a_used_up_day_is_waited_out_without_a_further_call(bench):
    ada = await bench.person()
    first, second = await bench.ask(ada), await bench.ask(ada, PLANNING)
    bench.zoom.faults.set("rate_limit_daily")
    async with bench.working():
        waiting = [await bench.until(asked, State.WAITING) for asked in (first, second)]
        midnight = bench.clock().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        assert "provider_daily_limit" in {one.error_code for one in waiting}
        assert all(abs(one.next_try_at - midnight) < timedelta(seconds=5) for one in waiting)
        made = len(_calls(bench))
        await bench.later(minutes=1)
        third = await bench.ask(ada, nonce="again")
        assert (await bench.until(third, State.WAITING)).error_code == "provider_rate_limited"
        assert len(_calls(bench)) == made
        bench.zoom.faults.clear()
        bench.ask_database("update rate_limits set paused_until = now()")  # midnight on the database's clock
        await bench.later(seconds=(midnight - bench.clock()).total_seconds() + 120)
        for asked in (first, second, third):
            assert (await bench.until(asked, State.DONE)).error_code is None


async def test_pauses_grow_until_there_is_no_further_try(bench):
    ada = await bench.person()
    asked = await bench.ask(ada)
    bench.ear.failures = {n: Retry(ErrorCode.MODEL_UNAVAILABLE, "Away.") for n in range(1, 100)}
    pauses = []
    async with bench.working():
        for failures in range(1, len(RETRY_DELAYS) + 1):
            waiting = await bench.until_so(asked, lambda p, n=failures: p.state is State.WAITING and p.failures == n)
            pauses.append((waiting.next_try_at - bench.clock()).total_seconds())
            await bench.later(seconds=pauses[-1] + 1)
        failed = await bench.until(asked, State.FAILED)
    assert [round(longest - pause) for longest, pause in zip(RETRY_DELAYS, pauses, strict=True)] == pytest.approx([1] * 7, abs=1)
    assert failed.error_code == "model_unavailable"


async def test_a_missing_scope_stops_all_calls_until_the_person_connects_again(bench):
    ada = await bench.person()
    first, second = await bench.ask(ada, STANDUP), await bench.ask(ada, PLANNING)
    bench.zoom.faults.set("scope_missing", scope="cloud_recording:read:list_recording_files")
    async with bench.working():
        stopped = await bench.until(first, State.ACTION_REQUIRED)
        also = await bench.until(second, State.ACTION_REQUIRED)
        assert {stopped.error_code, also.error_code} == {"scope_missing"}
        async with bench.app.database.person(ada) as connection:
            assert (await credentials.status(connection, "zoom", ada)).state is ConnectionState.SCOPE_MISSING
        made = len(_calls(bench))
        third = await bench.ask(ada, PLANNING, nonce="again")
        await bench.until(third, State.ACTION_REQUIRED)
        assert len(_calls(bench)) == made
        bench.zoom.faults.clear()
        await bench.connect(ada)
        for one in (first, second, third):
            assert (await bench.until(one, State.DONE)).error_code is None


async def test_who_connects_again_while_a_step_fails_for_it_need_not_press_a_button(bench):
    ada = await bench.person()
    asked = await bench.ask(ada)
    bench.ear.hold()
    async with bench.working():
        await bench.until(asked, State.RUNNING)
        await bench.ear.until_called()
        await bench.connect(ada)
        bench.ear.failures = {len(bench.ear.calls) + 1: ActionRequired(ErrorCode.RECONNECT_REQUIRED, "Connect again.")}
        bench.ear.go()
        done = await bench.until(asked, State.DONE, State.ACTION_REQUIRED)
    assert (done.state, done.attempt) == (State.DONE, 2)


async def test_a_failure_keeps_what_was_made_and_a_retry_pays_only_for_the_rest(bench):
    ada = await bench.person()
    bench.ear.failures = {5: ValueError("a bug with token=abcdef123456 in it")}
    async with bench.working():
        broken = await bench.until(await bench.ask(ada, PLANNING), State.FAILED)
        assert broken.error_code == "internal_error"
        assert "abcdef" not in broken.error_detail
        await bench.do(processings.retry, broken)
        done = await bench.until(broken, State.DONE)
    assert done.attempt == 2
    twice = len(bench.ear.heard) - len(set(bench.ear.heard))
    assert twice < bench.ear.limits.parallel, "only what was in flight at the failure may be asked for again"
    assert len(set(bench.ear.heard)) > 8


async def test_a_busy_engine_is_asked_again_when_it_said_so(bench):
    ada = await bench.person()
    bench.ear.failures = {1: Retry(ErrorCode.MODEL_RATE_LIMITED, "The transcription server is busy.", after=77)}
    async with bench.working():
        waiting = await bench.until(await bench.ask(ada), State.WAITING)
        assert 70 < (waiting.next_try_at - bench.clock()).total_seconds() <= 77
        await bench.later(seconds=78)
        await bench.until(waiting, State.DONE)
    assert len(bench.ear.heard) == len(set(bench.ear.heard))


async def test_waiting_is_cancelled_at_once_and_can_be_taken_up_again(bench):
    ada = await bench.person()
    asked = await bench.ask(ada)
    bench.zoom.faults.set("ripening")
    async with bench.working():
        waiting = await bench.until(asked, State.WAITING)
        assert (await bench.do(processings.request_cancel, waiting)).state is State.CANCELLED
        await bench.later(seconds=120)
        assert (await bench.get(asked)).state is State.CANCELLED
        bench.zoom.faults.clear()
        await bench.do(processings.retry, asked)
        await bench.until(asked, State.DONE)


async def test_what_was_cancelled_before_its_turn_never_begins(bench):
    ada = await bench.person()
    asked = await bench.ask(ada)
    await bench.do(processings.request_cancel, asked)
    async with bench.working():
        await bench.until(await bench.ask(ada, PLANNING), State.DONE)
    assert "discover" not in {e.step for e in await bench.events(asked)}


async def test_the_same_again_is_the_same_and_force_makes_a_new_one(bench):
    ada = await bench.person()
    async with bench.working():
        done = await bench.until(await bench.ask(ada), State.DONE)
        paid = len(bench.ear.calls)
        assert (await bench.ask(ada)).id == done.id
        forced = await bench.ask(ada, nonce="forced")
        assert forced.id != done.id
        again = await bench.until(forced, State.DONE)
    assert len(bench.ear.calls) == paid, "the words of the same audio were kept"
    assert again.transcript_id != done.transcript_id


async def test_nothing_is_left_of_a_person_who_goes_in_the_middle(bench, engine_rows):
    ada, tom = await bench.person(), await bench.person("tom", "tom.reed@momentum.example")
    bench.ear.hold()
    async with bench.working():
        gone = await bench.ask(ada)
        await bench.ear.until_called()
        async with bench.app.database.person(ada) as connection:
            await profiles.delete(connection, ada)
        await bench.wake()
        bench.ear.go()
        await bench.until(await bench.ask(tom, TOMS), State.DONE)
    async with bench.app.database.nobody() as connection:
        with pytest.raises(Exception, match="no such processing"):
            await processings.owner(connection, gone.id)
    stored = "\n".join(row for rows in engine_rows().values() for row in rows)
    assert str(gone.id) in stored
    assert "Error" not in stored
    assert "Exception" not in stored
