"""What a search does when the model of meanings does not."""

import asyncio
import contextlib
from datetime import UTC, datetime

import openai_standin
import pytest

from momentum.embeddings.remote import RemoteEmbedder
from momentum.pipeline.search import meaning_of

pytestmark = pytest.mark.anyio


async def test_a_server_that_hangs_costs_the_meaning_and_not_the_search(anyio_backend):
    come, arrived = asyncio.Event(), asyncio.Event()
    async with openai_standin.running() as server:
        server.models["embed-small"] = {}
        embedder = RemoteEmbedder(openai_standin.KEY, server.base_url, "embed-small", clock=lambda: datetime(2026, 11, 26, tzinfo=UTC))
        async with contextlib.aclosing(embedder):
            assert await meaning_of("When do we ship?", embedder) is not None
            server.faults.append(openai_standin.later(come, openai_standin.status(503, {}), arrived=arrived))
            assert await meaning_of("When do we ship?", embedder, seconds=0.2) is None
            assert arrived.is_set()
            come.set()
