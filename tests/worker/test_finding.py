"""What a worker makes findable: words at once, meanings behind, masked and noted where a server reads them."""

import contextlib

import openai_standin as wire
import pytest
from sqlalchemy import text

from momentum.embeddings.remote import RemoteEmbedder
from momentum.model import ProcessingState as State
from momentum.pipeline.search import search
from momentum.redaction import Redaction
from momentum.store import redactions
from momentum.store.passages import Filters
from momentum.worker.upkeep import INDEX_AGAIN, index_waiting

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
    found = await search(bench.app.database, ada, "shipping Monday", Filters(kind="transcript"), None, size=5)
    assert {hit.found.recording_id for hit in found.hits} == {done.recording_id}
    assert await index_waiting(bench.app) == 0

    bench.app.tools.embedder = embedder
    server.faults.extend([wire.status(503, {})] * 3)
    assert await index_waiting(bench.app) == 1
    assert await index_waiting(bench.app) == 0  # put off
    bench.clock.advance(seconds=INDEX_AGAIN.total_seconds())
    assert await index_waiting(bench.app) == 1

    (vectors, kept), *_ = bench.ask_database("select count(*), count(distinct embedder) from vectors")
    assert (vectors > 0, kept) == (True, 1)
    sent = [seen for seen in server.log if seen.path == "/v1/embeddings"]
    assert all("Monday" not in text for seen in sent for text in seen.body["input"])
    assert any("ship it on NAME_1" in text for text in sent[-1].body["input"])
    async with bench.app.database.person(ada) as connection:
        noted = (await connection.execute(text("select distinct purpose, model, recording_id from sendings"))).all()
        assert await connection.scalar(text("select count(*) from sendings")) == len(sent)
    assert [tuple(row) for row in noted] == [("search by meaning", "embed-small", done.recording_id)]
