"""The stand-in server and a language model that talks to it."""

from datetime import UTC, datetime

import openai_standin
import pytest

from momentum.llm import LanguageModel

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def wire():
    """The stand-in's module: its answers and faults."""
    return openai_standin


@pytest.fixture
async def server(wire, anyio_backend):
    async with wire.running() as standin:
        yield standin


@pytest.fixture
async def ask(server, wire):
    """A builder of language models; `ask.waits` are the seconds they would have slept."""
    opened: list[LanguageModel] = []
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def build(api="responses", *, key=wire.KEY, model="gpt-6-luna", window=120_000, base_url=None):
        made = LanguageModel(key, base_url or server.base_url, model, api, window, clock=lambda: NOW, sleep=sleep, chance=lambda: 0.0)
        opened.append(made)
        return made

    build.waits = waits
    yield build
    for model in opened:
        await model.aclose()
