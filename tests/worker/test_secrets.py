"""The hunt: half a hundred secrets go through everything Momentum does, failures included, and may show up nowhere.

Searched are every log line at its most talkative, as JSON and as text, what lands on the two standard streams, the body of
every refusal, and all that the job engine keeps, where not even a word of a meeting may be.
"""

import asyncio
import dataclasses
import io
import json
import logging
import re
import secrets as chance
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import httpx2
import psycopg
import pytest
import structlog
from aiohttp import web
from sqlalchemy import text

from momentum import logs
from momentum.app import open_app
from momentum.inbound import free_port
from momentum.model import ProcessingState as State
from momentum.sandbox import running_sandbox
from momentum.settings import load_settings
from momentum.web.links import sign_in_link
from momentum.web.site import site
from momentum.web.tokens import mint
from momentum.worker import working

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

SPOKEN = "The tangerine submarine is ours on Monday."
STANDUP, PLANNING = "81230000003", "81230000001"
MAYA, TOM = "maya.chen@momentum.example", "tom.reed@momentum.example"


class Secrets:
    """Name -> value of everything that must stay hidden."""

    def __init__(self):
        self.found: dict[str, str] = {}

    def new(self, name, size=24):
        return self.keep(name, chance.token_urlsafe(size))

    def keep(self, name, value):
        if value and value not in self.found.values():
            self.found[f"{name} {len(self.found)}"] = value
        return value

    def seen_in(self, haystack):
        """Names of secrets that stand in a text, as they are or as URLs and JSON spell them."""
        return [name for name, value in self.found.items() if any(form in haystack for form in _spellings(value))]


def _spellings(value):
    return {value, quote(value, safe=""), json.dumps(value)[1:-1], value.rstrip("=")}


@pytest.fixture
def hidden():
    return Secrets()


@pytest.fixture
def written(capfd):
    """All log lines of this test, at debug level, in both formats; gives what was written, the standard streams included."""
    as_json, as_text, root = io.StringIO(), io.StringIO(), logging.getLogger()
    handlers, level, factory, former = root.handlers[:], root.level, logging.getLogRecordFactory(), structlog.get_config()
    logs.configure("debug", "json", stream=as_json)
    root.addHandler(logs._handler(as_text, as_text=True))
    streams: list[str] = []

    def read():
        streams.extend(capfd.readouterr())
        return {"json": as_json.getvalue(), "text": as_text.getvalue(), "streams": "".join(streams)}

    yield read
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    structlog.configure(**former)


@pytest.fixture
async def vendors(anyio_backend, hidden, standin):
    """A transcription API and a language model that quote keys and words in what they refuse."""
    key = hidden.keep("OpenAI key", f"sk-{chance.token_urlsafe(30)}")
    faults: list[web.Response] = []

    async def transcribe(request):
        await request.read()  # not post(): where the client breaks off, its temporary file would be left open
        if faults:
            return faults.pop()
        segment = {"id": 0, "start": 0.1, "end": 2.0, "text": SPOKEN, "avg_logprob": -0.1, "no_speech_prob": 0.0}
        return web.json_response({"text": SPOKEN, "language": "english", "duration": 5.0, "segments": [segment]})

    def minutes(body):
        number, said = re.search(r"^\[(\d+)\] [^:]*: (.*)$", standin.text_of(body), re.MULTILINE).groups()
        decision = {"quote": said, "segment_ids": [int(number)], "text": said}
        return {"topics": [], "decisions": [decision], "actions": [], "questions": [], "title": SPOKEN, "summary": SPOKEN}

    async with standin.running() as model, _serving("/v1/audio/transcriptions", transcribe) as base:
        model.key, model.answer = key, minutes
        yield {"key": key, "faults": faults, "speech": base, "model": model}


@asynccontextmanager
async def _serving(path, handle):
    application = web.Application(client_max_size=30 * 2**20)
    application.router.add_post(path, handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


class World:
    """A whole Momentum with its worker, and every refusal anybody got."""

    def __init__(self, app, zoom, hidden, vendors, clock):
        self.app, self.zoom, self.hidden, self.vendors, self.clock = app, zoom, hidden, vendors, clock
        self.site = site(app, port=app.settings.port)
        self.base = f"http://localhost:{app.settings.port}"
        self.refusals: list[str] = []

    def client(self, token=None):
        async def note(answer):
            await answer.aread()
            for value in re.findall(r"=([\w-]{20,})", answer.headers.get("set-cookie", "")):
                self.hidden.keep("cookie", value)
            if answer.status_code >= 400:
                self.refusals.append(answer.text)

        headers = {"authorization": f"Bearer {token}"} if token else {"origin": self.base}
        transport = httpx2.ASGITransport(self.site, raise_app_exceptions=False)
        return httpx2.AsyncClient(
            base_url=self.base, headers=headers, transport=transport, trust_env=False, timeout=30, event_hooks={"response": [note]}
        )

    def token(self, subject, **changes):
        values = {"issuer": "momentum", "audience": "authenticated", "now": self.clock(), "lifetime": timedelta(hours=1)}
        secret = self.app.settings.jwt_secret.get_secret_value()
        return self.hidden.keep("bearer token", mint(subject=subject, **({"secret": secret} | values | changes)))

    async def consent(self, auth_url, account, decision="allow"):
        url, _, query = auth_url.partition("?")
        form = dict(parse_qsl(query)) | {"decision": decision, "user": account}
        async with httpx2.AsyncClient(trust_env=False) as browser:
            back = dict(parse_qsl(urlsplit((await browser.post(url, data=form)).headers["location"]).query))
        for name in ("code", "state"):
            self.hidden.keep(f"OAuth {name}", back.get(name))
        return back

    async def connect(self, client, account=MAYA):
        begun = (await client.get("/api/zoom/auth-url")).json()
        await self._note_verifiers()
        return await client.post("/api/zoom/auth", json=await self.consent(begun["auth_url"], account))

    async def _note_verifiers(self):
        url = self.app.settings.database_url.get_secret_value()
        with psycopg.connect(url) as connection:
            for user_id, sealed in connection.execute("select user_id, code_verifier from oauth_states"):
                self.hidden.keep("sealed verifier", sealed)
                where = {"table": "oauth_states", "column": "code_verifier", "user_id": user_id}
                self.hidden.keep("verifier", self.app.vault.open(sealed, **where))

    async def outcome(self, client, meeting=STANDUP, **wanted):
        """A recording processed anew, until nothing moves any more by itself."""
        answer = await client.post(f"/api/zoom/download/{meeting}", json={"force": True} | wanted)
        if answer.status_code != 202:
            return answer.json()
        url = urlsplit(answer.json()["status_url"]).path
        async with asyncio.timeout(40):
            while (found := (await client.get(url)).json())["state"] in {"queued", "running"}:  # noqa: ASYNC110 -- as programs do
                await asyncio.sleep(0.1)
        if found["state"] == "waiting":
            await client.post(f"{url}/cancel")
        return found

    def note_what_zoom_gave(self):
        """Every code, token and passcode the local Zoom has ever made."""
        grants = self.zoom.grants
        for name, made in (("access", grants._access), ("refresh", grants._refresh), ("code", grants._codes)):
            for value in made:
                self.hidden.keep(f"Zoom {name}", value)
        for value in self.zoom.download_tokens:
            self.hidden.keep("download token", value)
        for meeting in self.zoom.meetings:
            self.hidden.keep("passcode", meeting.files[0].id.replace("-", ""))


@pytest.fixture
async def world(worker_dsn, hidden, vendors, clock, tmp_path):
    port = free_port("127.0.0.1")
    redirect_uri = f"http://localhost:{port}/api/zoom/auth"
    async with running_sandbox(now=lambda: datetime.now(UTC), redirect_uris=(redirect_uri,)) as zoom:
        zoom.app = dataclasses.replace(zoom.app, client_secret=hidden.new("client secret"))
        signed = zoom.sign
        zoom.sign = lambda *args: hidden.keep("signature", signed(*args))
        settings = load_settings(
            _env_file=None,
            momentum_home=tmp_path,
            database_url=worker_dsn.replace("postgres@", f"postgres:{hidden.new('database password')}@"),
            momentum_kek=hidden.keep("KEK", "QVlrZ2pQbTRkV3Z4cTlMc0h6VDdiTjJjRTZ1SjBSZjE="),
            port=port,
            jwt_secret=hidden.new("JWT secret", 40),
            jwt_jwks_url=None,
            jwt_issuer=None,
            zoom_client_id=zoom.client_id,
            zoom_client_secret=zoom.client_secret,
            zoom_redirect_uri=redirect_uri,
            zoom_oauth_base=zoom.oauth_base,
            zoom_api_base=zoom.api_base,
            openai_api_key=vendors["key"],
            openai_base_url=vendors["model"].base_url,
            speech_base_url=vendors["speech"],
            speech_model="whisper-1",
        )
        async with open_app(settings, clock) as app, working(app, stop_seconds=0):
            yield World(app, zoom, hidden, vendors, clock)


async def _come_in(world):
    """Sign-in link, session cookie, bearer tokens good and bad."""
    link = urlsplit(await sign_in_link(world.app)).path
    world.hidden.keep("sign-in link", link.rpartition("/")[2])
    ada = world.client()
    ours = {"origin": world.app.settings.base_url}
    assert (await ada.post(link, headers=ours)).status_code == 303
    await ada.post(link, headers=ours)
    bob = world.client(world.token("bob"))
    assert (await bob.get("/api/me")).status_code == 200
    for bad in (
        world.token("eve", secret=world.hidden.new("foreign JWT secret", 40)),
        world.token("eve", lifetime=timedelta(hours=-2)),
        world.token("eve", audience="somebody"),
        world.hidden.new("garbage token"),
    ):
        async with world.client(bad) as stranger:
            assert (await stranger.get("/api/me")).status_code == 401
    return ada, bob


async def _connect(world, ada, bob):
    """Every way to connect, and every way that fails."""
    begun = (await ada.get("/api/zoom/auth-url")).json()
    world.hidden.keep("OAuth state", begun["state"])
    back = await world.consent(begun["auth_url"], MAYA)
    assert (await bob.post("/api/zoom/auth", json=back)).status_code == 422
    assert (await ada.get("/api/zoom/auth", params=back)).status_code == 200
    await ada.get("/api/zoom/auth", params=back)
    refused = await world.consent((await bob.get("/api/zoom/auth-url")).json()["auth_url"], TOM, "deny")
    await bob.post("/api/zoom/auth", json=refused)
    begun = (await bob.get("/api/zoom/auth-url")).json()
    wrong = {"state": world.hidden.keep("OAuth state", begun["state"]), "code": world.hidden.new("OAuth code")}
    assert (await bob.post("/api/zoom/auth", json=wrong)).status_code >= 400
    assert (await bob.post("/api/zoom/auth", json=wrong | {"code": [world.hidden.new("OAuth code")]})).status_code == 422
    assert (await bob.post("/api/zoom/auth", content="{" + world.hidden.new("broken JSON"))).status_code == 422
    assert (await world.connect(bob, MAYA)).status_code == 409
    assert (await world.connect(bob, TOM)).status_code == 200
    assert (await world.connect(ada, MAYA)).status_code == 200


PROVIDER_FAULTS = {
    "drop_connection": {"path": "/v2/meetings", "count": 1},
    "token_expired": {"count": 1},
    "rate_limit_daily": {},
    "ripening": {},
    "download_html_200": {},
    "download_401": {},
    "stale_url": {"count": 1},
    "download_404_html": {},
    "download_500": {"count": 1},
    "download_truncated": {"count": 1},
    "garbage_file": {},
    "text_file": {},
    "empty_file": {},
    "redirect_private": {},
    "redirect_loop": {},
}
LOST_CONNECTIONS = {"scope_missing": {"scope": "user:read:user"}, "invalid_token": {}, "user_removed": {}, "admin_disabled": {}}


async def _fail_at_the_provider(world, ada):
    states = set()
    for name, options in PROVIDER_FAULTS.items():
        world.zoom.faults.set(name, **options)
        states.add((await world.outcome(ada, PLANNING, transcript="own", language="en")).get("state"))
        world.zoom.faults.clear()
        async with world.app.database.nobody() as connection:
            await connection.execute(text("delete from chunks"))
            await connection.execute(text("delete from rate_limits"))
    for name, options in LOST_CONNECTIONS.items():
        world.zoom.faults.set(name, **options)
        await world.outcome(ada)
        world.zoom.faults.clear()
        world.note_what_zoom_gave()
        assert (await world.connect(ada)).status_code == 200
    return states


async def _fail_at_the_models(world, bob):
    key = world.vendors["key"]
    error = {"message": f"Incorrect API key provided: {key}. You said: {SPOKEN}", "type": "invalid_request_error"}
    answers = [
        web.json_response({"error": error | {"code": "invalid_api_key"}}, status=401),
        web.json_response({"error": error | {"code": "insufficient_quota"}}, status=429),
        web.Response(text=f"<html>{key}</html>", content_type="text/html"),
        web.json_response({"error": error}, status=400),
    ]
    meeting = "81230000004"
    outcomes = []
    for language, answer in zip(("de", "fr", "it", "es"), answers, strict=True):
        world.vendors["faults"].append(answer)
        outcomes.append((await world.outcome(bob, meeting, language=language))["state"])
    world.vendors["model"].answer = lambda _body: f"I will not. {key} {SPOKEN}"
    outcomes.append((await world.outcome(bob, meeting, deliverables=["minutes"], language="nl"))["state"])
    return outcomes


async def _break(world, bob):
    """Bugs of our own, whose exceptions and frames are full of secrets."""
    heard = world.app.tools.transcriber.transcribe
    token = next(iter(world.zoom.grants._access))

    async def broken(chunk, *, language):
        authorization = {"Authorization": f"Bearer {token}"}
        raise RuntimeError(f"bug with {authorization}, client_secret={world.zoom.client_secret}, {world.vendors['key']}")

    world.app.tools.transcriber.transcribe = broken
    try:
        outcome = await world.outcome(bob, "81230000004", language="pt")
    finally:
        world.app.tools.transcriber.transcribe = heard
    assert (outcome["state"], outcome["error_code"]) == ("failed", "internal_error")
    providers = world.app.providers._made
    former, providers["zoom"] = providers["zoom"], token
    assert (await bob.get("/api/zoom/auth-url")).status_code == 500
    providers["zoom"] = former
    await _break_the_entrance(world)


async def _break_the_entrance(world):
    link = urlsplit(await sign_in_link(world.app)).path
    world.hidden.keep("link of a broken entrance", link.rpartition("/")[2])
    with psycopg.connect(world.app.settings.database_url.get_secret_value(), autocommit=True) as owner:
        owner.execute("alter table sessions rename to gone")
        try:
            async with world.client() as visitor:
                assert (await visitor.post(link, headers={"origin": world.app.settings.base_url})).status_code == 500
        finally:
            owner.execute("alter table gone rename to sessions")


async def _ask_nonsense(world, ada, bob):
    secret = world.hidden.new("nonsense")
    for method, path in (("GET", f"/nowhere/{secret}"), ("PUT", "/api/zoom/status"), ("GET", f"/api/zoom/meetings?from={secret}")):
        await ada.request(method, path)
    await ada.get(f"/api/zoom/meetings?page_token={secret}")
    await bob.post(f"/api/zoom/download/{STANDUP}", json={"file_id": secret})
    await ada.post("/api/zoom/auth", json={"code": secret, "state": secret * 60})
    await ada.post("/api/zoom/auth", json={"code": secret * 100_000, "state": "s"})
    await ada.get(f"/enter/{secret}")
    await ada.request("DELETE", "/api/zoom/disconnect", headers={"origin": f"https://{secret}.example"})


async def _leave(world, ada, bob):
    assert (await ada.delete("/api/zoom/disconnect?delete_data=true")).status_code == 200
    assert (await world.outcome(ada))["error_code"] == "not_connected"
    assert (await bob.delete("/api/me")).status_code == 200
    await bob.get("/api/me")


def _engine(rows):
    assert len(rows["workflow_status"]) > 20
    assert len(rows["operation_outputs"]) > 50
    return "\n".join(row for found in rows.values() for row in found)


async def test_no_secret_shows_up_anywhere(world, written, hidden, engine_rows):
    ada, bob = await _come_in(world)
    await _connect(world, ada, bob)
    assert (await ada.get("/api/zoom/meetings")).status_code == 200
    done = await world.outcome(ada, deliverables=["minutes"])
    assert done["state"] == "done", done
    states = await _fail_at_the_provider(world, ada)
    assert {State.FAILED, State.WAITING, State.DONE} <= states
    assert {"action_required", "failed"} <= set(await _fail_at_the_models(world, bob))
    await _break(world, bob)
    await _ask_nonsense(world, ada, bob)
    world.note_what_zoom_gave()
    await _leave(world, ada, bob)
    await ada.aclose()
    await bob.aclose()

    assert len(set(hidden.found.values())) >= 50
    # This process also plays the browsers: what they say of their own requests is not Momentum's.
    found = {name: "\n".join(line for line in lines.splitlines() if world.base not in line) for name, lines in written().items()}
    structlog.get_logger("canary").info("canary", note=done["id"])
    refusals, engine = "\n".join(world.refusals), _engine(engine_rows())
    # The search can fail: what may be there is found.
    assert done["id"] in found["json"]
    assert done["id"] in found["text"]
    assert done["id"] in engine
    assert "error_code" in refusals
    assert len(world.refusals) > 15
    places = {**found, "refusals": refusals, "engine": engine}
    assert {place: names for place, haystack in places.items() if (names := hidden.seen_in(haystack))} == {}
    # What the job engine keeps lies outside row-level security and deletion: nobody's words, names or addresses either.
    spoken = [SPOKEN, "tangerine", MAYA, TOM, "Maya", "Platform", "stand-up", "Exception", "Traceback"]
    assert [word for word in spoken if word.casefold() in engine.casefold()] == []
    assert re.findall(r"\w*Error\b|WorkflowBroke", engine) == []


def test_the_hunt_finds_what_is_there(hidden):
    value = hidden.keep("planted", "a+secret/with=signs")
    assert hidden.seen_in(f"so {quote(value, safe='')} it is") == ["planted 0"]
    assert hidden.seen_in("nothing") == []


def test_the_hunt_reads_both_formats_and_the_streams(written, hidden):
    canary = hidden.keep("canary", "canary-in-a-harmless-place")
    structlog.get_logger("any").info("sings", note=canary)
    logging.getLogger("library").debug("sings %s", canary)
    print(canary)  # noqa: T201 -- what a careless line would do
    assert {place for place, haystack in written().items() if hidden.seen_in(haystack)} == {"json", "text", "streams"}
