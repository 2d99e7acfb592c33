"""What a worker makes findable: words at once, meanings behind, masked and noted where a server reads them."""

import asyncio
import contextlib

import numpy as np
import openai_standin as wire
import pytest
from sqlalchemy import text

from momentum.embeddings.remote import RemoteEmbedder
from momentum.model import Options, Recording, Segment, Transcript
from momentum.model import ProcessingState as State
from momentum.pipeline.index import CLAIMED
from momentum.pipeline.search import search
from momentum.redaction import Redaction
from momentum.store import indexings, processings, profiles, recordings, redactions, transcripts
from momentum.store.passages import Filters
from momentum.worker.upkeep import INDEX_AGAIN, index_waiting, read_waiting

pytestmark = pytest.mark.anyio


async def no_sleep(_seconds):
    pass


@pytest.fixture
async def server(anyio_backend):
    async with wire.running() as standin:
        standin.models["embed-small"] = {}
        yield standin


@pytest.fixture
async def embedder(bench, server):
    made = RemoteEmbedder(wire.KEY, server.base_url, "embed-small", clock=bench.clock, sleep=no_sleep)
    async with contextlib.aclosing(made):
        yield made


async def test_a_recording_is_found_once_it_is_done_and_its_meaning_is_read_by_whoever_comes_next(bench, server, embedder):
    ada = await bench.person()
    async with bench.app.database.person(ada) as connection:
        await redactions.put(connection, ada, Redaction.of([], ["Monday"]))
    async with bench.working():
        done = await bench.until(await bench.ask(ada), State.DONE)
    await index_waiting(bench.app)
    assert not await read_waiting(bench.app)  # there is no embedder
    found = await search(bench.app.database, ada, "shipping Monday", Filters(kind="transcript"), None, size=5)
    assert {hit.found.recording_id for hit in found.hits} == {done.recording_id}
    assert await index_waiting(bench.app) == 0

    bench.app.tools.embedder = embedder
    server.faults.extend([wire.status(503, {})] * 3)
    assert await read_waiting(bench.app)
    assert not await read_waiting(bench.app)  # put off
    bench.clock.advance(seconds=INDEX_AGAIN.total_seconds())
    assert await read_waiting(bench.app)

    (vectors, kept), *_ = bench.ask_database("select count(*), count(distinct embedder) from vectors")
    assert (vectors > 0, kept) == (True, 1)
    sent = [seen for seen in server.log if seen.path == "/v1/embeddings"]
    assert all("Monday" not in text for seen in sent for text in seen.body["input"])
    assert any("ship it on NAME_1" in text for text in sent[-1].body["input"])
    async with bench.app.database.person(ada) as connection:
        noted = (await connection.execute(text("select distinct purpose, model, recording_id from sendings"))).all()
        assert await connection.scalar(text("select count(*) from sendings")) == len(sent)
    assert [tuple(row) for row in noted] == [("search by meaning", "embed-small", done.recording_id)]


class Slow:
    """Says that every text means the same, once it may."""

    name, host, languages, floor = "slow", None, None, 0.0

    def __init__(self):
        self.read, self.reading, self.may = [], asyncio.Event(), asyncio.Event()

    async def embed(self, texts):
        self.read += texts
        self.reading.set()
        await self.may.wait()
        return [np.ones(2, np.float32)] * len(texts)


@pytest.fixture
async def heard(bench):
    """A person, and what keeps something said in a meeting of theirs; gives the recording's id."""
    async with bench.app.database.nobody() as connection:
        user_id = (await profiles.resolve(connection, issuer="test", subject="ada", email=None, name="Ada")).id

    async def keep(said):
        found = Recording(said, "1", "Talk", bench.clock(), None, 1, 1000, "ada@example.org", ())
        async with bench.app.database.person(user_id) as connection:
            await recordings.upsert(connection, user_id, "zoom", [found], now=bench.clock())
            recording_id = (await recordings.find(connection, user_id, "zoom", said)).id
            processing, _ = await processings.create(connection, user_id, recording_id, "zoom", said, Options())
            of = {"user_id": user_id, "recording_id": recording_id, "processing_id": processing.id, "made_from": "m"}
            transcript = Transcript((Segment(0, 0.0, 5.0, said, speaker="Ada"),), "en", 5.0, "own", "local:base")
            await transcripts.save(connection, **of, transcript=transcript)
        return recording_id

    return user_id, keep


async def test_no_word_waits_for_a_meaning(bench, heard):
    (ada, keep), slow = heard, Slow()
    bench.app.tools.embedder = slow
    await keep("We ship on Monday.")
    assert not await read_waiting(bench.app)  # its words come first
    assert await index_waiting(bench.app) == 1

    reading = asyncio.create_task(read_waiting(bench.app))
    await slow.reading.wait()
    await keep("The price goes up.")
    assert await index_waiting(bench.app) == 1
    found = await search(bench.app.database, ada, "price", Filters(), None, size=5)
    assert [hit.found.text for hit in found.hits] == ["The price goes up."]
    slow.may.set()
    assert await reading


async def test_a_meaning_is_read_by_one_worker_and_after_it_died_by_another(bench, heard):
    (ada, keep), slow = heard, Slow()
    bench.app.tools.embedder = slow
    recording_id = await keep("We ship on Monday.")
    await index_waiting(bench.app)

    first = asyncio.create_task(read_waiting(bench.app))
    await slow.reading.wait()
    assert not await read_waiting(bench.app)
    async with bench.app.database.person(ada) as connection:
        assert not await indexings.claim(connection, recording_id, "slow", now=bench.clock(), until=bench.clock())
    first.cancel()
    bench.clock.advance(seconds=CLAIMED.total_seconds())
    slow.may.set()
    assert await read_waiting(bench.app)
    assert not await read_waiting(bench.app)
    assert slow.read == ["We ship on Monday."] * 2
