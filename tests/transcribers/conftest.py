"""The packaged model, chunks, and a stand-in for a transcription API."""

import hashlib
from datetime import UTC, datetime

import pytest
from openai_standin import KEY, SpeechFacts, running

from momentum.media.cuts import Cutter
from momentum.media.voice import VoiceGate
from momentum.model import Chunk
from momentum.transcribers.local import LocalWhisper
from momentum.transcribers.openai import OpenAITranscriber


@pytest.fixture(scope="session")
def whisper_models(tmp_path_factory):
    """A folder in which the packaged weights get joined once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def whisper(whisper_models):
    """The packaged model, loaded once for all tests."""
    return LocalWhisper(None, 2, models=whisper_models)


@pytest.fixture(scope="session")
def chunk_of():
    """Makes one chunk of PCM that claims to be speech in the given spans, all of it by default."""

    def make(pcm, speech=None, index=0, start=0.0):
        spans = ((0.0, len(pcm) / 32_000),) if speech is None else tuple(speech)
        return Chunk(index, start, pcm, spans, hashlib.sha256(pcm).hexdigest())

    return make


@pytest.fixture(scope="session")
def chunks_of():
    """Cuts PCM as the pipeline does."""

    def cut(pcm, limits):
        gate, cutter = VoiceGate(), Cutter(limits.target_seconds, limits.max_seconds)
        chunks = cutter.feed(pcm, gate.feed(pcm))
        return chunks + cutter.feed(b"", gate.finish()) + cutter.finish()

    return cut


@pytest.fixture
async def speech_api(anyio_backend):
    """A transcription API on loopback that hears the same in everything, and knows a model of nobody else's."""
    async with running() as api:
        api.transcription = {"text": "Hello there."}
        api.models["my-own-model"], api.speech["my-own-model"] = {}, SpeechFacts(("json", "text", "verbose_json"), timestamps=True)
        yield api


@pytest.fixture
async def engine(speech_api):
    """Makes engines that talk to the stand-in; `engine.waits` are the seconds they would have slept."""
    opened, waits = [], []

    async def sleep(seconds):
        waits.append(seconds)

    def make(model="gpt-transcribe", key=KEY):
        made = OpenAITranscriber(
            key, speech_api.base_url, model, 2, clock=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC), sleep=sleep, chance=lambda: 0.0
        )
        opened.append(made)
        return made

    make.waits = waits
    yield make
    for made in opened:
        await made.aclose()
