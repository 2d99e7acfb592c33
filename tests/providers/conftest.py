"""A provider, its connection and its vendor, all in this process and on loopback."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from momentum.errors import ActionRequired, ErrorCode
from momentum.outbound.client import ApiClient
from momentum.providers.oauth import challenge_of, new_secret
from momentum.providers.zoom import Zoom
from momentum.sandbox import running_sandbox


@dataclass
class MemoryTokens:
    """A TokenSource in memory: every replacement is the next number; a suspended connection gives no token."""

    access_token: str = "token-1"
    account: str = "acct"
    api_base: str | None = None
    replaced: list[str] = field(default_factory=list)
    suspended: list[tuple[str, str]] = field(default_factory=list)
    lacking: tuple[str, ...] = ()
    refresh: Callable | None = None

    async def token(self):
        if self.suspended:
            raise ActionRequired(ErrorCode.RECONNECT_REQUIRED, "Suspended.")
        return self.access_token

    async def replace(self, refused):
        self.replaced.append(refused)
        self.access_token = await self.refresh() if self.refresh else f"token-{len(self.replaced) + 1}"
        return self.access_token

    async def suspend(self, state, reason, *, scopes=()):
        self.suspended.append((str(state), reason))
        self.lacking = tuple(scopes)


@dataclass
class MemoryLimiter:
    """A RateLimiter that lets everything pass and remembers what it was told."""

    waits: list[tuple[str, float, int | None]] = field(default_factory=list)
    pauses: list[tuple[str, datetime]] = field(default_factory=list)
    back_offs: list[str] = field(default_factory=list)
    eased: list[str] = field(default_factory=list)
    backs_off: float = 60.0

    async def wait(self, key, *, per_second, per_day=None):
        self.waits.append((key, per_second, per_day))

    async def pause(self, key, until):
        self.pauses.append((key, until))

    async def back_off(self, key):
        self.back_offs.append(key)
        return self.backs_off

    async def ease(self, key):
        self.eased.append(key)


@dataclass
class Vendor:
    """A vendor that answers from a script: one entry is (status, JSON or text, headers); the last is repeated."""

    base: str = ""
    scripts: dict[str, list] = field(default_factory=dict)
    seen: list[web.BaseRequest] = field(default_factory=list)
    forms: list[dict] = field(default_factory=list)

    def answers(self, path, *script):
        """What `path`, as sent and without its query, answers from now on."""
        self.scripts[path] = [entry if isinstance(entry, tuple) else (200, entry) for entry in script]

    def asked(self, path=""):
        """The queries of the requests for `path`, in order."""
        return [dict(request.query) for request in self.seen if request.raw_path.partition("?")[0] == path]

    async def answer(self, request):
        self.seen.append(request)
        self.forms.append(dict(await request.post()))
        script = self.scripts.get(request.raw_path.partition("?")[0])
        if not script:
            return web.json_response({"code": 2300, "message": "This API endpoint is not recognized."}, status=404)
        status, body, headers = (*(script.pop(0) if len(script) > 1 else script[0]), {})[:3]
        if body is None:
            request.transport.abort()
            return web.Response()
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html", headers=headers)
        return web.json_response(body, status=status, headers=headers)


@dataclass
class World:
    """A Zoom of our own making and a provider that talks to it at a fixed moment."""

    vendor: Vendor
    zoom: Zoom
    tokens: MemoryTokens
    limiter: MemoryLimiter
    slept: list[float]
    now: datetime


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
async def world():
    vendor, slept = Vendor(), []
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", vendor.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    vendor.base = f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def sleep(seconds):
        slept.append(seconds)
        await asyncio.sleep(0)

    client = ApiClient(private_hosts=frozenset({"127.0.0.1"}))
    limiter = MemoryLimiter()
    zoom = Zoom(
        client,
        limiter,
        client_id="id",
        client_secret="S3CRET",
        redirect_uri="http://localhost:8000/api/zoom/auth",
        oauth_base=vendor.base,
        api_base=f"{vendor.base}/v2",
        clock=lambda: NOW,
        sleep=sleep,
    )
    yield World(vendor, zoom, MemoryTokens(), limiter, slept, NOW)
    await client.aclose()
    await runner.cleanup()


@dataclass
class Days:
    """Dates relative to the world's moment."""

    today = NOW.date()

    def ago(self, days):
        return self.today - timedelta(days=days)


@pytest.fixture
def days():
    return Days()


# --- a counterpart for each provider: a whole vendor of its own, independent of the provider's code ---------


@dataclass
class GrantTokens(MemoryTokens):
    """A TokenSource over a real grant: it refreshes at the vendor, as the store's does, without the store."""

    provider: object = None
    grant: object = None

    @classmethod
    def of(cls, provider, grant):
        source = cls(access_token=grant.access_token, api_base=grant.api_base, provider=provider, grant=grant)
        source.refresh = source._next
        return source

    async def _next(self):
        self.grant = await self.provider.refresh(self.grant.refresh_token)
        return self.grant.access_token


@dataclass
class ZoomCounterpart:
    """The sandbox behind the words every vendor's counterpart has to understand."""

    provider: Zoom
    sandbox: object
    client: ApiClient
    limiter: MemoryLimiter

    async def consent(self, state, verifier):
        """Walk the consent page as a browser does; gives the query of the redirect."""
        url = self.provider.authorize_url(state=state, challenge=challenge_of(verifier))
        answer = await self.client.request("GET", f"{url}&auto_approve=1")
        assert answer.status == 302, answer.body
        return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    async def connected(self):
        """The tokens of a fresh consent."""
        verifier = new_secret()
        code = (await self.consent("state", verifier))["code"]
        return GrantTokens.of(self.provider, await self.provider.exchange(code=code, verifier=verifier))

    @property
    def recorded(self):
        """Instance ids of what the connected person recorded, trash aside; and their number for each."""
        mine = [one for one in self.sandbox.meetings if one.owner == self.sandbox.signed_in and not one.trashed]
        return {one.uuid: str(one.number) for one in mine}

    @property
    def trashed(self):
        return {one.uuid for one in self.sandbox.meetings if one.owner == self.sandbox.signed_in and one.trashed}

    @property
    def of_others(self):
        return {one.uuid for one in self.sandbox.meetings if one.owner != self.sandbox.signed_in}

    def away(self):
        self.sandbox.faults.set("server_error")


@asynccontextmanager
async def zoom_counterpart(recordings=40):
    async with (
        running_sandbox(now=lambda: NOW, recordings=recordings) as sandbox,
        ApiClient(private_hosts=frozenset({"127.0.0.1"})) as client,
    ):
        limiter = MemoryLimiter()
        zoom = Zoom(
            client,
            limiter,
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            redirect_uri=sandbox.app.redirect_uris[0],
            oauth_base=sandbox.oauth_base,
            api_base=sandbox.api_base,
            clock=sandbox.now,
            sleep=lambda _: asyncio.sleep(0),
        )
        yield ZoomCounterpart(zoom, sandbox, client, limiter)


COUNTERPARTS = {"zoom": zoom_counterpart}
"""A counterpart for every row of `momentum.providers.PROVIDERS`."""


@pytest.fixture(params=sorted(COUNTERPARTS))
async def vendor(request):
    async with COUNTERPARTS[request.param]() as counterpart:
        yield counterpart


@pytest.fixture
def counterparts():
    return COUNTERPARTS


@pytest.fixture
async def zoom():
    async with zoom_counterpart() as counterpart:
        yield counterpart


@pytest.fixture
async def busy_zoom():
    """A Zoom where one month fills more than a page."""
    async with zoom_counterpart(recordings=1200) as counterpart:
        yield counterpart
