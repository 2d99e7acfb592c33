"""A whole Momentum for each test: its database, a local Zoom, and a clock that the test moves. Called in-process where nothing streams."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy import event

from momentum.app import App, Providers
from momentum.inbound import free_port, listening
from momentum.model import Coverage, Deliverable, Gap, Options, Recording, Segment, Transcript, Word
from momentum.outbound.client import ApiClient
from momentum.outbound.download import Downloads
from momentum.providers import PROVIDERS, private_hosts
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, running_sandbox
from momentum.settings import load_settings
from momentum.store import deliverables, processings, recordings, transcripts
from momentum.store.keys import open_vault
from momentum.store.limits import SharedLimiter
from momentum.store.tokens import settled
from momentum.tools import Tools
from momentum.trial import Trial
from momentum.web.links import sign_in_link
from momentum.web.site import site
from momentum.web.tokens import mint

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "a-secret-of-more-than-thirty-two-bytes!"
PAGE = {
    "accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "sec-fetch-site": "none",
}
"""What a browser says it wants, when its person opens a page."""


class MovableClock:
    """The time, as the test says."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Client(httpx2.AsyncClient):
    """One browser or one program. `origin` is sent with unsafe methods, as browsers do."""

    def __init__(self, world: "World", *, token: str | None = None, **kwargs) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        kwargs.setdefault("transport", httpx2.ASGITransport(world.site, raise_app_exceptions=False))
        super().__init__(base_url=world.base, headers=headers, trust_env=False, timeout=20, **kwargs)
        self.world = world

    async def request(self, method, url, **kwargs):
        if method not in {"GET", "HEAD"} and "authorization" not in self.headers:
            kwargs["headers"] = {"origin": self.world.base} | dict(kwargs.get("headers") or {})
        return await super().request(method, url, **kwargs)

    async def read(self, deliverable_id: str):
        """The page of a document's meeting, with the document open."""
        leads = await self.get(f"/deliverables/{deliverable_id}")
        return await self.get(leads.headers["location"]) if leads.status_code == 303 else leads

    async def connect(self, account: str = "maya.chen@momentum.example") -> dict:
        """The whole flow as a program walks it; gives the connection."""
        begun = (await self.get("/api/zoom/auth-url")).json()
        answer = await self.post("/api/zoom/auth", json=await self.world.consent(begun["auth_url"], account))
        assert answer.status_code == 200, answer.text
        return answer.json()


class World:
    """Everything there is."""

    def __init__(self, app: App, zoom, clock: MovableClock, port: int) -> None:
        self.app, self.zoom, self.clock = app, zoom, clock
        self.site = site(app, port=port)
        self.port = port
        self.base = f"http://localhost:{port}"
        self.clients: list[Client] = []

    def token(self, subject: str = "ada", *, lifetime: timedelta = timedelta(hours=1), **changes) -> str:
        values = {"issuer": "momentum", "audience": "authenticated", "subject": subject, "now": self.clock(), "lifetime": lifetime}
        return mint(**({"secret": SECRET} | values | changes))

    def program(self, subject: str | None = "ada", **kwargs) -> Client:
        """Somebody's program, by bearer token; of nobody where `subject` is None."""
        client = Client(self, token=self.token(subject) if subject else None, **kwargs)
        self.clients.append(client)
        return client

    async def browser(self, *, signed_in: bool = True, subject: str | None = None, **kwargs) -> Client:
        """A browser, of the local person, or of whom `subject` names, where signed in."""
        client = Client(self, **kwargs)
        self.clients.append(client)
        client.headers.update(PAGE)
        if signed_in:
            answer = await client.get(urlsplit(await sign_in_link(self.app, subject=subject)).path)
            assert answer.status_code == 303, answer.text
        return client

    async def consent(self, auth_url: str, account: str = "maya.chen@momentum.example", decision: str = "allow") -> dict[str, str]:
        """What Zoom sends the browser back with, once the person of that account has decided."""
        url, _, query = auth_url.partition("?")
        form = dict(parse_qsl(query)) | {"decision": decision, "user": account}
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(url, data=form)
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def user_id(self, subject: str = "ada"):
        return UUID((await self.program(subject).get("/api/me")).json()["id"])

    async def user_id_of(self, client):
        return UUID((await client.get("/api/me")).json()["id"])

    async def keep_recording(self, user_id, recording):
        """Store a recording as if it had been discovered; gives its row."""
        async with self.app.database.person(user_id) as connection:
            await recordings.upsert(connection, user_id, "zoom", [recording], now=self.clock())
            return await recordings.find(connection, user_id, "zoom", recording.instance_id)

    async def keep_processing(self, user_id, recording_id, key="key"):
        async with self.app.database.person(user_id) as connection:
            return (await processings.create(connection, user_id, recording_id, "zoom", key, Options()))[0]

    async def keep_document(self, user_id, *, topic="Weekly planning", delivered=True, claims=(), segments=None, kind="highlights", **more):
        """A processed recording with its transcript and its highlights; gives (processing, transcript id, deliverable id)."""
        instance = f"uuid-{topic[:20].encode().hex()}=="
        recording = Recording(instance, "85550001234", topic, self.clock(), "Europe/Berlin", 30, 1000, "ada@example.org", ())
        row = await self.keep_recording(user_id, recording)
        processing = await self.keep_processing(user_id, row.id, key=instance)
        segments = segments or (Segment(0, 0.0, 1.5, "We ship on Friday.", speaker="Ada", words=(Word("We", 0.0, 0.2, 0.9),)),)
        transcript = Transcript(segments, language="en", seconds=4.0, source="own", engine="local:base", gaps=(Gap(2.0, 3.0),))
        more = {"coverage": Coverage(sent=(0,), cited=(0,))} | more
        draft = Deliverable(kind, "1", topic, "en", "We ship.", claims, **more)
        of = {"user_id": user_id, "recording_id": row.id, "processing_id": processing.id, "made_from": "this"}
        async with self.app.database.person(user_id) as connection:
            await processings.start_step(connection, processing.id, "transcribe", now=self.clock())
            transcript_id = await transcripts.save(connection, **of, transcript=transcript)
            await processings.set_made(connection, processing.id, transcript_id=transcript_id, audio_seconds=4.0)
            deliverable_id = await deliverables.save(connection, **of, transcript_id=transcript_id, deliverable=draft)
            if delivered:
                await deliverables.deliver(connection, [deliverable_id])
                await processings.set_done(connection, processing.id, now=self.clock())
        return processing, str(transcript_id), str(deliverable_id)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """The same site by real HTTP, for what streams."""
        async with listening(self.site, host="127.0.0.1", port=self.port):
            yield self.base

    async def aclose(self) -> None:
        for client in self.clients:
            await client.aclose()


@pytest.fixture(autouse=True)
def everything_logged(logged):
    """Events in place of lines on the screen."""


@pytest.fixture
def queries(world):
    """A block that gives the statements that were sent while it lasts."""

    @contextmanager
    def told():
        statements, engine = [], world.app.database._engine.sync_engine
        listener = lambda *call: statements.append(call[2])  # noqa: E731 -- the same one has to be taken away again
        event.listen(engine, "before_cursor_execute", listener)
        yield statements
        event.remove(engine, "before_cursor_execute", listener)

    return told


@pytest.fixture(scope="module")
def kept_dsn(cluster, template):
    """A migrated database for all tests of a file: a clone for each would take longer than the tests."""
    name = f"web_{uuid4().hex[:12]}"
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute(f"create database {name} template {template} strategy file_copy")
        yield cluster.dsn("postgres", name)
        owner.execute(f"drop database {name} with (force)")


@pytest.fixture
def owner_dsn(kept_dsn):
    """The superuser's URL; with the people everything goes that the test has made."""
    yield kept_dsn
    with psycopg.connect(kept_dsn, autocommit=True) as owner:
        for table in ("profiles", "deleted_people", "rate_limits", "audit_trail", "audit_inbox"):
            owner.execute(f"delete from {table}")


@pytest.fixture
def clock():
    return MovableClock(NOW)


@pytest.fixture
def port():
    return free_port("127.0.0.1")


@pytest.fixture
def redirect_uri(port):
    return f"http://localhost:{port}/api/zoom/auth"


@pytest.fixture
async def zoom(clock, redirect_uri):
    async with running_sandbox(now=clock, redirect_uris=(redirect_uri,)) as sandbox:
        yield sandbox


@pytest.fixture
def world_settings(zoom, owner_dsn, tmp_path, port, redirect_uri):
    """What the operator of this world has set."""
    return load_settings(
        _env_file=None,
        momentum_home=tmp_path,
        database_url=owner_dsn,
        momentum_kek=base64.b64encode(bytes(range(32))).decode(),
        host="127.0.0.1",
        port=port,
        public_url=None,
        jwt_secret=SECRET,
        jwt_jwks_url=None,
        jwt_issuer=None,
        openai_api_key=None,
        semantic_search=False,  # tests/embeddings has the model
        zoom_client_id=CLIENT_ID,
        zoom_client_secret=CLIENT_SECRET,
        zoom_redirect_uri=redirect_uri,
        zoom_oauth_base=zoom.oauth_base,
        zoom_api_base=zoom.api_base,
    )


@pytest.fixture
async def world(world_settings, database, app_dsn, clock, zoom):
    settings = world_settings
    client = ApiClient(private_hosts=private_hosts(settings))
    limiter = SharedLimiter(database)
    downloads = Downloads(clock=clock, private_hosts=private_hosts(settings), max_bytes=1000)
    providers = {name: made for name, make in PROVIDERS.items() if (made := make(settings, client, limiter, clock)) is not None}
    vault = await open_vault(database, settings)
    trial = Trial(settings, limiter, clock)
    tools = Tools(settings, clock)
    app = App(settings, clock, app_dsn, database, vault, client, downloads, limiter, Providers(providers, trial), tools, trial)
    made = World(app, zoom, clock, settings.port)
    yield made
    await made.aclose()
    await settled(database)
    await made.site.state.trying.stop()
    await trial.aclose()
    await client.aclose()
    await downloads.aclose()
    await limiter.aclose()


@pytest.fixture
async def ada(world):
    """Somebody's program, connected to Maya's Zoom."""
    client = world.program("ada")
    await client.connect()
    return client


@pytest.fixture
def refuses():
    """Holds an answer to the one shape of failures; gives the sentence."""

    def check(answer, status: int, code: str) -> str:
        assert answer.headers["content-type"] == "application/json", answer.text
        body = answer.json()
        assert (answer.status_code, body["error_code"], body["status_code"]) == (status, code, status), answer.text
        assert set(body) == {"detail", "error_code", "status_code"}
        return body["detail"]

    return check


@pytest.fixture
def cut_off(owner_dsn):
    """Takes the database away from the application while a block runs: every connection is ended, and none is let in."""
    name = urlsplit(owner_dsn).path.strip("/")

    @contextmanager
    def away():
        with psycopg.connect(owner_dsn.replace(f"/{name}", "/postgres"), autocommit=True) as owner:
            owner.execute(f"alter database {name} allow_connections false")
            owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
            try:
                yield
            finally:
                owner.execute(f"alter database {name} allow_connections true")

    return away
