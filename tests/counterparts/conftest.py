"""Servers that others wrote, in processes of their own, and our clients that talk to them or to the stand-in."""

import hashlib
import io
import json
import os
import ssl
import subprocess
import sys
import tempfile
import wave
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from openai_standin import running
from openai_standin.hearing import RATE, spans, speech

from momentum.llm import LanguageModel
from momentum.model import Chunk
from momentum.transcribers.openai import OpenAITranscriber
from momentum.transcribers.weights import packaged_weights

KEY = "sk-stand-in"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def no_authorities():
    """Each client reads the machine's certificates anew, half of the time these tests take; on loopback nobody shows one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx2._transports.default.create_ssl_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        yield


@pytest.fixture(scope="session")
def servers():
    """The environment in which the independent servers live."""
    home = Path(sys.prefix) / "counterparts"
    if not (home / ".installed").exists():
        pytest.skip("the independent servers are not installed: run tests/prepare")
    return home


@contextmanager
def _served(servers, script, facts):
    """What the script prints when it is ready; the process lives until the end of the block."""
    # Nothing may be fetched from anywhere; one thread, because several in a busy loop answer late beside other tests.
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [servers / "bin/python", Path(__file__).with_name(script), json.dumps(facts)]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, env=env) as process,
    ):
        try:
            line = process.stdout.readline()
            if not line:
                said.seek(0)
                pytest.fail(f"{script} did not start: {said.read()[-2000:].decode(errors='replace')}")
            yield json.loads(line)
        finally:
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="session")
def whisper_folder(servers):
    """The packaged Whisper weights as a folder, joined once for all runs."""
    return packaged_weights(servers / "models")


@pytest.fixture(scope="session")
def asr(servers, whisper_folder):
    """Base URLs of open-asr-server by the rules it keeps, and the name of its model."""
    rules = {
        "open": {},
        "small": {"max_upload_bytes": 300_000},
        "limited": {"rate_limit_per_minute": 1},
        "choosy": {"allowed_models": ["another"]},
    }
    with _served(servers, "serve_asr.py", {"model": str(whisper_folder), "key": KEY, "rules": rules}) as addresses:
        yield {name: f"{address}/v1" for name, address in addresses.items()} | {"model": f"faster-whisper:{whisper_folder}"}


@pytest.fixture(scope="session")
def llama(servers):
    """The base URL of llama.cpp's server: 256 tokens of context, answers of at most 128."""
    with _served(servers, "serve_llama.py", {"key": KEY, "alias": "smollm2", "context": 256, "answer": 128}) as ready:
        yield f"{ready['address']}/v1"


@pytest.fixture
async def standin(anyio_backend):
    async with running() as made:
        yield made


class Waits(list):
    """Seconds that would have been slept."""

    async def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
async def engine(waits):
    """Makes transcription clients: `engine(base_url, model)`."""
    made = []

    def make(base_url, model, *, key=KEY):
        made.append(OpenAITranscriber(key, base_url, model, 2, clock=lambda: NOW, sleep=waits, chance=lambda: 0.0))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
async def llm(waits):
    """Makes language model clients: `llm(base_url, model, api)`."""
    made = []

    def make(base_url, model, api, *, key=KEY, window=120_000):
        made.append(LanguageModel(key, base_url, model, api, window, clock=lambda: NOW, sleep=waits, chance=lambda: 0.0))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def chunk_of():
    """Makes a chunk of PCM whose speech lies in the given spans, all of it by default."""

    def make(pcm, speech=None):
        spans = ((0.0, len(pcm) / 32_000),) if speech is None else tuple(speech)
        return Chunk(0, 0.0, pcm, spans, hashlib.sha256(pcm).hexdigest())

    return make


# --- the stand-in -------------------------------------------------------------------------------------

SCHEMA = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"], "additionalProperties": False}
GOOD = {"summary": "We met."}
LINES = ((1.0, "alpha bravo charlie"), (12.0, "delta echo", 1), (24.0, "foxtrot golf hotel"), (36.0, "india juliett", 1))
SAID = "Alpha bravo charlie. Delta echo. Foxtrot golf hotel. India juliett."


@pytest.fixture
async def http(standin):
    """Plain HTTP to the stand-in, with a key: `http.upload(sound, name, **fields)` asks for a transcription."""
    async with httpx2.AsyncClient(
        base_url=standin.base_url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False, timeout=30
    ) as client:

        async def upload(sound, name="speech.wav", **fields):
            form = {"model": "gpt-transcribe"} | {field.replace("__", "[]"): value for field, value in fields.items()}
            return await client.post("audio/transcriptions", data=form, files={"file": (name, sound)})

        client.upload = upload
        yield client


@pytest.fixture(scope="session")
def wav():
    """PCM as a WAV file."""

    def make(pcm):
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(pcm)
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def talk():
    """PCM of 40 seconds in which two voices say `talk.said` in four lines."""

    class Talk(bytes):
        lines, said, spans = LINES, SAID, tuple(spans(*LINES))

    return Talk(speech(*LINES, seconds=40))


@pytest.fixture
def talking(talk, chunk_of):
    return chunk_of(talk, talk.spans)


@pytest.fixture
def ask(standin, llm, engine, talking):
    """Asks the stand-in through one of our clients: `ask("responses")`, `ask("chat")`, `ask("transcription")`; True = all came back."""
    standin.answer = lambda _body: GOOD

    async def put(door, *, key=KEY, model=None):
        if door == "transcription":
            client = engine(standin.base_url, model or "gpt-transcribe", key=key)
            heard = await client.transcribe(talking, language=None)
            return " ".join(s.text for s in heard.segments) == SAID
        client = llm(standin.base_url, model or "gpt-6-luna", door, key=key)
        answer = await client.json([{"role": "user", "content": "Hello"}], name="minutes", schema=SCHEMA)
        return answer.data == GOOD

    return put
