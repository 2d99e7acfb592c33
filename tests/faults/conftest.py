"""Our real side (provider, store, pipeline) against a running sandbox, one fault after the other.

A table of each file in this folder says, for every switch it covers, what our side makes of it. A row is held to all
of this: the word for failure, its code and its whole sentence; how often Zoom was called; what is stored afterwards;
that nobody calls in vain once a person has to act; and that the same work succeeds when the fault is over.
"""

import hashlib
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx2
import psycopg
import pytest

from momentum.app import Connecting
from momentum.errors import ActionRequired, ErrorCode, MomentumError, Retry
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.model import ConnectionState, Heard, Meeting, Options, Segment, Word
from momentum.outbound.client import ApiClient
from momentum.outbound.download import Downloads
from momentum.pipeline import connect
from momentum.pipeline.discover import discover, discover_one
from momentum.pipeline.fetch import open_file
from momentum.pipeline.jobs import Job
from momentum.pipeline.origins import RecordingOrigin
from momentum.pipeline.places import MemoryShelf
from momentum.pipeline.process import process
from momentum.providers.filesets import best_source
from momentum.providers.zoom import Zoom
from momentum.sandbox import running_sandbox
from momentum.store import credentials, recordings
from momentum.store.tokens import StoredTokens, settled
from momentum.transcribers.base import Limits

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAYA = "maya.chen@momentum.example"
STANDUP = "sT4nd//Up7Platform9Dly=="
SPOKEN = "We decided to ship on Friday."


class VirtualTime:
    """The clock, and all waiting: who waits moves it on, so that no test sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.per_call = timedelta()

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)


class Pace:
    """A RateLimiter in virtual time: it waits out short pauses and gives long ones back, as the shared one does."""

    def __init__(self, time):
        self.time, self.pauses = time, {}

    async def wait(self, key, *, per_second, per_day=None):
        rest = (self.pauses.get(key, self.time.now) - self.time.now).total_seconds()
        if rest > 60:
            raise Retry(ErrorCode.PROVIDER_RATE_LIMITED, "The provider asked us to pause its calls for a while.", after=rest)
        self.time.now += timedelta(seconds=max(0, rest)) + self.time.per_call

    async def pause(self, key, until):
        self.pauses[key] = max(until, self.pauses.get(key, until))

    async def back_off(self, key):
        await self.pause(key, self.time.now + timedelta(minutes=1))
        return 60.0

    async def ease(self, key):
        """Nothing to take back: each case begins anew."""


class Ear:
    """An engine that hears the same in every chunk."""

    name = "local"
    limits = Limits(target_seconds=30, max_seconds=40, parallel=1)

    def parameters(self, language):
        return {"model": "ear", "language": language}

    async def transcribe(self, chunk, *, language):
        words = tuple(Word(word, 0.2 * i, 0.2 * i + 0.1) for i, word in enumerate(SPOKEN.split()))
        return Heard((Segment(0, 0.0, 2.0, SPOKEN, words=words),), "en")


@dataclass(frozen=True)
class Row:
    """What our side makes of one fault. Without `raises` the work succeeds in spite of it."""

    work: str
    """One of the works of Stand."""
    on: dict[str, Any] = field(default_factory=dict)
    """Options of the fault."""
    also: dict[str, Any] = field(default_factory=dict)
    """Other faults that are on with it."""
    raises: type[MomentumError] | None = None
    code: ErrorCode | None = None
    says: str = ""
    """The whole sentence."""
    after: float | None = None
    """Seconds until trying again makes sense, where our side must know that."""
    patience: float = 20
    """Seconds, of the real ones, that we wait for an answer."""
    calls: int = 0
    """Requests that reach Zoom while the fault is on, storage host included: never one too many."""
    state: ConnectionState = ConnectionState.ACTIVE
    """Of the connection, afterwards."""
    meeting: str = STANDUP
    fresh: bool = False
    """Whether the meeting is one that ended this moment."""
    ends: bool = False
    """Whether the grant is dead at Zoom by then, which our side learns when it next asks."""
    gives: Any = None
    """What the work gives in spite of the fault, where that is not the same as without; a function makes it of that."""
    quiet: bool = False
    """Whether the same work again makes no call at all, the fault being on still."""
    later: timedelta = timedelta()
    """How long after the fault's end the work is done again."""


class Stand:
    """A person, everything of ours that acts for them, and their Zoom."""

    def __init__(self, sandbox, time, database, vault, person, client, downloads, tools):
        self.sandbox, self.time, self.database, self.vault, self.person = sandbox, time, database, vault, person
        self.client, self.downloads, self.tools = client, downloads, tools
        self.pace = Pace(time)
        self.provider = Zoom(
            client,
            self.pace,
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            redirect_uri=sandbox.app.redirect_uris[0],
            oauth_base=sandbox.oauth_base,
            api_base=sandbox.api_base,
            clock=time,
            sleep=time.sleep,
        )
        self.meeting = STANDUP

    @property
    def to(self):
        return Connecting(self.database, self.vault, self.provider, self.time)

    @property
    def tokens(self):
        return StoredTokens(self.database, self.vault, self.provider, self.person, self.time)

    async def consent(self, account=MAYA):
        """Where the browser is sent back to, once the person has pressed *Allow*; gives its query."""
        begun = await connect.begin(self.to, self.person)
        url, _, query = begun.auth_url.partition("?")
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.post(url, data=dict(parse_qsl(query)) | {"decision": "allow", "user": account})
        return answer if answer.status_code != 302 else dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def stored(self):
        async with self.database.person(self.person) as connection:
            return await credentials.get(connection, self.vault, "zoom", self.person)

    # --- the works: each gives something that can be compared -------------------------------------

    async def connect(self):
        back = await self.consent()
        done = await connect.complete(self.to, self.person, state=back["state"], code=back.get("code"), error=back.get("error"))
        return done.connected, done.state, done.account_email, done.missing_scopes

    async def account(self):
        return (await self.provider.account(self.tokens)).email

    async def refresh(self):
        self.time.now = max(self.time.now, (await self.stored()).expires_at)
        return await self.account()

    async def sync(self):
        today = self.time.now.date()
        since = today - timedelta(days=30)
        await discover(self.database, self.provider, self.tokens, self.person, since=since, until=today, now=self.time.now)
        return await self.known()

    async def known(self):
        """Number -> kinds of the files that can be had, of every recording on record that is not gone."""
        async with self.database.person(self.person) as connection:
            since, until = self.time.now.date() - timedelta(days=60), self.time.now.date()
            page = await recordings.page(connection, self.person, "zoom", since=since, until=until, size=100)
        return {row.meeting_number: sorted(file.kind for file in row.files if file.ready) for row in page.rows}

    async def look(self):
        """What is on record of one meeting after it was asked for."""
        day = self.time.now
        one = await discover_one(self.database, self.provider, self.tokens, self.person, meeting_id=self.meeting, now=day)
        return one.instance_id, one.topic, one.started_at, sorted((file.kind, file.ready) for file in one.files)

    async def fetch(self):
        """Length and digest of the meeting's audio."""
        recording = await self.provider.recording(self.tokens, self.meeting)
        source = open_file(self.downloads, self.provider, self.tokens, recording, best_source(recording.files))
        digest, length = hashlib.sha256(), 0
        async with aclosing(source.stream()) as blocks:
            async for block in blocks:
                digest.update(block)
                length += len(block)
        return length, digest.hexdigest()

    async def hear(self):
        """Seconds heard, gaps, who speaks, and how many documents came of it."""
        origin = RecordingOrigin(
            self.provider, self.tokens, self.downloads, instance_id=self.meeting, meeting=Meeting("Stand-up", NOW), options=Options()
        )
        shelf = MemoryShelf()
        made = await process(Job(origin, shelf, Options(), self.tools))
        transcript = list(shelf.transcripts.values())[-1]
        return round(transcript.seconds), len(transcript.gaps), transcript.speakers, len(made)

    async def disconnect(self):
        done = await connect.disconnect(self.to, self.person)
        return done.disconnected, done.revoked

    # --- holding our side to a row ------------------------------------------------------------------

    async def holds(self, name, **facts):
        """The fault of this name ends as the row says."""
        row = Row(**facts)
        work = getattr(self, row.work)
        self.meeting = self.sandbox.end_meeting("short").uuid if row.fresh else row.meeting
        before = await self._healthy(row)
        known = await self.known()
        self.sandbox.faults.apply({name: row.on or True} | row.also)
        self.sandbox.requests.clear()
        self.client._client.timeout = row.patience
        if row.raises is None:
            gives = row.gives(before) if callable(row.gives) else row.gives
            assert await work() == (before if gives is None else gives)
        else:
            await self._fails(work, row)
        # Who gave up waiting stands in no log of answers.
        calls = max(len(self.sandbox.requests), self.sandbox.faults.fired["slow"])
        assert calls == row.calls, [(r.server, r.path, r.status) for r in self.sandbox.requests]
        assert self.sandbox.faults.fired[name], "the fault never struck"
        failed_to_connect = row.work == "connect" and row.raises
        assert await self.state() is (None if failed_to_connect or row.work == "disconnect" else row.state)
        if row.raises:
            assert await self.known() == known, "what was known before stays known"
        if row.quiet or row.state is not ConnectionState.ACTIVE:
            await self._stays_quiet(work)
        await self._works_again(work, row, before)
        assert self.sandbox.leaks == [], "no token ever reaches the storage host"

    async def _healthy(self, row):
        """What the work gives on a good day. Whoever is to be connected first has nothing yet."""
        if row.work == "connect":
            return True, "active", MAYA, ()
        await self.connect()
        await self.sync()
        return await getattr(self, row.work)() if row.work != "disconnect" else (True, True)

    async def _fails(self, work, row):
        with pytest.raises(row.raises) as failed:
            await work()
        error = failed.value
        assert (type(error), error.code, error.detail) == (row.raises, row.code, row.says)
        if row.after is not None:
            assert error.after == pytest.approx(row.after, abs=1)

    async def state(self):
        found = await self.stored()
        return found.state if found else None

    async def _stays_quiet(self, work):
        self.sandbox.requests.clear()
        with pytest.raises((ActionRequired, Retry)):
            await work()
        assert self.sandbox.requests == []

    async def _works_again(self, work, row, before):
        self.sandbox.faults.clear()
        self.client._client.timeout = Row.patience
        self.time.now += row.later
        if row.ends:
            with pytest.raises(ActionRequired) as ended:
                await work()
            assert ended.value.code is ErrorCode.RECONNECT_REQUIRED
            assert await self.state() is ConnectionState.RECONNECT_REQUIRED
        if (await self.state()) is not ConnectionState.ACTIVE and row.work != "connect":
            await self.connect()
        assert await work() == before
        assert await self.state() in {ConnectionState.ACTIVE, None}


# --- fixtures -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept_dsn(cluster, template):
    """A migrated database for all rows of a file: a clone for each would take longer than the rows."""
    name = f"faults_{uuid4().hex[:12]}"
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute(f"create database {name} template {template} strategy file_copy")
        yield cluster.dsn("postgres", name)
        owner.execute(f"drop database {name} with (force)")


@pytest.fixture
def owner_dsn(kept_dsn):
    yield kept_dsn
    with psycopg.connect(kept_dsn, autocommit=True) as owner:
        for table in ("profiles", "deleted_people", "rate_limits"):
            owner.execute(f"delete from {table}")


@pytest.fixture(scope="module")
async def decoder(anyio_backend):
    async with aclosing(Decoder(DecodeLimits())) as decoder:
        yield decoder


@pytest.fixture
async def stand(database, vault, person, decoder):
    time = VirtualTime()
    here = frozenset({"127.0.0.1"})
    tools = SimpleNamespace(decoder=decoder, transcriber=Ear(), llm=None, voices=None)
    async with (
        running_sandbox(now=time) as sandbox,
        ApiClient(private_hosts=here) as client,
        aclosing(Downloads(clock=time, private_hosts=here, pauses=(0, 0))) as downloads,
    ):
        yield Stand(sandbox, time, database, vault, person, client, downloads, tools)
        await settled(database)
