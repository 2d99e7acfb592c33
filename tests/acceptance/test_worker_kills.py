"""Workers that are killed, frozen or left without a database in the middle of a chunk: everything is finished, nothing paid for twice.

The workers are `momentum worker` itself, in processes of their own on one database; Zoom and the transcription API are counterparts
in this process.
"""

import asyncio
import contextlib
import os
import signal
from collections import Counter, defaultdict
from time import monotonic

import pytest

from momentum.worker import STOP_SECONDS
from tests.acceptance.installation import installed, until
from tests.acceptance.kills import (
    ANSWER_SECONDS,
    LONGEST_TAKEOVER,
    SETTINGS,
    WORKER,
    check_paid_once,
    round_with_a_kill,
    somebody_in_a_chunk,
)

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.timeout(900)]

ROUNDS = int(os.environ.get("MOMENTUM_KILL_ROUNDS", "5"))


@pytest.fixture
async def site(anyio_backend):
    async with installed(program=WORKER, answer_seconds=ANSWER_SECONDS, **SETTINGS) as made:
        await made.join()
        yield made


def _tell(figures):
    print(figures)  # noqa: T201 -- figures, for who runs it with -s


async def test_killed_workers_lose_no_work_and_pay_for_none_twice(site, record_property):
    await site.started()
    await site.started()
    rounds = [await round_with_a_kill(site, f"round {number}") for number in range(ROUNDS)]
    for one in rounds:
        _tell(one)
    record_property("takeover seconds", [one.takeover for one in rounds])
    assert max(one.takeover for one in rounds) < LONGEST_TAKEOVER


async def test_a_frozen_worker_that_wakes_up_late_writes_nothing_and_begins_again(site):
    await site.started()
    await site.started()
    before = len(site.speech.calls)
    asked = await site.ask("frozen")
    zombie = await somebody_in_a_chunk(site, before)
    zombie.signal(signal.SIGSTOP)
    frozen = monotonic()
    await until(lambda: site.unfinished_of(zombie) == 0, LONGEST_TAKEOVER)
    lost = site.speech.in_flight(zombie.name, frozen)
    _tell(f"takeover from a frozen worker: {monotonic() - frozen:.1f} s")
    await site.finished(asked)
    events = site.statement("select count(*) from processing_events")
    zombie.signal(signal.SIGCONT)
    await until(lambda: len(zombie.executors) > 1, 60)
    assert site.statement("select count(*) from processing_events") == events
    check_paid_once(site.speech.calls[before:], lost)
    assert "taken_for_dead" in {line["event"] for line in zombie.lines()}
    for other in site.programs:
        if other is not zombie:
            other.signal(signal.SIGTERM)
            other.process.wait(60)
    before = len(site.speech.calls)
    await site.finished(await site.ask("after"))
    assert {call.worker for call in site.speech.calls[before:]} == {zombie.name}


async def test_a_frozen_worker_that_wakes_up_in_the_middle_of_its_successors_work_stands_aside(site):
    await site.started()
    await site.started()
    before = len(site.speech.calls)
    asked = await site.ask("frozen")
    zombie = await somebody_in_a_chunk(site, before)
    zombie.signal(signal.SIGSTOP)
    frozen = monotonic()
    await until(lambda: site.unfinished_of(zombie) == 0, LONGEST_TAKEOVER)
    lost = site.speech.in_flight(zombie.name, frozen)
    woken = monotonic()
    zombie.signal(signal.SIGCONT)
    await site.finished(asked)
    lost += site.speech.sent_between(zombie.name, woken, woken + 1.0)
    check_paid_once(site.speech.calls[before:], lost)
    done = site.statement("select processing_id, count(*) from processing_events where step = 'processing' and state = 'done' group by 1")
    assert defaultdict(int, done) == dict.fromkeys(asked, 1)


async def test_a_worker_told_to_stop_hands_its_work_on_at_once(site):
    await site.started()
    before = len(site.speech.calls)
    asked = await site.ask("stop")
    victim = await somebody_in_a_chunk(site, before)
    victim.signal(signal.SIGTERM)
    told = monotonic()
    await asyncio.to_thread(victim.process.wait, 30)  # the counterparts in this process go on
    stopped = monotonic() - told
    # It had a few seconds to end by itself; what was asked for by then and had no answer is lost.
    lost = [c.digest for c in site.speech.calls if c.worker == victim.name and (c.answered or monotonic()) > told + STOP_SECONDS - 1]
    await site.started()
    await until(lambda: site.unfinished_of(victim) == 0, 15)
    _tell(f"stopped in {stopped:.1f} s, handed on {monotonic() - told - stopped:.1f} s later (a start included)")
    await site.finished(asked)
    check_paid_once(site.speech.calls[before:], lost)
    assert victim.process.returncode == 0
    assert "Traceback" not in victim.log.read_text()


async def test_workers_live_through_a_database_that_is_away(site):
    worker = await site.started()
    before = len(site.speech.calls)
    asked = await site.ask("away")
    await somebody_in_a_chunk(site, before)
    await site.postgres.stop()
    await asyncio.sleep(6)  # real time: connections have to fail
    await site.postgres.start()
    await site.finished(asked)
    assert worker.process.poll() is None
    assert len(worker.executors) == 1, "nobody was taken for dead"
    repeated = Counter((line["event"], line.get("loop")) for line in worker.lines() if line["level"] in {"warning", "error"})
    assert max(repeated.values(), default=0) < 15, repeated
    with contextlib.suppress(ProcessLookupError):
        worker.signal(signal.SIGTERM)
    assert worker.process.wait(60) == 0
