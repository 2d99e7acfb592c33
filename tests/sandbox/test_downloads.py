"""Downloads: who may, where to, and every way they go wrong."""

import time

import httpx2
import pytest

from momentum.sandbox.samples import load

pytestmark = pytest.mark.anyio

AUDIO = load("standup").audio


async def test_the_storage_host_is_another_port_and_must_not_see_the_token(zoom, http, maya):
    url = (await maya.file("M4A"))["download_url"]
    first = await http.get(url, headers=maya.bearer)
    location = httpx2.URL(first.headers["location"])
    assert (first.status_code, location.port == httpx2.URL(zoom.base).port) == (302, False)
    assert (await http.get(location)).content == AUDIO
    assert (await http.get(location, headers=maya.bearer)).status_code == 400
    assert len(zoom.leaks) == 1
    assert zoom.requests[-1].authorization == "Bearer"


async def test_a_signed_url_ends_after_five_minutes_and_cannot_be_changed(zoom, http, maya):
    location = (await http.get((await maya.file("M4A"))["download_url"], headers=maya.bearer)).headers["location"]
    assert (await http.get(location.replace("Expires=1", "Expires=2"))).status_code == 403
    zoom.advance(301)
    assert (await http.get(location)).status_code == 403


async def test_other_tokens_that_open_a_download(zoom, http, maya):
    meeting = (await maya.get("/meetings/81230000003/recordings", include_fields="download_access_token", ttl="60")).json()
    url = meeting["recording_files"][0]["download_url"]
    own = {"authorization": f"Bearer {meeting['download_access_token']}"}
    assert (await http.get(url, headers=own)).status_code == 302
    assert (await http.get(url, params={"access_token": maya.tokens["access_token"]})).status_code == 302
    zoom.advance(61)
    assert (await http.get(url, headers=own)).status_code == 401


async def test_a_download_access_token_is_bound_to_its_meeting(http, maya):
    token = (await maya.get("/meetings/81230000003/recordings", include_fields="download_access_token")).json()["download_access_token"]
    other = (await maya.file("M4A", "81230000001"))["download_url"]
    assert (await http.get(other, headers={"authorization": f"Bearer {token}"})).status_code == 401


async def test_nobody_else_may(zoom, http, maya, walk):
    url = (await maya.file("M4A"))["download_url"]
    tom = await walk.connect(zoom, http, user="tom.reed@momentum.example")
    assert (await http.get(url, headers=tom.bearer)).status_code == 401
    anonymous = await http.get(url)
    assert (anonymous.status_code, anonymous.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "sign in" in anonymous.text


@pytest.mark.parametrize(
    ("wanted", "status", "first", "last"),
    [("bytes=0-99", 206, 0, 99), ("bytes=1000-", 206, 1000, len(AUDIO) - 1), ("bytes=-64", 206, len(AUDIO) - 64, len(AUDIO) - 1)],
)
async def test_ranges_are_honoured(maya, wanted, status, first, last):
    answer = await maya.download((await maya.file("M4A"))["download_url"], range=wanted)
    assert (answer.status_code, answer.headers["content-range"]) == (status, f"bytes {first}-{last}/{len(AUDIO)}")
    assert answer.content == AUDIO[first : last + 1]


async def test_a_range_behind_the_end_and_an_ignored_one(zoom, maya):
    url = (await maya.file("M4A"))["download_url"]
    assert (await maya.download(url, range=f"bytes={len(AUDIO)}-")).status_code == 416
    zoom.faults.set("range_ignored")
    whole = await maya.download(url, range="bytes=1000-")
    assert (whole.status_code, whole.content, "accept-ranges" in whole.headers) == (200, AUDIO, False)


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [("download_html_200", 200, "text/html"), ("download_401", 401, "application/json"), ("download_404_html", 404, "text/html")],
)
async def test_refusals(zoom, maya, fault, status, kind):
    url = (await maya.file("M4A"))["download_url"]
    zoom.faults.set(fault, count=1, file="audio_only")
    assert (await maya.download((await maya.file("CHAT"))["download_url"])).text.startswith("00:00:20\tBen Patel:\t")
    answer = await maya.download(url)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, kind)
    assert (await maya.download(url)).content == AUDIO


async def test_a_page_may_ask_for_a_passcode(zoom, maya):
    zoom.faults.set("download_html_200", page="passcode")
    assert "<title>Password Required - Zoom</title>" in (await maya.download((await maya.file("M4A"))["download_url"])).text


async def test_a_stale_url_is_cured_by_reading_the_recording_again(zoom, maya):
    stale = (await maya.file("M4A"))["download_url"]
    zoom.faults.set("stale_url", count=1)
    assert [(await maya.download(stale)).status_code for _ in range(2)] == [401, 401]
    assert (await maya.download((await maya.file("M4A"))["download_url"])).content == AUDIO


async def test_a_truncated_body_ends_the_connection_early(zoom, http, maya):
    zoom.faults.set("download_truncated", fraction=0.25)
    url = (await maya.file("M4A"))["download_url"]
    location = (await http.get(url, headers=maya.bearer)).headers["location"]
    async with http.stream("GET", location) as answer:
        assert answer.headers["content-length"] == str(len(AUDIO))
        with pytest.raises(httpx2.RemoteProtocolError):
            await answer.aread()
        assert answer.num_bytes_downloaded == len(AUDIO) // 4


@pytest.mark.parametrize(
    ("switch", "size", "start"),
    [
        ({"download_wrong_length": {"fraction": 0.5}}, len(AUDIO) // 2, AUDIO[:8]),
        ({"download_wrong_length": {"fraction": 1.5}}, int(len(AUDIO) * 1.5), AUDIO[:8]),
        ({"empty_file": True}, 0, b""),
        ({"text_file": True}, len(AUDIO), b"This is "),
        ({"huge_file": {"bytes": 400_000}}, 400_000, AUDIO[:8]),
    ],
)
async def test_bodies_that_are_whole_and_wrong(zoom, maya, switch, size, start):
    zoom.faults.apply(switch)
    answer = await maya.download((await maya.file("M4A"))["download_url"])
    assert (answer.status_code, len(answer.content), answer.content[:8]) == (200, size, start)
    assert answer.headers["content-length"] == str(size)


async def test_ranges_may_be_refused_or_another_be_sent(zoom, maya):
    url = (await maya.file("M4A"))["download_url"]
    zoom.faults.set("range_refused", count=1)
    assert (await maya.download(url, range="bytes=5000-")).status_code == 416
    zoom.faults.set("range_wrong", count=1)
    other = await maya.download(url, range="bytes=5000-")
    assert (other.status_code, other.headers["content-range"]) == (206, f"bytes 4000-{len(AUDIO) - 1}/{len(AUDIO)}")
    assert other.content == AUDIO[4000:]


async def test_a_range_of_another_version_is_not_sent(zoom, maya):
    url = (await maya.file("M4A"))["download_url"]
    etag = (await maya.download(url)).headers["etag"]
    assert (await maya.download(url, range="bytes=5-", **{"if-range": etag})).status_code == 206
    zoom.faults.set("file_changed")
    changed = await maya.download(url, range="bytes=5-", **{"if-range": etag})
    assert (changed.status_code, len(changed.content), changed.content == AUDIO) == (200, len(AUDIO), False)
    assert (await maya.download(url)).headers["etag"] != changed.headers["etag"] != etag


async def test_zooms_host_may_send_the_bytes_itself_or_the_storage_host_refuse(zoom, http, maya):
    url = (await maya.file("M4A"))["download_url"]
    zoom.faults.set("download_direct", count=1)
    assert (await http.get(url, headers=maya.bearer)).content == AUDIO
    zoom.faults.set("signature_expired", count=1)
    assert [(await maya.download(url)).status_code for _ in range(2)] == [403, 200]


async def test_a_webhooks_link_wants_the_webhooks_token(zoom, http, maya):
    file = next(f for f in zoom.meeting("81230000003").files if f.file_type == "M4A")
    url, token = zoom.webhook_link(file)
    assert "/rec/webhook_download/" in url
    assert (await http.get(url, headers=maya.bearer)).status_code == 401
    own = await http.get(url, headers={"authorization": f"Bearer {token}"})
    assert (own.status_code, (await http.get(own.headers["location"])).content) == (302, AUDIO)


async def test_garbage_has_the_right_length_and_no_sense(zoom, maya):
    zoom.faults.set("garbage_file")
    content = (await maya.download((await maya.file("M4A"))["download_url"])).content
    assert len(content) == len(AUDIO)
    assert content[4:8] != b"ftyp"


async def test_without_content_length(zoom, maya):
    zoom.faults.set("download_chunked")
    answer = await maya.download((await maya.file("M4A"))["download_url"])
    assert ("content-length" in answer.headers, answer.content) == (False, AUDIO)


@pytest.mark.parametrize(("fault", "where"), [("redirect_private", "http://10.255.255.1/private"), ("redirect_loop", None)])
async def test_redirects_that_lead_astray(zoom, http, maya, fault, where):
    url = (await maya.file("M4A"))["download_url"]
    zoom.faults.set(fault)
    assert (await http.get(url, headers=maya.bearer)).headers["location"] == (where or url)


async def test_the_storage_host_may_fail_and_be_slow(zoom, maya):
    url = (await maya.file("CHAT"))["download_url"]
    zoom.faults.set("download_500", count=1)
    assert (await maya.download(url)).status_code == 500
    zoom.faults.set("download_slow", bytes_per_second=1000)
    began = time.monotonic()
    assert len((await maya.download(url)).content) == 56
    assert time.monotonic() - began >= 0.056
