"""The packaged model, chunks, and a stand-in for a transcription API."""

import hashlib
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiohttp import web

from momentum.media.cuts import Cutter
from momentum.media.voice import VoiceGate
from momentum.model import Chunk
from momentum.transcribers.local import LocalWhisper
from momentum.transcribers.openai import OpenAITranscriber

KEY = "sk-stand-in"


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


@dataclass
class Call:
    """One request as it came."""

    form: dict
    file_name: str
    audio: bytes


@dataclass
class SpeechApi:
    """Answers transcription requests: `faults` first, one a call, then `answer`. Refuses a wrong key as OpenAI does."""

    base_url: str = ""
    answer: object = field(default_factory=lambda: {"text": "Hello there."})
    faults: deque = field(default_factory=deque)
    formats: tuple[str, ...] = ("json", "text", "verbose_json", "diarized_json")
    calls: list[Call] = field(default_factory=list)

    async def handle(self, request):
        if request.headers.get("authorization") != f"Bearer {KEY}":
            error = {"error": {"message": f"Incorrect API key provided: {KEY}", "type": "invalid_request_error", "code": "invalid_api_key"}}
            return web.Response(status=401, text=json.dumps(error), content_type="text/plain")
        post = await request.post()
        file = post["file"]
        fields = {k: post.getall(k) if k.endswith("[]") else post[k] for k in post if k != "file"}
        self.calls.append(Call(fields, file.filename, file.file.read()))
        if self.faults:
            fault = self.faults.popleft()
            return fault if isinstance(fault, web.Response) else fault(request)
        if fields["response_format"] not in self.formats:
            error = {"message": "response_format is not compatible", "type": "invalid_request_error", "code": "unsupported_value"}
            return web.json_response({"error": error}, status=400)
        answer = self.answer(self.calls[-1]) if callable(self.answer) else self.answer
        return answer if isinstance(answer, web.Response) else web.json_response(answer)


@pytest.fixture
async def speech_api(anyio_backend):
    """A transcription API on loopback."""
    api = SpeechApi()
    app = web.Application(client_max_size=30 * 2**20)
    app.router.add_post("/v1/audio/transcriptions", api.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield api
    await runner.cleanup()


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
