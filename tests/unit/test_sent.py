"""What is sent is noted once for every body that goes out, with the host that gets it, and before it does."""

import contextlib
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx2
import pytest
from aiohttp import web

from momentum.errors import ErrorCode, Unavailable
from momentum.outbound.sent import hooks, noted
from momentum.pipeline.places import MemorySentLog

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Server:
    """What came in, and where it is sent on to."""

    def __init__(self):
        self.got, self.onward, self.base = [], None, ""

    async def answer(self, request):
        self.got.append(await request.read())
        if self.onward:
            raise web.HTTPTemporaryRedirect(self.onward)
        return web.json_response({})

    @property
    def host(self):
        return self.base.removeprefix("http://")


@asynccontextmanager
async def serving():
    server = Server()
    application = web.Application()
    application.router.add_route("*", "/", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


@pytest.fixture
async def server(anyio_backend):
    async with serving() as made:
        yield made


@pytest.fixture
async def client(anyio_backend):
    made = httpx2.AsyncClient(event_hooks=hooks("text", "m", lambda: AT), follow_redirects=True, trust_env=False)
    async with made:
        yield made


async def in_pieces():
    yield b"abc"
    yield b"defg"


async def test_a_body_is_noted_with_what_it_is_for(server, client):
    log = MemorySentLog()
    with noted(log, "minutes"):
        await client.post(server.base, content=b"12345")
        await client.get(server.base)
    (sending,) = log.sendings
    assert (sending.at, sending.host, sending.what, sending.purpose, sending.model, sending.size) == (
        AT,
        server.host,
        "text",
        "minutes",
        "m",
        5,
    )
    assert await log.of("minutes") == [sending]
    assert await log.of("highlights") == []


@pytest.mark.parametrize(
    ("body", "size"), [({"content": in_pieces}, 7), ({"files": {"file": ("a.flac", b"x" * 1000)}}, None), ({"json": {}}, 2)]
)
async def test_every_kind_of_body_is_measured(server, client, body, size):
    log = MemorySentLog()
    with noted(log, "minutes"):
        await client.post(server.base, **{k: v() if callable(v) else v for k, v in body.items()})
    assert log.sendings[0].size == len(server.got[0]) == (size or len(server.got[0]))


async def test_a_redirect_counts_with_each_host_that_got_the_body(server, client):
    log = MemorySentLog()
    async with serving() as other:
        server.onward = other.base
        with noted(log, "minutes"):
            await client.post(server.base, content=b"12345")
        assert [(s.host, s.size) for s in log.sendings] == [(server.host, 5), (other.host, 5)]
        assert server.got == other.got == [b"12345"]


async def test_a_host_that_is_not_there_got_nothing(client):
    log = MemorySentLog()
    with noted(log, "minutes"), pytest.raises(httpx2.ConnectError):
        await client.post("http://127.0.0.1:9", content=b"12345")
    assert log.sendings == []


async def test_nothing_goes_out_that_cannot_be_noted(server, client):
    class Full(MemorySentLog):
        async def note(self, sending):
            raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "away")

    with noted(Full(), "minutes"), pytest.raises(Unavailable):
        await client.post(server.base, content=b"12345")
    assert b"12345" not in server.got


async def test_outside_of_a_meeting_nothing_is_noted(server, client):
    log = MemorySentLog()
    with noted(log, "minutes"), contextlib.suppress(LookupError):
        raise LookupError
    await client.post(server.base, content=b"12345")
    assert (log.sendings, server.got) == ([], [b"12345"])
