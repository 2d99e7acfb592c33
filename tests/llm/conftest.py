"""The stand-in server and a language model that talks to it."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from momentum.llm import LanguageModel

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _load():
    name = "momentum_tests_standin"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("standin.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def wire():
    """The stand-in's module: its answers and faults."""
    return _load()


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
