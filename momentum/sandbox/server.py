"""The sandbox on two loopback ports: Zoom's own host, and the storage host that downloads are sent on to."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from momentum.errors import ErrorCode, Permanent
from momentum.inbound import listening
from momentum.model import Clock
from momentum.sandbox import api, control, directory, downloads, oauth
from momentum.sandbox.answers import NOT_RECOGNISED, cut_off, page
from momentum.sandbox.faults import read_flag
from momentum.sandbox.world import DEFAULT_REDIRECT_URIS, RequestRecord, Sandbox

DEFAULT_PORT = 8001


@asynccontextmanager
async def running_sandbox(
    *,
    now: Clock,
    host: str = "127.0.0.1",
    port: int = 0,
    storage_port: int = 0,
    recordings: int = 0,
    days: int | None = None,
    redirect_uris: Sequence[str] = DEFAULT_REDIRECT_URIS,
    auto_approve: bool = False,
    classic_scopes: bool = False,
    extra_scopes: Sequence[str] = (),
    faults: Sequence[str] = (),
) -> AsyncIterator[Sandbox]:
    """A sandbox that serves while the context lasts; port 0 = any free one, `sandbox.base` says which.

    `recordings` generated ones lie on the last `days` days (`catalogue.build`), `faults` are as on the command line
    (`faults.read_flag`). Raises Permanent(SETTINGS_INVALID) when `host` is not loopback, Unavailable when a port is taken.
    """
    _check_loopback(host)
    sandbox = Sandbox(
        now=now,
        recordings=recordings,
        days=days,
        redirect_uris=redirect_uris,
        auto_approve=auto_approve,
        classic_scopes=classic_scopes,
        extra_scopes=extra_scopes,
    )
    for flag in faults:
        sandbox.faults.apply(read_flag(flag))
    zoom, storage = zoom_app(sandbox), storage_app(sandbox)
    async with (
        listening(zoom, host=host, port=port, setting="--port") as zoom_bound,
        listening(storage, host=host, port=storage_port) as storage_bound,
    ):
        sandbox.base, sandbox.storage_base = _base(host, zoom_bound), _base(host, storage_bound)
        try:
            yield sandbox
        finally:
            sandbox.closing.set()


async def serve(
    *,
    now: Clock,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    storage_port: int = 0,
    recordings: int = 0,
    redirect_uris: Sequence[str] = DEFAULT_REDIRECT_URIS,
    auto_approve: bool = False,
    classic_scopes: bool = False,
    extra_scopes: Sequence[str] = (),
    faults: Sequence[str] = (),
    announce: Callable[[Sandbox], None] = lambda _: None,
) -> None:
    """Run a sandbox until cancelled; `announce` is told once it answers."""
    async with running_sandbox(
        now=now,
        host=host,
        port=port,
        storage_port=storage_port,
        recordings=recordings,
        redirect_uris=redirect_uris,
        auto_approve=auto_approve,
        classic_scopes=classic_scopes,
        extra_scopes=extra_scopes,
        faults=faults,
    ) as sandbox:
        announce(sandbox)
        await asyncio.Event().wait()


def zoom_app(sandbox: Sandbox) -> ASGIApp:
    """OAuth, API, downloads and the sandbox's own switches."""
    unknown = Route("/{rest:path}", _not_recognised, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    routes = [*control.ROUTES, *oauth.ROUTES, *downloads.ROUTES, Mount("/v2", routes=[*api.ROUTES, *directory.ROUTES, unknown])]
    app = Starlette(routes=routes, exception_handlers={404: _no_such_page, 405: _not_recognised})
    app.state.sandbox = sandbox
    return RequestLog(Interruptions(app, sandbox), sandbox, "zoom")


def storage_app(sandbox: Sandbox) -> ASGIApp:
    """Where the bytes are."""
    app = Starlette(routes=downloads.STORAGE_ROUTES)
    app.state.sandbox = sandbox
    return RequestLog(app, sandbox, "storage")


async def _not_recognised(_request: Request, _error: Exception | None = None) -> Response:
    return JSONResponse({"code": 2300, "message": NOT_RECOGNISED}, 404)


async def _no_such_page(_request: Request, _error: Exception) -> Response:
    return page("Page not found - Zoom", "<p>This page does not exist.</p>", 404)


class Interruptions:
    """What can befall any request to Zoom's host: it is slow, it fails, the connection breaks."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] != "http" or scope["path"].startswith("/__")
        answer = None if ours else await self._interruption(scope["path"])
        await (answer or self._app)(scope, receive, send)

    async def _interruption(self, path: str) -> Response | None:
        struck = self._sandbox.faults.fire
        if (slow := struck("slow", path=path)) is not None:
            await self._sandbox.pause(float(slow.get("seconds", 1)))
        if struck("drop_connection", path=path) is not None:
            return cut_off()
        if (fault := struck("server_error", path=path)) is not None:
            return page("Something went wrong", "<p>Please try again.</p>", int(fault.get("status", 500)))
        return None


class RequestLog:
    """Notes each request in `sandbox.requests` and gives each answer a tracking id, as Zoom's have."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox, server: str) -> None:
        self._app = app
        self._sandbox = sandbox
        self._server = server
        self._began = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/__"):
            await self._app(scope, receive, send)
            return
        seconds = time.monotonic() - self._began

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-zm-trackingid", _tracking_id())]
                self._sandbox.requests.append(self._record(scope, message["status"], seconds))
            await send(message)

        await self._app(scope, receive, noting)

    def _record(self, scope: Scope, status: int, seconds: float) -> RequestRecord:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token or query.get("access_token", "")
        return RequestRecord(
            server=self._server,
            method=scope["method"],
            path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
            query={name: _digest(value) if name in _SECRETS else value for name, value in query.items()},
            status=status,
            at=self._sandbox.now(),
            seconds=seconds,
            authorization=scheme or None,
            token=_digest(token) if token else None,
            range=headers.get("range"),
            grant_type=scope.get("grant_type"),
        )


_SECRETS = frozenset({"access_token", "refresh_token", "token", "code", "code_verifier", "Signature"})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _tracking_id() -> bytes:
    return f"v=2.0;clid=us06;rid=WEB_{secrets.token_hex(16)}".encode()


def _base(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _check_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        detail = f"The sandbox answers anyone who asks, so it only listens on this machine: {host} is not a loopback address."
        raise Permanent(ErrorCode.SETTINGS_INVALID, detail)
