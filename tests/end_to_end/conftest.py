"""A whole Momentum behind its doors: web and worker on real HTTP, a local Zoom, stand-ins for the models, people with tokens."""

import asyncio
import base64
import contextlib
import dataclasses
import importlib.util
import io
import os
import struct
import subprocess
import sys
from collections import deque
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import av
import httpx2
import numpy as np
import pytest
from aiohttp import web

from momentum.app import open_app
from momentum.cli.serve import doors
from momentum.inbound import free_port
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.model import Heard, Segment, Word
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, running_sandbox, samples
from momentum.settings import load_settings
from momentum.transcribers.base import Limits
from momentum.web.tokens import mint

SECRET = "a-secret-of-more-than-thirty-two-bytes!"
KEY = "sk-stand-in"
MAYA, TOM = "maya.chen@momentum.example", "tom.reed@momentum.example"
STANDUP = "81230000003"


class MovableClock:
    """Goes with the real one, and forward when the test says so."""

    def __init__(self):
        self.offset = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.offset


class Ear:
    """A transcription engine that hears the same in every chunk and counts its calls; `failures` come first, one a call."""

    name = "local"
    limits = Limits(target_seconds=10, max_seconds=15, parallel=1)

    def __init__(self):
        self.calls = 0
        self.failures = deque()
        self._open = asyncio.Event()
        self._open.set()

    def hold(self):
        """Hear nothing more until `go`."""
        self._open.clear()

    def go(self):
        self._open.set()

    def parameters(self, language):
        return {"model": "ear", "language": language}

    async def transcribe(self, chunk, *, language):
        self.calls += 1
        if self.failures and (failure := self.failures.popleft()):
            raise failure
        await self._open.wait()
        words = tuple(Word(word, 0.2 * i, 0.2 * i + 0.1) for i, word in enumerate(SPOKEN.split()))
        return Heard((Segment(0, 0.0, 2.0, SPOKEN, words=words),), "en")

    async def aclose(self):
        pass


SPOKEN = "We decided to ship on Friday."


@dataclasses.dataclass
class Tools:
    """What the worker works with; a test may put something else in a place."""

    decoder: Decoder
    transcriber: object
    llm: object | None = None
    voices: object | None = None


class Person:
    """Somebody's program: a bearer token, HTTP, and patience."""

    def __init__(self, house, subject):
        self.house = house
        now = house.clock()
        facts = {"issuer": "momentum", "audience": "authenticated", "now": now, "lifetime": timedelta(days=30)}
        bearer = {"authorization": f"Bearer {mint(SECRET, subject=subject, **facts)}"}
        self.http = httpx2.AsyncClient(base_url=house.base, headers=bearer, trust_env=False, timeout=30)

    async def connect(self, account=MAYA):
        begun = (await self.http.get("/api/zoom/auth-url")).json()
        url, _, query = begun["auth_url"].partition("?")
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.post(url, data=dict(parse_qsl(query)) | {"decision": "allow", "user": account})
        back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        return await self.http.post("/api/zoom/auth", json={"state": back["state"], "code": back["code"]})

    async def download(self, meeting=STANDUP, **wanted):
        return await self.http.post(f"/api/zoom/download/{quote(meeting, safe='')}", json=wanted)

    async def process(self, meeting=STANDUP, **wanted):
        """Ask for a processing; its id."""
        answer = await self.download(meeting, **wanted)
        assert answer.status_code == 202, answer.text
        return answer.json()["processing_id"]

    async def look(self, processing_id):
        answer = await self.http.get(f"/api/processings/{processing_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, processing_id, *states, seconds=40):
        """The processing, once it is in one of these states."""
        async with asyncio.timeout(seconds), self.house.app.database.listen("processing") as notices:
            async for _ in notices:
                found = await self.look(processing_id)
                if found["state"] in states:
                    return found
                assert found["state"] not in {"done", "failed", "cancelled", "action_required"}, found
        raise AssertionError("the listener ended")

    async def outcome(self, meeting=STANDUP, *, until=("done", "failed", "action_required", "waiting"), **wanted):
        """Process, and wait until there is something to tell."""
        return await self.until(await self.process(meeting, **wanted), *until)

    async def retry(self, processing_id):
        answer = await self.http.post(f"/api/processings/{processing_id}/retry")
        assert answer.status_code == 202, answer.text
        return processing_id

    async def transcript(self, processing):
        return (await self.http.get(f"/api/transcripts/{processing['transcript_id']}")).json()

    async def document(self, processing):
        (identity,) = processing["deliverable_ids"]
        return (await self.http.get(f"/api/deliverables/{identity}")).json()


class House:
    """The whole, and its switches."""

    def __init__(self, app, zoom, clock):
        self.app, self.zoom, self.clock = app, zoom, clock
        self.base = app.settings.base_url
        self.ear = Ear()
        self._decoder = app.tools.decoder
        self._real_files = {}
        self.reset()

    def reset(self):
        """As at the beginning of every test."""
        self.zoom.faults.clear()
        self.zoom.requests.clear()
        self.clock.offset = timedelta()  # the database keeps its own time: who was ahead of it for long would confuse the next
        for file, content in self._real_files.items():
            object.__setattr__(self.zoom.file(file)[1], "content", content)
        self.ear = Ear()
        tools = self.app.tools
        tools.decoder, tools.transcriber, tools.llm = self._decoder, self.ear, None
        self.app.downloads.max_bytes = self.app.settings.max_recording_bytes
        self.app.downloads.pauses = (0,)

    def hand_out(self, content, *, kind="M4A", meeting=STANDUP):
        """From now on these bytes are the meeting's file of that kind, everywhere in Zoom."""
        file = next(f for f in self.zoom.meeting(meeting).files if f.file_type == kind)
        self._real_files.setdefault(file.id, file.content)
        object.__setattr__(file, "content", content)

    async def later(self, **by):
        """Move the clock, and let the worker see it."""
        self.clock.offset += timedelta(**by)
        await self.app.database.ping()
        async with self.app.database.nobody() as connection:
            await connection.exec_driver_sql("select pg_notify('work', '')")

    def downloads(self):
        return [r for r in self.zoom.requests if r.server == "storage"]


@asynccontextmanager
async def _house(dsn, home):
    port = free_port("127.0.0.1")
    redirect_uri = f"http://localhost:{port}/api/zoom/auth"
    clock = MovableClock()
    async with running_sandbox(now=clock, redirect_uris=(redirect_uri,)) as zoom, contextlib.aclosing(Decoder(DecodeLimits())) as decoder:
        settings = load_settings(
            _env_file=None,
            momentum_home=home,
            database_url=dsn,
            momentum_kek=base64.b64encode(bytes(range(32))).decode(),
            host="127.0.0.1",
            port=port,
            public_url=None,
            jwt_secret=SECRET,
            jwt_jwks_url=None,
            jwt_issuer=None,
            openai_api_key=None,
            speech_api_key=None,
            transcriber="local",
            zoom_client_id=CLIENT_ID,
            zoom_client_secret=CLIENT_SECRET,
            zoom_redirect_uri=redirect_uri,
            zoom_oauth_base=zoom.oauth_base,
            zoom_api_base=zoom.api_base,
        )
        async with open_app(settings, clock) as opened:
            app = dataclasses.replace(opened, tools=Tools(decoder, Ear()))
            async with doors(app, with_web=True, with_worker=True):
                yield House(app, zoom, clock)


@pytest.fixture(scope="session")
def open_house():
    """Opens a house of one's own: `open_house(owner_dsn, home)`."""
    return _house


@pytest.fixture(scope="session")
def program():
    """Somebody's program at a house of one's own: `program(house, name)`."""

    @asynccontextmanager
    async def open_program(house, name):
        person = Person(house, name)
        async with person.http:
            yield person

    return open_program


@pytest.fixture(scope="module")
async def shared_house(cluster, template, anyio_backend, tmp_path_factory):
    """One house for the tests of a module: people and switches are new for each."""
    import psycopg

    name = f"house_{free_port('127.0.0.1')}"
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute(f"create database {name} template {template} strategy file_copy")
        async with _house(cluster.dsn("postgres", name), tmp_path_factory.mktemp("home")) as house:
            yield house
        owner.execute(f"drop database {name} with (force)")


@pytest.fixture
def house(shared_house):
    shared_house.reset()
    yield shared_house
    shared_house.reset()


@pytest.fixture
async def people(house, request):
    """Makes people who are gone again after the test, with all that is theirs."""
    made = []

    def make(name="ada"):
        made.append(Person(house, f"{name} in {request.node.name}"))
        return made[-1]

    yield make
    house.reset()
    for person in made:
        assert (await person.http.delete("/api/me")).status_code < 300
        await person.http.aclose()


@pytest.fixture
async def ada(people):
    """Somebody who is connected to Maya's Zoom."""
    person = people("ada")
    answer = await person.connect()
    assert answer.status_code == 200, answer.text
    return person


# --- recordings ---------------------------------------------------------------------------------------


def _video_without_sound():
    data = io.BytesIO()
    with av.open(data, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    return data.getvalue()


def _silence(hours, path):
    """Writes an m4a of digital silence: one encoded packet, again and again."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        stream = out.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate, frame.pts = 16_000, 0
        payload = bytes((stream.encode(frame) + stream.encode(None))[-1])
        for number in range(int(hours * 3600 * 16_000 / 1024)):
            packet = av.Packet(payload)
            packet.stream, packet.time_base = stream, Fraction(1, 16_000)
            packet.pts = packet.dts = number * 1024
            packet.duration = 1024
            out.mux(packet)
    return path


def _index_last():
    """The short sample as cameras write it: the index behind the samples."""
    data = io.BytesIO()
    with av.open(io.BytesIO(samples.load("short").audio)) as source, av.open(data, "w", format="mp4") as out:
        sound = source.streams.audio[0]
        stream = out.add_stream_from_template(sound)
        for packet in source.demux(sound):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return data.getvalue()


def _lying_length(factor):
    """The short sample, whose three headers tell `factor` times the seconds it has."""
    data = bytearray(samples.load("short").audio)
    for box, offset in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        at = data.index(box) + offset
        lie = int(int.from_bytes(data[at : at + 4], "big") * factor)
        data[at : at + 4] = lie.to_bytes(4, "big")
    return bytes(data)


def _announcing_more():
    """Five seconds of sound behind the head of an hour's."""
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 115_200_036, b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16, b"data", 115_200_000)
    return head + bytes(160_000)


def _long():
    """Two of the sample meetings, one after the other: several pieces for any engine."""
    data = io.BytesIO()
    with av.open(data, "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        for name in ("planning", "customer", "standup"):
            with av.open(io.BytesIO(samples.load(name).audio)) as source:
                for frame in source.decode(audio=0):
                    for converted in resampler.resample(frame):
                        converted.pts = None
                        out.mux(stream.encode(converted))
        out.mux(stream.encode(None))
    return data.getvalue()


class Recordings:
    """Bytes of recordings, good and bad."""

    speech = staticmethod(lambda: samples.load("short").audio)
    meeting = staticmethod(lambda: samples.load("standup").audio)
    cut_off = staticmethod(lambda: samples.load("standup").video[:60_000])
    text = staticmethod(lambda: b"Minutes of the meeting: nothing was said.\n" * 50)
    empty = staticmethod(lambda: b"")
    without_sound = staticmethod(_video_without_sound)
    silence = staticmethod(_silence)
    long = staticmethod(_long)
    index_last = staticmethod(_index_last)
    lying_length = staticmethod(_lying_length)
    announcing_more = staticmethod(_announcing_more)


@pytest.fixture
def tiny_disk(tmp_path):
    """A folder on a disk of 64 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0777", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="session")
def recording():
    return Recordings


# --- models -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wire():
    """The stand-in for a language model: its answers and faults."""
    name = "momentum_tests_standin"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.parent / "llm" / "standin.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
async def model_server(wire, anyio_backend):
    """A language model on loopback that writes the same minutes of everything."""
    async with wire.running() as server:
        server.answer = lambda body: filled(wire, body)
        yield server


def filled(wire, body):
    """The emptiest answer that fits the schema, whatever it is."""
    form = body["text"]["format"] if "text" in body else body["response_format"]["json_schema"]
    return _example(form["schema"], form["schema"].get("$defs", {}))


def _example(schema, defs):
    if "$ref" in schema:
        return _example(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in schema:
        return _example(schema["anyOf"][-1], defs)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"][-1] if isinstance(schema["type"], list) else schema["type"]
    if kind == "object":
        return {name: _example(part, defs) for name, part in schema["properties"].items()}
    return {"array": [], "string": "Nothing more.", "null": None, "integer": 0, "number": 0, "boolean": False}[kind]


@dataclasses.dataclass
class SpeechServer:
    """A transcription API: `faults` (status, body) are answered first, one a call, None = none; then the same words for everything."""

    base_url: str = ""
    calls: int = 0
    faults: deque = dataclasses.field(default_factory=deque)
    away: bool = False
    asked: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    hold: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    """Cleared: no answer until it is set."""

    async def answer(self, request):
        await request.read()
        self.calls += 1
        self.asked.set()
        await self.hold.wait()
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"message": "Incorrect API key.", "code": "invalid_api_key"}}, status=401)
        if self.away:
            return web.Response(status=503, text="<html>Service unavailable</html>", headers={"retry-after-ms": "1"})
        if self.faults and (fault := self.faults.popleft()):
            return web.json_response(fault[1], status=fault[0])
        return web.json_response({"text": SPOKEN})


@pytest.fixture
async def speech_server(anyio_backend):
    server = SpeechServer()
    server.hold.set()
    app = web.Application(client_max_size=30 * 2**20)
    app.router.add_post("/v1/audio/transcriptions", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield server
    await runner.cleanup()
