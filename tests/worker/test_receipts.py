"""Each document says what left the machine for it: every attempt, every byte, and nothing that was not sent."""

import contextlib

import openai_standin as wire
import pytest

from momentum.llm import LanguageModel
from momentum.model import ProcessingState as State
from momentum.store import deliverables, processings, templates
from momentum.transcribers.openai import OpenAITranscriber
from momentum.writers.own import Form, FormSection, named

pytestmark = pytest.mark.anyio

MINUTES = {"topics": [], "decisions": [], "actions": [], "questions": [], "title": "A talk", "summary": "They talked."}


async def no_sleep(_seconds):
    pass


@pytest.fixture
async def server(anyio_backend):
    async with wire.running() as standin:
        standin.answer = lambda _body: MINUTES
        yield standin


@pytest.fixture
async def remote(bench, server):
    """Both engines ask the stand-in."""
    speech = OpenAITranscriber(wire.KEY, server.base_url, "whisper-1", 2, clock=bench.clock, sleep=no_sleep)
    model = LanguageModel(wire.KEY, server.base_url, "gpt-6-luna", "responses", 120_000, clock=bench.clock, sleep=no_sleep)
    async with contextlib.aclosing(speech), contextlib.aclosing(model):
        bench.app.tools.transcriber, bench.app.tools.llm = speech, model
        yield bench


async def receipts_of(bench, done):
    async with bench.app.database.person(done.user_id) as connection:
        rows = (await deliverables.page(connection, done.user_id, size=5, processing_id=done.id)).rows
        return {row.kind: (await deliverables.get(connection, row.id)).deliverable.extra["receipt"] for row in rows}


def rows(receipt):
    """(what, requests, bytes, earlier) of each row."""
    return sorted((r["what"], r["requests"], r["bytes"], r["earlier"]) for r in receipt["sent"])


def got(server, path, first=0):
    """Requests and bytes the server counted itself."""
    sizes = [int(seen.headers["content-length"]) for seen in server.log[first:] if seen.path == path]
    return len(sizes), sum(sizes)


async def test_what_is_heard_here_and_written_by_rules_leaves_nothing(bench):
    ada = await bench.person()
    async with bench.working():
        done = await bench.until(await bench.ask(ada), State.DONE)
    (receipt,) = (await receipts_of(bench, done)).values()
    assert (receipt["nothing_left"], receipt["sent"], receipt["engine"], receipt["model"]) == (True, [], "local:ear", None)


async def test_every_attempt_counts_with_each_byte_the_server_got(remote, server):
    ada = await remote.person()
    server.faults_at[wire.AUDIO_PATH].append(wire.status(500, wire.error("broke", "server_error", None)))
    server.faults_at[wire.RESPONSES_PATH].append(wire.status(503, wire.error("busy", "server_error", None)))
    async with remote.working():
        done = await remote.until(await remote.ask(ada, deliverables=("minutes",), transcript="own"), State.DONE)
    receipt = (await receipts_of(remote, done))["minutes"]
    audio, text = got(server, wire.AUDIO_PATH), got(server, wire.RESPONSES_PATH)
    assert text[0] == 2
    assert audio[0] >= 2
    assert rows(receipt) == [("audio", *audio, False), ("text", *text, False)]
    assert {r["host"] for r in receipt["sent"]} == {server.base_url.split("/")[2]}
    assert receipt["nothing_left"] is True  # the server is on this machine, and the receipt says so
    assert all(r["stayed"] for r in receipt["sent"])


async def test_a_document_of_a_persons_own_form_has_a_receipt_too(remote, server):
    server.answer = lambda _body: {"section_1": [], "title": "A talk"}
    ada = await remote.person()
    form = Form("Retro", "For the team.", (FormSection("Mood", "How was it?"),))
    async with remote.app.database.person(ada) as connection:
        kept = await templates.create(connection, ada, form)
    writer = named(kept.id, kept.form.version)
    async with remote.working():
        done = await remote.until(await remote.ask(ada, deliverables=(writer,), transcript="zoom"), State.DONE)
    (receipt,) = (await receipts_of(remote, done)).values()
    assert rows(receipt) == [("text", *got(server, wire.RESPONSES_PATH), False)]


async def test_what_an_attempt_that_failed_has_sent_still_counts(remote, server):
    ada = await remote.person()
    server.faults_at[wire.RESPONSES_PATH].append(wire.status(401, wire.error("no", "invalid_request_error", "invalid_api_key")))
    asked = await remote.ask(ada, deliverables=("minutes",), transcript="own")
    async with remote.working():
        await remote.until(asked, State.ACTION_REQUIRED)
        heard = got(server, wire.AUDIO_PATH)
        await remote.do(processings.retry, asked)
        done = await remote.until(asked, State.DONE)
    assert done.attempt == 2
    assert got(server, wire.AUDIO_PATH) == heard
    assert rows((await receipts_of(remote, done))["minutes"]) == [
        ("audio", *heard, False), ("text", *got(server, wire.RESPONSES_PATH), False),
    ]  # fmt: skip


async def test_words_that_an_earlier_processing_sent_out_count_as_its(remote, server):
    ada = await remote.person()
    async with remote.working():
        await remote.until(await remote.ask(ada, deliverables=("minutes",), transcript="own"), State.DONE)
        before = len(server.log)
        heard = got(server, wire.AUDIO_PATH)
        again = await remote.until(await remote.ask(ada, deliverables=("highlights",), transcript="own", nonce="again"), State.DONE)
    assert len(server.log) == before
    receipts = await receipts_of(remote, again)
    assert rows(receipts["highlights"]) == [("audio", *heard, True)]


async def test_words_that_were_heard_elsewhere_before_receipts_were_kept_did_leave(remote, server):
    ada = await remote.person()
    async with remote.working():
        await remote.until(await remote.ask(ada, deliverables=("highlights",), transcript="own"), State.DONE)
        remote.ask_database("delete from sendings")  # as in a database of a former release
        again = await remote.until(await remote.ask(ada, deliverables=("highlights",), transcript="own", nonce="again"), State.DONE)
    receipt = (await receipts_of(remote, again))["highlights"]
    assert (receipt["nothing_left"], receipt["unrecorded"]) == (False, ["audio"])


async def test_a_server_that_nobody_reached_got_nothing(remote, server, worker_dsn):
    ada = await remote.person()
    away = LanguageModel(wire.KEY, "http://127.0.0.1:9/v1", "gpt-6-luna", "responses", 120_000, clock=remote.clock, sleep=no_sleep)
    async with contextlib.aclosing(away):
        remote.app.tools.llm = away
        asked = await remote.ask(ada, deliverables=("minutes",), transcript="zoom")
        async with remote.working():
            await remote.until(asked, State.WAITING)
    assert remote.ask_database("select count(*) from sendings") == [(0,)]


async def test_nothing_is_sent_that_cannot_be_noted(remote, server):
    ada = await remote.person()
    asked = await remote.ask(ada, deliverables=("minutes",), transcript="zoom")
    remote.ask_database("alter table sendings add constraint full_disk check (size < 0)")
    async with remote.working():
        stopped = await remote.until(asked, State.FAILED)
    assert stopped.error_code == "internal_error"
    assert server.calls == []
