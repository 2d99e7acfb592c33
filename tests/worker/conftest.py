"""A worker on a real database, a local Zoom, an engine that hears without listening, and a clock that the test moves."""

import asyncio
import base64
import contextlib
import dataclasses
import importlib.util
import json
import logging
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx2
import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import text

from momentum.app import open_app
from momentum.llm import LanguageModel
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.model import Heard, Options, Segment, Word
from momentum.pipeline import connect
from momentum.pipeline.request import request_stored
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, running_sandbox
from momentum.settings import load_settings
from momentum.store import processings, profiles, recordings
from momentum.transcribers.base import Limits
from momentum.worker import working
from momentum.worker.engine import open_engine

SENTENCE = "We decided to ship it on Monday."
REDIRECT = "http://localhost:8000/api/zoom/auth"
MAYA = "maya.chen@momentum.example"
STANDUP = "81230000003"


class MovableClock:
    """Goes with the real one, and forward when the test says so."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, **by: float) -> None:
        self.offset += timedelta(**by)


class Ear:
    """A transcription engine that says the same of every chunk and remembers what it was given."""

    name = "local"
    limits = Limits(target_seconds=5, max_seconds=8, parallel=2)

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.heard: list[str] = []
        self.called = asyncio.Condition()
        self.open = asyncio.Event()
        self.open.set()
        self.failures: dict[int, Exception] = {}
        """By the number of the call that fails, from 1."""
        self.after: int | None = None
        """Calls that are answered before the engine goes silent."""

    def parameters(self, language):
        return {"model": "ear", "language": language}

    async def transcribe(self, chunk, *, language):
        self.calls.append(chunk.digest)
        async with self.called:
            self.called.notify_all()
        if failure := self.failures.pop(len(self.calls), None):
            raise failure
        if self.after is not None and len(self.calls) > self.after:
            self.open.clear()
        await self.open.wait()
        self.heard.append(chunk.digest)
        words = tuple(Word(word, i * 0.2, i * 0.2 + 0.2) for i, word in enumerate(SENTENCE.split()))
        return Heard((Segment(0, 0.0, words[-1].end, SENTENCE, words=words),), "en")

    async def until_called(self, times: int = 1) -> None:
        async with self.called:
            await asyncio.wait_for(self.called.wait_for(lambda: len(self.calls) >= times), 20)

    def hold(self, after: int = 0) -> None:
        """Answer that many calls more, and then none until `go`."""
        self.after = len(self.calls) + after
        if not after:
            self.open.clear()

    def go(self) -> None:
        self.after = None
        self.open.set()

    async def aclose(self):
        pass


@dataclasses.dataclass
class Tools:
    """What the steps work with."""

    decoder: Decoder
    transcriber: Ear
    llm: object | None = None
    voices: object | None = None
    embedder: object | None = None


class Bench:
    """The whole of Momentum without its web: people connect, ask, and wait for an outcome."""

    def __init__(self, app, zoom, clock, ear) -> None:
        self.app, self.zoom, self.clock, self.ear = app, zoom, clock, ear

    async def person(self, name="ada", account=MAYA):
        """A new person, connected to that Zoom account."""
        async with self.app.database.nobody() as connection:
            user_id = (await profiles.resolve(connection, issuer="test", subject=name, email=None, name=name)).id
        await self.connect(user_id, account)
        return user_id

    async def connect(self, user_id, account=MAYA):
        to = self.app.connecting("zoom")
        begun = await connect.begin(to, user_id)
        url, _, query = begun.auth_url.partition("?")
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.post(url, data=dict(parse_qsl(query)) | {"decision": "allow", "user": account})
        back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        return await connect.complete(to, user_id, state=back["state"], code=back["code"])

    async def ask(self, user_id, meeting=STANDUP, *, nonce=None, **options):
        """A processing of the meeting, known or not; gives it."""
        recording_id = await self.recording(user_id, meeting)
        async with self.app.database.person(user_id) as connection:
            return (await request_stored(connection, user_id, recording_id, Options(**options), nonce=nonce))[0]

    async def recording(self, user_id, meeting):
        async with self.app.database.person(user_id) as connection:
            known = await recordings.find(connection, user_id, "zoom", meeting)
        if known is None:
            found = await self.app.provider("zoom").recording(self.app.tokens("zoom", user_id), meeting)
            async with self.app.database.person(user_id) as connection:
                await recordings.upsert(connection, user_id, "zoom", [found], now=self.clock())
                known = await recordings.find(connection, user_id, "zoom", found.instance_id)
        return known.id

    async def get(self, of):
        async with self.app.database.person(of.user_id) as connection:
            return await processings.get(connection, of.id)

    async def do(self, verb, of):
        """`retry` or `request_cancel`."""
        async with self.app.database.person(of.user_id) as connection:
            return await verb(connection, of.id, now=self.clock())

    async def until(self, of, *states, seconds=30):
        """The processing, once it is in one of these states."""
        return await self.until_so(of, lambda found: found.state in states, seconds=seconds)

    async def until_so(self, of, wanted, seconds=30):
        async with asyncio.timeout(seconds), self.app.database.listen("processing") as notices:
            async for _ in notices:
                if wanted(found := await self.get(of)):
                    return found
        raise AssertionError("the listener ended")

    async def later(self, **by):
        """Move the clock and let the workers see it."""
        self.clock.advance(**by)
        self.zoom.advance(timedelta(**by).total_seconds())
        await self.wake()

    async def wake(self):
        async with self.app.database.nobody() as connection:
            await connection.execute(text("select pg_notify('work', '')"))

    async def events(self, of):
        async with self.app.database.person(of.user_id) as connection:
            return await processings.events_after(connection, of.id, 0)

    @contextlib.asynccontextmanager
    async def language_model(self, standin, server):
        """Minutes are written while the block runs, by a server that quotes the first segment it gets."""

        def minutes(body):
            number, text = re.search(r"^\[(\d+)\] [^:]*: (.*)$", standin.text_of(body), re.MULTILINE).groups()
            decision = {"quote": text, "segment_ids": [int(number)], "text": text}
            return {"topics": [], "decisions": [decision], "actions": [], "questions": [], "title": "A talk", "summary": "They decided."}

        server.answer = minutes
        model = LanguageModel(standin.KEY, server.base_url, "gpt-6-luna", "responses", 120_000, clock=self.clock)
        async with contextlib.aclosing(model):
            self.app.tools.llm = model
            yield model

    def ask_database(self, statement, *values):
        """One statement as the superuser; gives its rows."""
        url = self.app.settings.database_url.get_secret_value()
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(statement, values)
            return found.fetchall() if found.description else []

    def working(self, **kwargs):
        return working(self.app, **({"stop_seconds": 0.0} | kwargs))


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
async def zoom():
    async with running_sandbox(now=lambda: datetime.now(UTC), redirect_uris=(REDIRECT,)) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def engine_template(cluster, template):
    """A migrated database in which the job engine has made its tables, which takes it a while."""
    name = "momentum_worker_template"
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute(f"create database {name} template {template} strategy file_copy")

    class Idle:
        busy = False

        async def wind_down(self):
            pass

    async def once():
        dsn = cluster.dsn("momentum_app", name)
        async with open_engine(dsn, Idle(), executor_id="t", worker_concurrency=4, person_concurrency=3, stop_seconds=0):
            pass

    logging.getLogger("dbos").addHandler(logging.NullHandler())
    asyncio.run(once())
    return name


@pytest.fixture
def worker_dsn(cluster, engine_template):
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute(f"create database {name} template {engine_template} strategy file_copy")
        yield cluster.dsn("postgres", name)
        owner.execute(f"drop database {name} with (force)")


@pytest.fixture
def worker_settings(worker_dsn, zoom, tmp_path):
    return load_settings(
        _env_file=None,
        momentum_home=tmp_path,
        database_url=worker_dsn,
        momentum_kek=base64.b64encode(bytes(range(32))).decode(),
        jwt_secret=None,
        jwt_jwks_url=None,
        openai_api_key=None,
        speech_api_key=None,
        zoom_client_id=CLIENT_ID,
        zoom_client_secret=CLIENT_SECRET,
        zoom_redirect_uri=REDIRECT,
        zoom_oauth_base=zoom.oauth_base,
        zoom_api_base=zoom.api_base,
    )


@pytest.fixture
async def bench(worker_settings, clock, zoom):
    decoder = Decoder(DecodeLimits())
    ear = Ear()
    async with open_app(worker_settings, clock) as app, contextlib.aclosing(decoder):
        yield Bench(dataclasses.replace(app, tools=Tools(decoder, ear)), zoom, clock, ear)


@pytest.fixture
def engine_rows(worker_dsn):
    """Everything the job engine has stored, in plain words: one text per row, its columns as Python shows them."""

    def dump():
        with psycopg.connect(worker_dsn, row_factory=dict_row) as connection:
            tables = connection.execute("select table_name from information_schema.tables where table_schema = 'dbos'").fetchall()
            rows = {table["table_name"]: connection.execute(f'select * from dbos."{table["table_name"]}"').fetchall() for table in tables}
        return {name: [str(_plain(row)) for row in found] for name, found in rows.items()}

    return dump


def _plain(row):
    """The row, if it can be read: a pickle or any other sealed form would hide from every search what it holds."""
    assert row.get("serialization") in {None, "portable_json"}
    stored = {name: row[name] for name in ("inputs", "output", "error", "value", "message") if row.get(name) is not None}
    return row | {name: json.loads(value) for name, value in stored.items()}


@pytest.fixture(scope="session")
def standin():
    """The stand-in for a language model."""
    name = "momentum_tests_standin"
    if name not in sys.modules:
        path = Path(__file__).parent.parent / "llm" / "standin.py"
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
