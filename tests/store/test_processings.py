import asyncio
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from momentum.errors import Conflict, ErrorCode, NotFound, Permanent
from momentum.model import Answer, Heard, Options, Segment, Usage
from momentum.model import ProcessingState as State
from momentum.store import processings, recordings
from momentum.store.answers import StoredAnswers
from momentum.store.chunks import StoredLedger

pytestmark = pytest.mark.anyio

LATER = timedelta(minutes=5)


@pytest.fixture
def act(database, person):
    """Calls a function of `processings` in a transaction of the person."""

    async def run(function, *args, user_id=person, **values):
        async with database.person(user_id) as connection:
            return await function(connection, *args, **values)

    return run


@pytest.fixture
def dispatch(database, now):
    """Hands everything undispatched to nobody; gives (processing, attempt)."""

    async def run(at=now):
        async with database.nobody() as connection:
            found = await processings.undispatched(connection, 100, at)
            await processings.mark_dispatched(connection, [processing_id for processing_id, _, _ in found], at)
            return [(processing_id, attempt) for processing_id, _, attempt in found]

    return run


@pytest.fixture
def heard(database):
    """A reader of both channels that already listens."""

    async def start():
        reader = database.listen("processing", "work")
        await anext(reader), await anext(reader)
        return reader

    return start


def _events(found):
    return [(event.step, event.state) for event in found]


# --- asking -----------------------------------------------------------------------------------------


async def test_a_recording_that_is_being_deleted_is_not_asked_for(database, person, keep_recording, act):
    recording_id = await keep_recording(person)
    async with database.person(person) as deleting:
        await recordings.remove(deleting, person, "zoom")
        asking = asyncio.create_task(act(processings.create, person, recording_id, "zoom", "key", Options()))
        await asyncio.wait([asking], timeout=0.3)
    with pytest.raises(NotFound):
        await asking


async def test_the_same_request_is_the_same_processing(act, person, keep_recording):
    recording_id = await keep_recording(person)
    options = Options(deliverables=("minutes",), language="de")
    first, made = await act(processings.create, person, recording_id, "zoom", "key", options)
    again, made_again = await act(processings.create, person, recording_id, "zoom", "key", options)
    other, _ = await act(processings.create, person, recording_id, "zoom", "other", options)

    assert (made, made_again, again == first, other.id == first.id) == (True, False, True, False)
    assert (first.state, first.attempt, first.options, first.topic) == (State.QUEUED, 1, options, "Weekly planning")


async def test_the_same_request_many_times_at_once_is_one_processing(act, person, keep_recording):
    recording_id = await keep_recording(person)
    found = await asyncio.gather(*(act(processings.create, person, recording_id, "zoom", "key", Options()) for _ in range(6)))

    assert len({processing.id for processing, _ in found}) == 1
    assert sum(made for _, made in found) == 1


async def test_another_persons_recording_cannot_be_processed(act, person, other_person, keep_recording):
    theirs = await keep_recording(other_person)
    for recording_id in (theirs, uuid4()):
        with pytest.raises(NotFound) as caught:
            await act(processings.create, person, recording_id, "zoom", "key", Options())
        assert caught.value.code is ErrorCode.RECORDING_NOT_FOUND


async def test_another_persons_processing_is_not_found(act, other_person, keep_processing, now):
    theirs = await keep_processing(other_person)
    for call in (processings.get, processings.request_cancel, processings.retry, processings.set_done):
        values = {} if call is processings.get else {"now": now}
        with pytest.raises(NotFound):
            await act(call, theirs.id, **values)

    assert await act(processings.events_after, theirs.id, 0) == []


async def test_pages_go_through_all_processings_newest_first(act, person, keep_recording, other_person, keep_processing):
    recording_id = await keep_recording(person)
    await keep_processing(other_person)
    made = [(await act(processings.create, person, recording_id, "zoom", str(n), Options()))[0].id for n in range(5)]
    first = await act(processings.page, person, size=3)
    second = await act(processings.page, person, size=3, after=first.next_token)

    assert [row.id for row in (*first.rows, *second.rows)] == made[::-1]
    assert second.next_token is None


# --- dispatching ------------------------------------------------------------------------------------


async def test_what_is_asked_for_is_dispatched_once(person, other_person, keep_processing, dispatch):
    mine, theirs = await keep_processing(person), await keep_processing(other_person)

    assert await dispatch() == [(mine.id, 1), (theirs.id, 1)]
    assert await dispatch() == []


async def test_two_dispatchers_at_once_do_not_take_the_same(database, person, keep_processing, now):
    await keep_processing(person)
    async with database.nobody() as one, database.nobody() as two:
        assert len(await processings.undispatched(one, 10, now)) == 1
        assert await processings.undispatched(two, 10, now) == []


async def test_the_dispatcher_learns_whose_it_is(database, person, keep_processing, now):
    processing = await keep_processing(person)
    async with database.nobody() as connection:
        assert await processings.undispatched(connection, 1, now) == [(processing.id, person, 1)]
        assert await processings.owner(connection, processing.id) == person
        with pytest.raises(NotFound):
            await processings.owner(connection, uuid4())


async def test_what_waits_is_dispatched_as_a_new_attempt_when_its_time_has_come(act, person, running_processing, dispatch, now):
    processing = await running_processing(person)
    await dispatch()
    waiting = await act(
        processings.set_waiting, processing.id, code="provider_unavailable", detail="Away.", until=now + LATER, counts=True, now=now
    )

    assert (waiting.state, waiting.failures, waiting.error_code, waiting.next_try_at) == (
        State.WAITING,
        1,
        "provider_unavailable",
        now + LATER,
    )
    assert await dispatch(now) == []
    assert await dispatch(now + LATER) == [(processing.id, 2)]


# --- working ----------------------------------------------------------------------------------------


async def test_a_processing_from_beginning_to_end(act, person, keep_processing, keep_results, now):
    processing = await keep_processing(person)
    started = await act(processings.start_step, processing.id, "transcribe", now=now)
    await act(processings.record_event, processing.id, "transcribe", "running", 0.5, {"chunks_done": 3})
    halfway = await act(processings.get, processing.id)
    transcript_id, _ = await keep_results(processing)
    await act(processings.set_made, processing.id, transcript_id=transcript_id, audio_seconds=4.0)
    await act(processings.finish_step, processing.id, "transcribe", seconds=2.5, now=now)
    await act(processings.start_step, processing.id, "deliver", now=now + LATER)
    await act(processings.finish_step, processing.id, "deliver", seconds=0.1, now=now + LATER)
    done = await act(processings.set_done, processing.id, now=now + LATER)
    events = await act(processings.events_after, processing.id, 0)

    assert (started.state, started.step, started.started_at, halfway.fraction) == (State.RUNNING, "transcribe", now, 0.5)
    assert (done.state, done.seconds_per_step, done.finished_at) == (State.DONE, {"transcribe": 2.5, "deliver": 0.1}, now + LATER)
    assert (done.started_at, done.transcript_id, done.audio_seconds) == (now, transcript_id, 4.0)
    assert _events(events) == [
        ("processing", "queued"), ("transcribe", "running"), ("transcribe", "running"), ("transcribe", "done"),
        ("deliver", "running"), ("deliver", "done"), ("processing", "done"),
    ]  # fmt: skip
    assert (events[2].fraction, events[2].detail) == (0.5, {"chunks_done": 3})
    assert await act(processings.events_after, processing.id, events[4].id) == events[5:]
    assert await act(processings.events_after, processing.id, 2**70) == []


async def test_steps_may_be_run_again(act, person, running_processing, now):
    processing = await running_processing(person)
    await act(processings.start_step, processing.id, "transcribe", now=now)
    await act(processings.set_done, processing.id, now=now)
    before = await act(processings.events_after, processing.id, 0)
    again = await act(processings.set_done, processing.id, now=now + LATER)
    rerun = await act(processings.start_step, processing.id, "deliver", now=now + LATER)

    assert (again.state, again.finished_at, rerun.state) == (State.DONE, now, State.DONE)
    assert await act(processings.events_after, processing.id, 0) == before


async def test_starting_again_forgets_the_last_failure_and_finishing_forgives_it(act, person, running_processing, now):
    processing = await running_processing(person)
    for failures in (1, 2):
        waiting = await act(processings.set_waiting, processing.id, code="c", detail="d", until=now, counts=True, now=now)
        assert waiting.failures == failures
        running = await act(processings.start_step, processing.id, "transcribe", now=now)
        assert (running.failures, running.error_code, running.error_detail, running.next_try_at) == (failures, None, None, None)
    patient = await act(processings.set_waiting, processing.id, code="c", detail="d", until=now, counts=False, now=now)
    await act(processings.start_step, processing.id, "transcribe", now=now)
    await act(processings.finish_step, processing.id, "transcribe", seconds=1.0, now=now)

    assert patient.failures == 2
    assert (await act(processings.get, processing.id)).failures == 0


async def test_a_failure_keeps_its_words_on_the_row_and_only_its_code_in_the_event(act, person, running_processing, now):
    processing = await running_processing(person)
    failed = await act(processings.set_failed, processing.id, code="media_empty", detail="This file \0is empty.", now=now)
    event = (await act(processings.events_after, processing.id, 0))[-1]

    assert (failed.state, failed.error_code, failed.error_detail, failed.finished_at) == (
        State.FAILED,
        "media_empty",
        "This file is empty.",
        now,
    )
    assert (event.step, event.state, event.detail) == ("processing", "failed", {"error_code": "media_empty"})


# --- notifications ----------------------------------------------------------------------------------


async def test_a_change_is_heard_and_can_be_read_by_who_hears_it(act, person, keep_processing, heard, now):
    processing = await keep_processing(person)
    reader = await heard()
    await act(processings.start_step, processing.id, "transcribe", now=now)
    async with asyncio.timeout(10):
        notification = await anext(reader)

    assert (notification.channel, notification.payload) == ("processing", f"{processing.id} {person}")
    assert (await act(processings.get, processing.id)).state is State.RUNNING


async def test_workers_hear_of_new_cancelled_and_retried_work(act, person, keep_processing, heard, now):
    reader = await heard()
    processing = await keep_processing(person)
    await act(processings.request_cancel, processing.id, now=now)
    await act(processings.retry, processing.id, now=now)
    calls = []
    async with asyncio.timeout(10):
        while len(calls) < 3:
            notification = await anext(reader)
            calls += [notification.payload] if notification.channel == "work" else []

    assert calls == [str(processing.id)] * 3


async def test_what_was_rolled_back_is_never_heard(database, act, person, keep_processing, heard, now):
    processing = await keep_processing(person)
    reader = await heard()

    async def fail():
        async with database.person(person) as connection:
            await processings.start_step(connection, processing.id, "discover", now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await act(processings.request_cancel, processing.id, now=now)
    async with asyncio.timeout(10):
        await anext(reader)

    assert _events(await act(processings.events_after, processing.id, 0)) == [("processing", "queued"), ("processing", "cancelled")]


# --- changing one's mind ----------------------------------------------------------------------------


async def test_what_does_not_run_is_cancelled_at_once(act, person, keep_processing, dispatch, now):
    processing = await keep_processing(person)
    cancelled = await act(processings.request_cancel, processing.id, now=now)

    assert (cancelled.state, cancelled.finished_at) == (State.CANCELLED, now)
    assert await act(processings.is_cancelled, processing.id)
    assert await dispatch() == []
    assert (await act(processings.request_cancel, processing.id, now=now + LATER)).finished_at == now, "asked twice"


@pytest.mark.parametrize("stop", ["set_waiting", "set_action_required"])
async def test_what_stands_still_is_cancelled_at_once(act, person, running_processing, stop, now):
    processing = await running_processing(person)
    more = {"until": now, "counts": True} if stop == "set_waiting" else {}
    await act(getattr(processings, stop), processing.id, code="c", detail="d", now=now, **more)

    assert (await act(processings.request_cancel, processing.id, now=now)).state is State.CANCELLED


async def test_what_runs_is_cancelled_by_its_worker(act, person, running_processing, now):
    processing = await running_processing(person)
    assert not await act(processings.is_cancelled, processing.id)
    asked = await act(processings.request_cancel, processing.id, now=now)
    assert (asked.state, asked.cancel_requested) == (State.RUNNING, True)
    assert await act(processings.is_cancelled, processing.id)

    with pytest.raises(Permanent) as caught:
        await act(processings.start_step, processing.id, "attribute", now=now)
    assert caught.value.code is ErrorCode.PROCESSING_CANCELLED
    assert (await act(processings.set_cancelled, processing.id, now=now)).state is State.CANCELLED


async def test_a_cancelled_run_that_fails_meanwhile_does_not_wait_for_another_try(act, person, running_processing, dispatch, now):
    processing = await running_processing(person)
    await act(processings.request_cancel, processing.id, now=now)
    found = await act(processings.set_waiting, processing.id, code="c", detail="d", until=now, counts=True, now=now)

    assert found.state is State.CANCELLED
    assert await dispatch(now + LATER) == []


async def test_a_finished_processing_cannot_be_cancelled(act, person, running_processing, now):
    processing = await running_processing(person)
    await act(processings.set_done, processing.id, now=now)
    with pytest.raises(Conflict) as caught:
        await act(processings.request_cancel, processing.id, now=now)

    assert caught.value.code is ErrorCode.PROCESSING_FINISHED


async def test_a_retry_is_a_new_attempt(act, person, running_processing, dispatch, now):
    processing = await running_processing(person)
    await dispatch()
    await act(processings.request_cancel, processing.id, now=now)
    await act(processings.set_failed, processing.id, code="c", detail="d", now=now)
    again = await act(processings.retry, processing.id, now=now)

    assert (again.state, again.attempt, again.cancel_requested) == (State.QUEUED, 2, False)
    assert (again.error_code, again.finished_at, again.started_at) == (None, None, now)
    assert await dispatch() == [(processing.id, 2)]


async def test_what_runs_or_is_done_is_not_retried(act, person, running_processing, now):
    processing = await running_processing(person)
    with pytest.raises(Conflict):
        await act(processings.retry, processing.id, now=now)
    await act(processings.set_done, processing.id, now=now)
    with pytest.raises(Conflict):
        await act(processings.retry, processing.id, now=now)


async def test_reconnecting_resumes_what_stood_still(act, person, running_processing, keep_processing, dispatch, now):
    stuck = await running_processing(person)
    await act(processings.set_action_required, stuck.id, code="reconnect_required", detail="Connect again.", now=now)
    failed = await keep_processing(person, "failed")
    await act(processings.set_failed, failed.id, code="c", detail="d", now=now)
    unpaid = await keep_processing(person, "unpaid")
    await act(processings.set_action_required, unpaid.id, code="model_quota_exhausted", detail="Add credit.", now=now)

    assert await act(processings.resume, person, "teams", now=now) == 0
    assert await act(processings.resume, person, "zoom", now=now) == 1
    assert (await act(processings.get, unpaid.id)).state is State.ACTION_REQUIRED
    assert (await act(processings.get, stuck.id)).attempt == 2
    assert (await act(processings.get, failed.id)).state is State.FAILED


async def test_a_deleted_processing_counts_as_cancelled(act):
    assert await act(processings.is_cancelled, uuid4())


# --- the ledger -------------------------------------------------------------------------------------

HEARD = Heard((Segment(0, 0.0, 1.0, "Hello."),), "en", billed_seconds=1.0, raw={"text": "Hello."})


@pytest.fixture
def ledger_of(database):
    return lambda of: StoredLedger(database, of.user_id, of.id, of.recording_id)


async def test_a_chunk_is_kept_once_and_found_by_later_attempts(act, person, running_processing, ledger_of, now):
    processing = await running_processing(person)
    ledger = ledger_of(processing)
    assert await ledger.get("k") is None
    await ledger.put("k", HEARD, engine="local:base", seconds=1.0)
    await ledger.put("k", Heard((), None), engine="local:base", seconds=9.0)
    await act(processings.set_failed, processing.id, code="c", detail="d", now=now)

    assert await ledger_of(processing).get("k") == HEARD


@pytest.mark.parametrize("end", ["request_cancel", "set_done", "set_cancelled"])
async def test_nothing_is_written_for_what_no_longer_runs(act, person, running_processing, ledger_of, end, now):
    processing = await running_processing(person)
    await act(getattr(processings, end), processing.id, now=now)
    ledger = ledger_of(processing)
    with pytest.raises(Permanent) as caught:
        await ledger.put("k", HEARD, engine="e", seconds=1.0)

    assert caught.value.code is ErrorCode.PROCESSING_CANCELLED
    assert await ledger.get("k") is None


async def test_nothing_is_written_for_a_person_who_is_gone(database, person, running_processing, ledger_of):
    processing = await running_processing(person)
    async with database.person(person) as connection:
        await recordings.remove(connection, person, "zoom")
    with pytest.raises(Permanent):
        await ledger_of(processing).put("k", HEARD, engine="e", seconds=1.0)


async def test_a_chunk_is_never_anothers(person, other_person, running_processing, ledger_of):
    mine, theirs = await running_processing(person), await running_processing(other_person)
    await ledger_of(mine).put("k", HEARD, engine="e", seconds=1.0)

    assert await ledger_of(theirs).get("k") is None


async def test_chunks_go_with_their_recording(database, person, running_processing, ledger_of, owner_dsn):
    processing = await running_processing(person)
    await ledger_of(processing).put("k", HEARD, engine="e", seconds=1.0)
    async with database.person(person) as connection:
        await recordings.remove(connection, person, "zoom")
    with psycopg.connect(owner_dsn) as owner:
        assert owner.execute("select count(*) from chunks").fetchone() == (0,)


# --- the answers of the language model --------------------------------------------------------------

ANSWER = Answer({"title": "Pläne", "actions": [{"text": "Ship.", "segment_ids": [1]}]}, Usage(100, 20, 1), "gpt-6-luna-2026-09-01")


@pytest.fixture
def answers_of(database):
    return lambda of: StoredAnswers(database, of.user_id, of.id, of.recording_id)


async def test_an_answer_is_kept_once_and_found_by_later_attempts(act, person, running_processing, answers_of, now):
    processing = await running_processing(person)
    answers = answers_of(processing)
    assert await answers.get("k") is None
    await answers.put("k", ANSWER)
    await answers.put("k", Answer({}, Usage(), "another"))
    await act(processings.set_failed, processing.id, code="c", detail="d", now=now)

    assert await answers_of(processing).get("k") == ANSWER


async def test_an_answer_with_text_that_postgresql_cannot_hold_is_kept_without_it(person, running_processing, answers_of):
    answers = answers_of(await running_processing(person))
    await answers.put("k", Answer({"title": "a\0b\ud800"}, Usage(), "m"))

    assert (await answers.get("k")).data == {"title": "ab\ufffd"}


async def test_no_answer_is_kept_for_what_no_longer_runs(act, person, running_processing, answers_of, now):
    processing = await running_processing(person)
    await act(processings.request_cancel, processing.id, now=now)
    with pytest.raises(Permanent) as caught:
        await answers_of(processing).put("k", ANSWER)

    assert caught.value.code is ErrorCode.PROCESSING_CANCELLED
    assert await answers_of(processing).get("k") is None


async def test_an_answer_is_never_anothers(person, other_person, running_processing, answers_of):
    mine, theirs = await running_processing(person), await running_processing(other_person)
    await answers_of(mine).put("k", ANSWER)

    assert await answers_of(theirs).get("k") is None


async def test_answers_go_with_their_recording(database, person, running_processing, answers_of, owner_dsn):
    await answers_of(await running_processing(person)).put("k", ANSWER)
    async with database.person(person) as connection:
        await recordings.remove(connection, person, "zoom")
    with psycopg.connect(owner_dsn) as owner:
        assert owner.execute("select count(*) from answers").fetchone() == (0,)


async def test_trying_a_queued_one_again_changes_nothing(database, person, keep_processing, now):
    queued = await keep_processing(person)
    async with database.person(person) as connection:
        assert await processings.retry(connection, queued.id, now=now) == queued
