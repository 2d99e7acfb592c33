"""What a worker lets others see of its work: figures, log lines with ids, the audit trail."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from momentum import exposition
from momentum.errors import ErrorCode, Permanent
from momentum.model import ProcessingState as State
from momentum.store import audit
from momentum.worker import upkeep

pytestmark = pytest.mark.anyio


@pytest.fixture
def figure(bench):
    async def value(name, **labels):
        families = text_string_to_metric_families((await exposition.page(bench.app)).decode())
        samples = [s.value for f in families for s in f.samples if (s.name, s.labels) == (f"momentum_{name}", labels)]
        return samples[0] if samples else 0.0

    return value


async def test_a_processing_leaves_figures_lines_with_ids_and_an_entry(bench, figure, logged):
    before = {name: await figure(name, **labels) for name, labels in FIGURES.items()}
    ada = await bench.person()
    async with bench.working(stop_seconds=10.0):
        done = await bench.until(await bench.ask(ada), State.DONE)
    assert {name: await figure(name, **labels) - before[name] for name, labels in FIGURES.items()} == {
        "processings_total": 1,
        "step_seconds_count": 1,
        "speech_seconds_total": pytest.approx(done.audio_seconds, abs=8),
    }
    (line,) = [event for event in logged if event["event"] == "processing_done"]
    ids = {"processing_id": str(done.id), "user_id": str(ada), "recording_id": str(done.recording_id), "workflow_id": f"{done.id}:1"}
    assert line.items() >= ids.items()
    assert await told(bench, ada) == [("momentum", "processing.end", f"processing:{done.id}", "ok")]


FIGURES = {
    "processings_total": {"outcome": "done"},
    "step_seconds_count": {"step": "transcribe"},
    "speech_seconds_total": {"engine": "local:ear"},
}


async def told(bench, user_id):
    await audit.chain(bench.app.database)
    async with bench.app.database.person(user_id) as connection:
        entries = await audit.mine(connection, bench.app.vault, user_id)
    return [(e.actor, e.action, e.object, e.outcome) for e in entries]


async def test_what_fails_is_counted_with_its_step_and_reason(bench, figure):
    before = await figure("step_failures_total", step="transcribe", error_code="media_no_audio")
    ada = await bench.person()
    bench.ear.failures[1] = Permanent(ErrorCode.MEDIA_NO_AUDIO, "There is no sound in it.")
    async with bench.working(stop_seconds=10.0):
        failed = await bench.until(await bench.ask(ada), State.FAILED)
    assert await figure("step_failures_total", step="transcribe", error_code="media_no_audio") == before + 1
    assert ("momentum", "processing.end", f"processing:{failed.id}", "media_no_audio") in await told(bench, ada)


async def test_a_fault_of_our_own_is_counted_as_one(bench, figure):
    before = await figure("faults_total", where="worker")
    ada = await bench.person()
    bench.ear.failures[1] = ZeroDivisionError()
    async with bench.working(stop_seconds=10.0):
        await bench.until(await bench.ask(ada), State.FAILED)
    assert await figure("faults_total", where="worker") == before + 1


async def test_a_lost_connection_is_noted(bench):
    ada = await bench.person()
    asked = await bench.ask(ada)
    bench.zoom.faults.set("admin_disabled")
    async with bench.working(stop_seconds=10.0):
        await bench.until(asked, State.ACTION_REQUIRED)
    assert ("momentum", "connection.lost", "connection:zoom", "reconnect_required") in await told(bench, ada)


async def test_workers_chain_what_waits_and_write_the_head_into_the_log(bench, logged, monkeypatch):
    monkeypatch.setattr(upkeep, "CHAIN_SECONDS", 0.01)
    ada = await bench.person()
    async with bench.app.database.person(ada) as connection:
        await audit.note(connection, bench.app.vault, ada, audit.Act("transcript.read"), now=bench.clock())
    async with bench.working(), asyncio.timeout(20):
        while not any(event["event"] == "audit_head" and event["sequence"] for event in logged):
            bench.clock.advance(hours=1)
            await asyncio.sleep(0.05)
    async with bench.app.database.nobody() as connection:
        head = await audit.head(connection)
    (line,) = [event for event in logged if event["event"] == "audit_head" and event["sequence"]][:1]
    assert (line["sequence"], line["hash"]) == (head.sequence, head.hash.hex())


async def test_a_worker_that_lives_is_counted(bench, figure):
    assert await figure("workers") == 0
    async with bench.working(stop_seconds=10.0):
        assert await figure("workers") == 1
