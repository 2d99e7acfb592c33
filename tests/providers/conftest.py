"""A provider, its connection and its vendor, all in this process and on loopback."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from momentum.errors import ActionRequired, ErrorCode
from momentum.outbound.client import ApiClient
from momentum.providers.zoom import Zoom


@dataclass
class MemoryTokens:
    """A TokenSource in memory: every replacement is the next number; a suspended connection gives no token."""

    access_token: str = "token-1"
    account: str = "acct"
    api_base: str | None = None
    replaced: list[str] = field(default_factory=list)
    suspended: list[tuple[str, str]] = field(default_factory=list)
    refresh: Callable | None = None

    async def token(self):
        if self.suspended:
            raise ActionRequired(ErrorCode.RECONNECT_REQUIRED, "Suspended.")
        return self.access_token

    async def replace(self, refused):
        self.replaced.append(refused)
        self.access_token = await self.refresh() if self.refresh else f"token-{len(self.replaced) + 1}"
        return self.access_token

    async def suspend(self, state, reason):
        self.suspended.append((str(state), reason))


@dataclass
class MemoryLimiter:
    """A RateLimiter that lets everything pass and remembers what it was told."""

    waits: list[tuple[str, float, int | None]] = field(default_factory=list)
    pauses: list[tuple[str, datetime]] = field(default_factory=list)

    async def wait(self, key, *, per_second, per_day=None):
        self.waits.append((key, per_second, per_day))

    async def pause(self, key, until):
        self.pauses.append((key, until))


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
