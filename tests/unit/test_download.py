"""Downloads against a server that does what servers do: refuse, break off, lie, redirect."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from momentum.errors import ActionRequired, ErrorCode, MomentumError, Permanent, Retry
from momentum.outbound.download import Download, Downloads, Link

pytestmark = pytest.mark.anyio

BODY = b"\0\0\0\x18ftypM4A " + bytes(range(256)) * 2000
TOKEN = "secret-token-of-the-account"
OURS = frozenset({"127.0.0.1", "localhost"})


@dataclass
class Request:
    path: str
    headers: dict[str, str]

    @property
    def first_byte(self) -> int | None:
        found = re.match(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else None


Answer = Callable[[Request], bytes]


@dataclass
class Server:
    """Answers its requests one after the other from `script`, the last one again and again; each on its own connection."""

    script: list[Answer]
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/rec/download/abc", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        request = Request(head[0].split()[1], headers)
        self.requests.append(request)
        answer = self.script[min(len(self.requests), len(self.script)) - 1]
        writer.write(answer(request))
        try:
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass


def answer(status: int, body: bytes = b"", **headers: object) -> Answer:
    lines = {"Content-Length": len(body), "Connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return lambda _: f"HTTP/1.1 {status} X\r\n{text}\r\n".encode() + body


def a_file(body: bytes = BODY, *, until: int | None = None, ranges: bool = True, etag: str = '"v1"', promised: bool = False) -> Answer:
    """A file server; with `until` the connection breaks before that byte of the file, with `promised` it announces ranges."""

    def respond(request: Request) -> bytes:
        start = request.first_byte if ranges else None
        first = start or 0
        last = len(body) if until is None else max(first, until)
        kind = {"Content_Range": f"bytes {first}-{len(body) - 1}/{len(body)}"} if start is not None else {}
        if promised:
            kind["Accept_Ranges"] = "bytes"
        if start is not None and start >= len(body):
            return answer(416)(request)
        status = 206 if start is not None else 200
        return answer(status, body[first:last], **{"Content_Length": len(body) - first, "ETag": etag, **kind})(request)

    return respond


@asynccontextmanager
async def running(*script: Answer) -> AsyncIterator[Server]:
    server = Server(list(script))
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


@dataclass
class Drip(Server):
    """Its answers go on for as long as the reader stays, some bytes at a time."""

    open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests.append(Request("", {}))
        writer.write(f"HTTP/1.1 200 X\r\nContent-Length: {len(BODY)}\r\n\r\n".encode())
        self.open.add(asyncio.create_task(self._drip(reader, writer)))

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.create_task(reader.read())
        while not (await asyncio.wait({gone}, timeout=0.005))[0]:
            writer.write(b"x")
        gone.exception()
        writer.close()


@pytest.fixture
async def server_that_never_ends() -> AsyncIterator[Server]:
    server = Drip([])
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server
        await asyncio.gather(*server.open)


@dataclass
class Vendor:
    """Who knows where the file stands: counts how often it is asked again."""

    link: Link
    fresh: Link | MomentumError | None = None
    renewals: int = 0

    async def locate(self) -> Link:
        return self.link

    async def renew(self) -> Link:
        self.renewals += 1
        if isinstance(self.fresh, MomentumError):
            raise self.fresh
        return self.fresh or self.link


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    downloads = a_downloads()
    yield downloads
    await downloads.aclose()


def a_downloads(private_hosts: frozenset[str] = OURS, max_bytes: int = 2**30, patience: float = 60) -> Downloads:
    return Downloads(
        clock=lambda: datetime(2026, 11, 22, tzinfo=UTC),
        private_hosts=private_hosts,
        max_bytes=max_bytes,
        pauses=(0, 0, 0),
        patience=patience,
    )


def opened(downloads: Downloads, vendor: Vendor, size: int | None = len(BODY), token_hosts: tuple[str, ...] = ("127.0.0.1",)) -> Download:
    return downloads.open(name="audio_only.m4a", size=size, token_hosts=token_hosts, locate=vendor.locate, renew=vendor.renew)


async def everything(download: Download, start: int = 0) -> bytes:
    return b"".join([block async for block in download.stream(start)])


async def failure(download: Download) -> MomentumError:
    with pytest.raises(MomentumError) as caught:
        await everything(download)
    assert TOKEN not in str(caught.value)
    assert "://" not in str(caught.value)
    return caught.value


# --- the good case and the token ------------------------------------------------------------------


async def test_a_file_arrives_whole_with_the_token_in_the_header_only(downloads: Downloads) -> None:
    async with running(a_file()) as server:
        vendor = Vendor(Link(server.url(), TOKEN))
        assert await everything(opened(downloads, vendor)) == BODY
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in server.requests[0].path
    assert vendor.renewals == 0


async def test_the_url_is_sent_as_it_was_signed(downloads: Downloads) -> None:
    path = "/rec/download/a%2Fb%20c?sig=x%2By%3D&t=1+2"
    async with running(a_file()) as server:
        await everything(opened(downloads, Vendor(Link(server.url(path), TOKEN))))
    assert server.requests[0].path == path


async def test_the_token_never_reaches_a_host_it_was_redirected_to(downloads: Downloads) -> None:
    async with running(a_file()) as storage:
        for target in (storage.url("/signed"), storage.url("/signed", host="localhost")):
            async with running(answer(302, Location=target)) as server:
                vendor = Vendor(Link(server.url(), TOKEN))
                assert await everything(opened(downloads, vendor, token_hosts=("127.0.0.1", "localhost"))) == BODY
            assert "authorization" in server.requests[0].headers
    assert len(storage.requests) == 2
    assert not any("authorization" in request.headers or TOKEN in request.path for request in storage.requests)


async def test_the_token_follows_a_redirect_within_its_host(downloads: Downloads) -> None:
    async with running(answer(307, Location="/elsewhere"), a_file()) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)))) == BODY
    assert [r.path for r in server.requests] == ["/rec/download/abc", "/elsewhere"]
    assert all("authorization" in r.headers for r in server.requests)


async def test_the_token_does_not_come_back_after_leaving_its_host(downloads: Downloads) -> None:
    async with running() as home, running() as away:
        away.script.append(answer(302, Location=home.url("/third")))
        home.script += [answer(302, Location=away.url("/second")), a_file()]
        assert await everything(opened(downloads, Vendor(Link(home.url(), TOKEN)))) == BODY
    assert "authorization" not in away.requests[0].headers


async def test_a_host_that_is_not_on_the_list_gets_no_token(downloads: Downloads) -> None:
    async with running(a_file()) as server:
        await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)), token_hosts=(".zoom.us",)))
    assert "authorization" not in server.requests[0].headers


async def test_redirects_end(downloads: Downloads) -> None:
    async with running(answer(302, Location="/again")) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    assert (type(error), error.code) == (Permanent, ErrorCode.DOWNLOAD_REFUSED)
    assert len(server.requests) == 6


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["https://localhost:{port}/x", "https://127.0.0.1:{port}/x", "http://localhost:{port}/x", "file:///etc/passwd"]
)
async def test_private_addresses_are_refused_even_behind_a_name(url: str) -> None:
    downloads = a_downloads(private_hosts=frozenset())
    async with running(a_file()) as server:
        error = await failure(opened(downloads, Vendor(Link(url.format(port=server.port), TOKEN))))
    await downloads.aclose()
    assert (type(error), error.code) == (Permanent, ErrorCode.ADDRESS_REFUSED)
    assert not server.requests


async def test_a_redirect_into_the_private_network_is_refused() -> None:
    downloads = a_downloads(private_hosts=frozenset({"127.0.0.1"}))
    async with running(a_file()) as inner, running(answer(302, Location=f"https://localhost:{inner.port}/admin")) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    await downloads.aclose()
    assert error.code is ErrorCode.ADDRESS_REFUSED
    assert not inner.requests


@pytest.mark.parametrize("location", ["https://[broken/", "https://zoom.us:99999/", "https://a..zoom.us/"])
async def test_an_address_that_is_none_is_refused_as_a_link_and_as_a_redirect(downloads: Downloads, location: str) -> None:
    async with running(answer(302, Location=location)) as server:
        for url in (location, server.url()):
            error = await failure(opened(downloads, Vendor(Link(url, TOKEN))))
            assert (type(error), error.code) == (Permanent, ErrorCode.ADDRESS_REFUSED)


# --- refusals -------------------------------------------------------------------------------------

HTML = b"<!DOCTYPE html><html><title>Password Required - Zoom</title></html>"
PAGES = [
    answer(200, HTML, Content_Type="text/html;charset=utf-8"),
    answer(200, b"\xef\xbb\xbf\r\n" + HTML, Content_Type="video/mp4"),
]


@pytest.mark.parametrize("page", PAGES)
async def test_a_web_page_is_cured_by_reading_the_link_again(downloads: Downloads, page: Answer) -> None:
    async with running(page, a_file()) as server:
        vendor = Vendor(Link(server.url("/stale"), TOKEN), fresh=Link(server.url("/fresh"), "second-token"))
        assert await everything(opened(downloads, vendor, size=None)) == BODY
    assert [(r.path, r.headers["authorization"]) for r in server.requests] == [
        ("/stale", f"Bearer {TOKEN}"),
        ("/fresh", "Bearer second-token"),
    ]


@pytest.mark.parametrize("page", PAGES)
async def test_a_web_page_that_stays_is_a_refusal_after_one_renewal(downloads: Downloads, page: Answer) -> None:
    async with running(page) as server:
        vendor = Vendor(Link(server.url(), TOKEN))
        error = await failure(opened(downloads, vendor, size=None))
    assert (type(error), error.code) == (Permanent, ErrorCode.DOWNLOAD_REFUSED)
    assert (vendor.renewals, len(server.requests)) == (1, 2)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_stale_link_is_renewed_once(downloads: Downloads, status: int) -> None:
    async with running(answer(status, HTML, Content_Type="text/html"), a_file()) as server:
        vendor = Vendor(Link(server.url("/stale"), TOKEN), fresh=Link(server.url("/fresh"), "second-token"))
        assert await everything(opened(downloads, vendor)) == BODY
    assert vendor.renewals == 1


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, Retry, ErrorCode.DOWNLOAD_REFUSED),
        (403, Permanent, ErrorCode.DOWNLOAD_REFUSED),
        (404, Permanent, ErrorCode.RECORDING_NOT_FOUND),
        (418, Permanent, ErrorCode.DOWNLOAD_FAILED),
    ],
)
async def test_a_refusal_that_stays_is_said_in_words(downloads: Downloads, status: int, kind: type[MomentumError], code: ErrorCode) -> None:
    async with running(answer(status)) as server:
        vendor = Vendor(Link(server.url(), TOKEN))
        error = await failure(opened(downloads, vendor))
    assert (type(error), error.code) == (kind, code)
    assert (vendor.renewals, len(server.requests)) == (1, 2)


async def test_what_the_vendor_says_at_renewal_is_passed_on(downloads: Downloads) -> None:
    dead = ActionRequired(ErrorCode.RECONNECT_REQUIRED, "Connect Zoom again.")
    async with running(answer(401)) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN), fresh=dead)))
    assert error is dead


async def test_a_long_pause_is_left_to_the_workflow_with_its_length(downloads: Downloads) -> None:
    async with running(answer(429, Retry_After=120)) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    assert (type(error), error.code, error.after) == (Retry, ErrorCode.PROVIDER_RATE_LIMITED, 120)
    assert len(server.requests) == 1


async def test_a_fault_of_the_server_is_tried_again_and_then_reported(downloads: Downloads) -> None:
    async with running(answer(502), a_file()) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)))) == BODY
    async with running(answer(502)) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    assert (type(error), error.code) == (Retry, ErrorCode.DOWNLOAD_FAILED)
    assert len(server.requests) == 4


async def test_nobody_listening_is_a_retry(downloads: Downloads) -> None:
    async with running(a_file()) as server:
        vendor = Vendor(Link(server.url(), TOKEN))
    error = await failure(opened(downloads, vendor))
    assert (type(error), error.code) == (Retry, ErrorCode.DOWNLOAD_FAILED)


# --- broken bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize("promised", [True, False])
async def test_a_broken_body_is_resumed_where_it_stopped(downloads: Downloads, promised: bool) -> None:
    async with running(a_file(until=200_000, promised=promised), a_file(until=400_000), a_file()) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)))) == BODY
    assert [r.first_byte for r in server.requests] == [None, 200_000, 400_000]
    assert server.requests[1].headers["if-range"] == '"v1"'


async def test_without_ranges_a_broken_body_is_started_anew_and_its_old_part_checked(downloads: Downloads) -> None:
    async with running(a_file(until=200_000, ranges=False), a_file(until=300_000, ranges=False), a_file(ranges=False)) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)))) == BODY
    assert [r.first_byte for r in server.requests] == [None, 200_000, None]


async def test_a_restart_that_brings_another_file_is_noticed(downloads: Downloads) -> None:
    other = BODY[:1000] + b"!" + BODY[1001:]
    async with running(a_file(until=200_000, ranges=False), a_file(other, ranges=False)) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    assert (type(error), error.code) == (Retry, ErrorCode.DOWNLOAD_FAILED)
    assert "changed" in error.detail


async def test_a_server_that_promised_to_resume_and_does_not_has_another_file(downloads: Downloads) -> None:
    async with running(a_file(until=200_000, promised=True), a_file(ranges=False, etag='"v2"')) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    assert (type(error), error.code) == (Retry, ErrorCode.DOWNLOAD_FAILED)
    assert "changed" in error.detail


@pytest.mark.parametrize("then", [a_file(ranges=False), answer(416)])
async def test_a_server_that_promised_to_resume_and_does_not_is_read_from_the_start_where_the_version_is_the_same(
    downloads: Downloads, then: Answer
) -> None:
    async with running(a_file(until=200_000, promised=True), then, a_file(ranges=False)) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)))) == BODY
    assert [r.first_byte for r in server.requests][:2] == [None, 200_000]
    assert len(server.requests) <= 3


async def test_a_range_of_another_version_is_not_joined_to_the_first(downloads: Downloads) -> None:
    other = BODY[:1000] + b"!" + BODY[1001:]
    async with running(a_file(until=200_000), a_file(other, etag='"v2"')) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    assert "changed" in error.detail


async def test_a_range_that_was_not_asked_for_is_not_taken(downloads: Downloads) -> None:
    wrong = answer(206, BODY[5:], Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}", ETag='"v1"')
    async with running(a_file(until=200_000), wrong, a_file()) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)))) == BODY
    assert server.requests[-1].first_byte is None


async def test_a_link_that_expired_meanwhile_is_renewed_and_the_body_resumed(downloads: Downloads) -> None:
    async with running(a_file(until=200_000), answer(401), a_file(until=400_000), answer(401), a_file()) as server:
        vendor = Vendor(Link(server.url("/stale"), TOKEN), fresh=Link(server.url("/fresh"), TOKEN))
        assert await everything(opened(downloads, vendor)) == BODY
    assert vendor.renewals == 2
    assert server.requests[-1].first_byte == 400_000


async def test_a_server_that_drips_within_one_answer_is_left(server_that_never_ends: Server) -> None:
    downloads = a_downloads(patience=0.05)
    error = await failure(opened(downloads, Vendor(Link(server_that_never_ends.url(), TOKEN))))
    await downloads.aclose()
    assert (type(error), error.code) == (Retry, ErrorCode.DOWNLOAD_TRUNCATED)
    assert len(server_that_never_ends.requests) == 4


async def test_a_server_that_drips_bytes_does_not_keep_us_for_ever(downloads: Downloads) -> None:
    def drip(request: Request) -> bytes:
        return a_file(until=(request.first_byte or 0) + 100)(request)

    async with running(drip) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
    assert (type(error), error.code) == (Retry, ErrorCode.DOWNLOAD_TRUNCATED)
    assert len(server.requests) == 4


async def test_a_body_without_a_stated_length_is_held_to_the_listing(downloads: Downloads) -> None:
    def short(_: Request) -> bytes:
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY[:100]

    async with running(short, a_file()) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN)))) == BODY
        assert server.requests[1].first_byte == 100


@pytest.mark.parametrize(("listed", "code"), [(len(BODY) + 7, ErrorCode.DOWNLOAD_TRUNCATED), (len(BODY) - 7, ErrorCode.DOWNLOAD_FAILED)])
async def test_another_length_than_listed_is_asked_about_once_and_then_refused(downloads: Downloads, listed: int, code: ErrorCode) -> None:
    async with running(a_file()) as server:
        vendor = Vendor(Link(server.url(), TOKEN))
        error = await failure(opened(downloads, vendor, size=listed))
    assert (type(error), error.code, vendor.renewals) == (Retry, code, 1)


async def test_a_listing_that_has_changed_is_believed(downloads: Downloads) -> None:
    async with running(a_file()) as server:
        vendor = Vendor(Link(server.url(), TOKEN, size=5), fresh=Link(server.url(), TOKEN, size=len(BODY)))
        assert await everything(opened(downloads, vendor, size=5)) == BODY


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_goes_on_past_its_length_is_not_taken(downloads: Downloads, chunked: bool) -> None:
    def excess(_: Request) -> bytes:
        if chunked:
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY) + 9, BODY + b"x" * 9)
        return f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY + b"x" * 9

    async with running(excess) as server:
        vendor = Vendor(Link(server.url(), TOKEN))
        if chunked:
            assert (await failure(opened(downloads, vendor))).code is ErrorCode.DOWNLOAD_FAILED
        else:
            assert await everything(opened(downloads, vendor)) == BODY


# --- too large ------------------------------------------------------------------------------------


async def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    downloads = a_downloads(max_bytes=1000)
    async with running(a_file()) as server:
        listed = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN))))
        assert not server.requests
        stated = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN)), size=None))
    await downloads.aclose()
    assert (type(listed), listed.code) == (type(stated), stated.code) == (Permanent, ErrorCode.MEDIA_TOO_LARGE)


async def test_a_body_that_grows_too_large_is_left() -> None:
    def endless(_: Request) -> bytes:
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(100_000)

    downloads = a_downloads(max_bytes=1000)
    async with running(endless) as server:
        error = await failure(opened(downloads, Vendor(Link(server.url(), TOKEN)), size=None))
    await downloads.aclose()
    assert error.code is ErrorCode.MEDIA_TOO_LARGE


# --- ranges and early ends ------------------------------------------------------------------------


async def test_a_range_is_read_where_the_server_offers_them(downloads: Downloads) -> None:
    async with running(a_file()) as server:
        download = opened(downloads, Vendor(Link(server.url(), TOKEN)))
        assert await download.read(1000, 50) == BODY[1000:1050]
        assert await download.read(len(BODY) + 5, 50) == b""
        assert download.size == len(BODY)


async def test_no_range_is_given_where_the_server_ignores_them_and_it_is_not_asked_twice(downloads: Downloads) -> None:
    async with running(a_file(ranges=False)) as server:
        download = opened(downloads, Vendor(Link(server.url(), TOKEN)))
        assert await download.read(1000, 50) is None
        assert await download.read(5000, 50) is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_stream_may_begin_anywhere(downloads: Downloads, ranges: bool) -> None:
    async with running(a_file(ranges=ranges)) as server:
        assert await everything(opened(downloads, Vendor(Link(server.url(), TOKEN))), start=300_000) == BODY[300_000:]


async def test_a_reader_that_leaves_early_leaves_nothing_open(downloads: Downloads) -> None:
    async with running(a_file()) as server:
        stream = opened(downloads, Vendor(Link(server.url(), TOKEN))).stream()
        assert BODY.startswith(await anext(stream))
        await stream.aclose()
        connector = downloads.session.connector
        assert connector is not None
        assert not connector._acquired
