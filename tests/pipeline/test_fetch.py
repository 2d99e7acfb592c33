"""One file of a recording, fetched from a server whose links go stale."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from momentum.errors import ErrorCode, MomentumError, NotReady, Permanent
from momentum.model import Recording, RecordingFile
from momentum.outbound.download import Downloads
from momentum.pipeline.fetch import file_name, open_file

pytestmark = pytest.mark.anyio
BODY = b"\0\0\0\x18ftypM4A " + bytes(5000)


@dataclass
class Vendor:
    """A provider and the connection to it: gives `fresh` when it is asked again."""

    fresh: Recording
    token_hosts: tuple[str, ...] = ("127.0.0.1",)
    asked: list[str] = field(default_factory=list)

    async def recording(self, access: object, meeting_id: str) -> Recording:
        self.asked.append(meeting_id)
        return self.fresh

    async def token(self) -> str:
        return "account-token"


@pytest.fixture
async def storage():
    """Serves the file at /good to whoever has a token; every other link is stale. Keeps the tokens it saw."""
    tokens: list[str] = []

    async def serve(request: web.Request) -> web.Response:
        tokens.append(request.headers.get("Authorization", ""))
        return web.Response(body=BODY) if request.path == "/good" else web.Response(status=401)

    app = web.Application()
    app.router.add_get("/{path}", serve)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield SimpleNamespace(tokens=tokens, good=str(server.make_url("/good")), stale=str(server.make_url("/stale")))
    await server.close()


@pytest.fixture
async def downloads():
    downloads = Downloads(clock=lambda: datetime(2026, 11, 22, tzinfo=UTC), private_hosts=frozenset({"127.0.0.1"}), pauses=(0,))
    yield downloads
    await downloads.aclose()


def a_file(url: str | None, file_id: str = "f1") -> RecordingFile:
    return RecordingFile(file_id, "audio", "M4A", "audio_only", "M4A", len(BODY), None, None, ready=True, download_url=url)


def a_recording(*files: RecordingFile, token: str | None = None) -> Recording:
    return Recording("uuid/1==", "123", "Plan", None, None, None, None, None, files, download_token=token)


async def fetched(downloads: Downloads, vendor: Vendor, recording: Recording) -> bytes:
    source = open_file(downloads, vendor, vendor, recording, recording.files[0])
    return b"".join([block async for block in source.stream()])


@pytest.mark.parametrize(("own", "sent"), [("recording-token", "Bearer recording-token"), (None, "Bearer account-token")])
async def test_the_recordings_own_token_goes_before_the_accounts(downloads, storage, own, sent) -> None:
    recording = a_recording(a_file(storage.good), token=own)
    vendor = Vendor(recording)
    assert await fetched(downloads, vendor, recording) == BODY
    assert (storage.tokens, vendor.asked) == ([sent], [])


async def test_a_stale_link_is_read_again_and_the_file_found_by_its_id(downloads, storage) -> None:
    vendor = Vendor(a_recording(a_file(storage.stale, "other"), a_file(storage.good), token="fresh-token"))
    assert await fetched(downloads, vendor, a_recording(a_file(storage.stale))) == BODY
    assert vendor.asked == ["uuid/1=="]
    assert storage.tokens == ["Bearer account-token", "Bearer fresh-token"]


async def test_a_stored_file_without_a_link_is_looked_up_first(downloads, storage) -> None:
    vendor = Vendor(a_recording(a_file(storage.good)))
    assert await fetched(downloads, vendor, a_recording(a_file(None))) == BODY
    assert len(vendor.asked) == len(storage.tokens) == 1


@pytest.mark.parametrize(
    ("now_there", "kind", "code"),
    [
        ([a_file("http://127.0.0.1/x", "other")], Permanent, ErrorCode.RECORDING_NOT_FOUND),
        ([a_file(None)], NotReady, ErrorCode.RECORDING_NOT_READY),
    ],
)
async def test_a_file_that_is_not_there_is_said_in_words(downloads, storage, now_there, kind, code) -> None:
    with pytest.raises(MomentumError, match=r"audio_only\.m4a") as caught:
        await fetched(downloads, Vendor(a_recording(*now_there)), a_recording(a_file(storage.stale)))
    assert (type(caught.value), caught.value.code) == (kind, code)


def test_a_files_name_is_for_people() -> None:
    file = a_file("https://zoom.us/rec/download/secret")
    assert file_name(file) == "audio_only.m4a"
    assert file_name(replace(file, recording_type="", extension="")) == "audio"
