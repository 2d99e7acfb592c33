"""Processings from asking to done, on a worker of this process."""

import dataclasses

import pytest

from momentum.model import ProcessingState as State
from momentum.store import deliverables, transcripts

pytestmark = pytest.mark.anyio

STEPS = ["discover", "transcribe", "attribute", "generate", "verify", "deliver"]


async def test_what_is_asked_for_is_done_step_by_step(bench):
    ada = await bench.person()
    async with bench.working():
        done = await bench.until(await bench.ask(ada), State.DONE)
    assert set(done.seconds_per_step) == set(STEPS)
    assert done.audio_seconds > 30
    assert done.transcript_id is not None
    assert (done.attempt, done.failures, done.fraction) == (1, 0, 1.0)
    events = [(e.step, e.state) for e in await bench.events(done)]
    assert events[0] == ("processing", "queued")
    assert events[-1] == ("processing", "done")
    assert [step for step, state in events if state == "done"][:-1] == STEPS
    firsts = [step for i, (step, _) in enumerate(events) if step in STEPS and (step, "running") not in events[:i]]
    assert list(dict.fromkeys(firsts)) == STEPS


async def test_several_file_sets_are_one_document_with_the_gap_shown(bench):
    ada = await bench.person()
    bench.zoom.faults.set("several_sets")
    async with bench.working():
        done = await bench.until(await bench.ask(ada), State.DONE)
    async with bench.app.database.person(ada) as connection:
        transcript = (await transcripts.get(connection, done.transcript_id)).transcript
    (gap,) = transcript.gaps
    assert gap.end - gap.start > 30
    assert any(s.end <= gap.start for s in transcript.segments)
    assert any(s.start >= gap.end for s in transcript.segments)
    assert [s.id for s in transcript.segments] == list(range(len(transcript.segments)))


async def test_minutes_are_written_and_checked(bench, standin):
    ada = await bench.person()
    async with standin.running() as server, bench.language_model(standin, server):
        async with bench.working():
            done = await bench.until(await bench.ask(ada, deliverables=("minutes",)), State.DONE)
        async with bench.app.database.person(ada) as connection:
            (about,) = (await deliverables.page(connection, ada, size=5, processing_id=done.id)).rows
            found = (await deliverables.get(connection, about.id)).deliverable
    assert (about.kind, about.delivered) == ("minutes", True)
    assert [(claim.text, claim.state) for claim in found.claims] == [("We decided to ship it on Monday.", "verified")]
    assert len(server.calls) >= 1


ONCE_EACH = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:04.000\n{}: I will send it by Friday.\n\n2\n00:00:05.000 --> 00:00:06.000\nNote: thanks.\n"


@pytest.mark.parametrize("known_by", ["participant_audio", "timeline"])
async def test_who_speaks_only_once_is_known_by_the_providers_other_files(bench, standin, known_by):
    ada = await bench.person()
    asked = await bench.ask(ada, deliverables=("minutes",), transcript="zoom")
    meeting = bench.zoom.meeting("81230000003")
    name = meeting.participants[-1][0]
    files = {file.file_type: file for file in meeting.files}
    change = {"TRANSCRIPT": ONCE_EACH.format(name).encode()}
    if known_by == "participant_audio":
        bench.zoom.faults.set("participant_audio")
        change["TIMELINE"] = b"{}"
    before = {kind: files[kind].content for kind in change}
    try:
        for kind, content in change.items():
            object.__setattr__(files[kind], "content", content)
        async with standin.running() as server, bench.language_model(standin, server), bench.working():
            done = await bench.until(asked, State.DONE)
    finally:
        for kind, content in before.items():
            object.__setattr__(files[kind], "content", content)
    async with bench.app.database.person(ada) as connection:
        transcript = (await transcripts.get(connection, done.transcript_id)).transcript
    assert [(s.speaker, s.text) for s in transcript.segments] == [(name, "I will send it by Friday."), (None, "Note: thanks.")]
    (call,) = server.calls
    listed = [line for line in standin.text_of(call).splitlines() if line.startswith("Participants: ")]
    assert listed == [f"Participants: {', '.join([*(who for who, _ in meeting.participants), 'iPhone'])}"]


async def test_one_persons_backlog_does_not_starve_another(bench):
    ada, tom = await bench.person(), await bench.person("tom", "tom.reed@momentum.example")
    bench.ear.hold()
    backlog = [await bench.ask(ada, nonce=str(n)) for n in range(6)]
    async with bench.working():
        for one in backlog[:1]:
            await bench.until(one, State.RUNNING)
        late = await bench.ask(tom, "81230000004")
        await bench.until(late, State.RUNNING)
        states = [(await bench.get(one)).state for one in backlog]
        assert states.count(State.RUNNING) <= bench.app.settings.person_concurrency == 3
        bench.ear.go()
        for one in (late, *backlog):
            await bench.until(one, State.DONE)


async def test_a_worker_takes_no_more_than_it_can_carry(bench):
    people = [await bench.person(), await bench.person("tom", "tom.reed@momentum.example")]
    settings = bench.app.settings.model_copy(update={"worker_concurrency": 1})
    bench.app = dataclasses.replace(bench.app, settings=settings)
    bench.ear.hold()
    meetings = ("81230000003", "81230000004")
    asked = [await bench.ask(person, meeting) for person, meeting in zip(people, meetings, strict=True)]
    async with bench.working():
        await bench.ear.until_called(2)  # both of one recording: the engine takes two at a time
        assert sorted([(await bench.get(one)).state for one in asked]) == [State.QUEUED, State.RUNNING]
        bench.ear.go()
        for one in asked:
            await bench.until(one, State.DONE)
