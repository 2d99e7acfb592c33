"""How the API client behaves towards a server, a silent one and a hostile one included."""

import asyncio
import gzip
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiohttp import web

from momentum.errors import ErrorCode, Permanent, Retry
from momentum.outbound.client import LONGEST_WAIT, Answer, ApiClient, retry_after

LOCAL = frozenset({"127.0.0.1", "localhost"})
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Peer:
    """A server that answers by path; `seen` holds (path, headers) of each request."""

    base: str = ""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    never: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request):
        self.seen.append((request.raw_path, dict(request.headers)))
        match request.path:
            case "/json":
                return web.json_response({"here": True}, headers={"X-Trace": "1", "Set-Cookie": "person=1; Path=/"})
            case "/redirect":
                raise web.HTTPFound("/json")
            case "/large":
                return web.Response(body=b"x" * 5000)
            case "/bomb":
                return web.Response(body=gzip.compress(b"0" * 1_000_000), headers={"Content-Encoding": "gzip"})
            case "/cut":
                request.transport.abort()
            case "/silent":
                await self.never.wait()
        return web.Response(status=404, text="<html>no</html>", content_type="text/html")


@pytest.fixture
async def peer():
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", peer.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    peer.base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield peer
    peer.never.set()
    await runner.cleanup()


@pytest.fixture
async def client():
    async with ApiClient(private_hosts=LOCAL, max_bytes=4000) as client:
        yield client


pytestmark = pytest.mark.anyio


async def test_an_answer_has_its_status_lower_case_headers_and_json(peer, client):
    answer = await client.request("GET", f"{peer.base}/json", params={"a": 1})
    assert (answer.status, answer.headers["x-trace"], answer.json()) == (200, "1", {"here": True})
    assert (await client.request("GET", f"{peer.base}/nowhere")).status == 404


async def test_what_is_not_json_is_none():
    assert Answer(200, {}, b"<html>").json() is None
    assert Answer(200, {}, b"").json() is None
    assert Answer(200, {}, b"[" * 100_000).json() is None


async def test_a_doubly_encoded_path_arrives_as_it_was_written(peer, client):
    await client.request("GET", f"{peer.base}/meetings/%252Fa%252F%252FbC%252BdE%253D%253D/recordings")
    assert peer.seen[0][0] == "/meetings/%252Fa%252F%252FbC%252BdE%253D%253D/recordings"


async def test_redirects_are_not_followed_and_cookies_are_not_kept(peer, client):
    assert (await client.request("GET", f"{peer.base}/redirect")).status == 302
    await client.request("GET", f"{peer.base}/json")
    await client.request("GET", f"{peer.base}/json")
    assert [path for path, _ in peer.seen] == ["/redirect", "/json", "/json"]
    assert all("Cookie" not in headers for _, headers in peer.seen)


@pytest.mark.parametrize("path", ["/large", "/bomb"])
async def test_an_answer_over_the_cap_is_refused(peer, client, path):
    with pytest.raises(Permanent) as refused:
        await client.request("GET", peer.base + path)
    assert refused.value.code is ErrorCode.PROVIDER_ANSWER_INVALID


async def test_a_cut_connection_a_closed_port_and_silence_are_passing_faults(peer, client):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for url, seconds in ((f"{peer.base}/cut?token=S3CRET", None), (nobody, None), (f"{peer.base}/silent", 0.05)):
        with pytest.raises(Retry) as failed:
            await client.request("GET", url, timeout=seconds)
        assert failed.value.code is ErrorCode.PROVIDER_UNAVAILABLE
        assert "S3CRET" not in failed.value.detail


async def test_an_unknown_name_is_a_passing_fault():
    async with ApiClient() as client:
        with pytest.raises(Retry):
            await client.request("GET", "https://no-such-host.invalid/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_private_address_is_never_connected_to(peer, host):
    port = peer.base.rpartition(":")[2]
    async with ApiClient() as client:
        for scheme in ("http", "https"):
            with pytest.raises(Permanent) as refused:
                await client.request("GET", f"{scheme}://{host}:{port}/json")
            assert refused.value.code is ErrorCode.ADDRESS_REFUSED
    assert peer.seen == []


async def test_environment_proxies_are_not_used(peer, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with ApiClient(private_hosts=LOCAL) as client:
        assert (await client.request("GET", f"{peer.base}/json")).status == 200


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7), ("1.5", 1.5), (" 3 ", 3), ("2026-11-23T00:00:00Z", 43200), ("2026-11-23T01:00:00+01:00", 43200),
        ("2026-11-23", 43200), ("Sun, 22 Nov 2026 12:00:30 GMT", 30), ("2020-05-31T00:00:00Z", 0),
        (None, None), ("", None), ("soon", None), ("-5", None), ("²", None),
        ("9" * 400, LONGEST_WAIT), ("9999-12-31T23:59:59-23:00", LONGEST_WAIT), ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_every_form(value, seconds):
    assert retry_after(value, now=NOW) == seconds
