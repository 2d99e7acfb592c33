"""Meanings by the packaged model, whose real weights are read, and by a server."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import openai_standin
import pytest

from momentum.embeddings.minilm import BATCH, MiniLM, installed_files
from momentum.embeddings.remote import RemoteEmbedder, read_vectors
from momentum.errors import ActionRequired, ErrorCode, Permanent, Retry

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_a_paraphrase_is_nearer_than_what_speaks_of_something_else():
    embedder = MiniLM(installed_files())
    asked, paraphrase, other, long = await embedder.embed(
        ["When does the new pricing start?", "The updated price list takes effect in March.", "The cat sat on the mat.", "word " * 1000]
    )

    assert asked @ paraphrase > embedder.floor > asked @ other
    assert [len(asked), round(float(np.linalg.norm(long)), 3)] == [384, 1.0]


async def test_a_question_goes_before_the_rest_of_what_a_worker_reads():
    embedder = MiniLM(installed_files())
    reading = asyncio.create_task(embedder.embed(["word"] * 3 * BATCH))
    await asyncio.sleep(0)

    await embedder.embed(["When does the new pricing start?"])

    assert not reading.done()
    assert len(await reading) == 3 * BATCH


async def test_files_that_are_not_the_ones_we_know_are_refused(tmp_path):
    wrong = tmp_path / "model.onnx"
    wrong.write_bytes(b"onnx")

    with pytest.raises(Permanent) as caught:
        await MiniLM(replace(installed_files(), network=wrong)).embed(["a"])

    assert caught.value.code is ErrorCode.WEIGHTS_UNTRUSTED


@pytest.fixture
async def server(anyio_backend):
    async with openai_standin.running() as standin:
        standin.models["embed-small"] = {}
        yield standin


@pytest.fixture
async def remote(server):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    embedder = RemoteEmbedder(openai_standin.KEY, server.base_url, "embed-small", clock=lambda: NOW, sleep=sleep, chance=lambda: 0.0)
    yield embedder
    await embedder.aclose()


async def test_a_server_reads_texts_in_batches_and_in_any_order(server, remote):
    server.faults.append(openai_standin.status(503, {}))
    texts = [f"text {n}" for n in range(70)]

    vectors = await remote.embed([*texts, ""])
    again = await remote.embed(texts[66:67])

    assert [len(seen.body["input"]) for seen in server.log] == [64, 64, 7, 1]
    assert np.allclose(vectors[66], again[0])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)
    assert remote.name == f"embed-small at {remote.host}"


async def test_a_model_that_is_not_there_is_told_by_its_setting(server, remote):
    del server.models["embed-small"]

    with pytest.raises(ActionRequired, match="EMBEDDING_MODEL"):
        await remote.embed(["a"])


@pytest.mark.parametrize(
    ("body", "error", "told"),
    [
        ({}, ActionRequired, "OPENAI_BASE_URL"),
        ({"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}, ActionRequired, "OPENAI_BASE_URL"),
        ({"data": [{"embedding": "no"}]}, Retry, "cannot be read"),
        ({"data": [7]}, Retry, "cannot be read"),
        ({"data": [{"embedding": [0.0, 0.0]}]}, Retry, "cannot be read"),
    ],
)
def test_an_answer_that_is_none_is_refused(body, error, told):
    with pytest.raises(error, match=told):
        read_vectors(body, 1)
