"""Faults of downloads: refusals, redirects, bodies that end early or lie."""

import pytest

from momentum.errors import ErrorCode, Permanent, Retry
from momentum.outbound.download import Link
from momentum.sandbox.samples import load

pytestmark = pytest.mark.anyio

SIZE = len(load("standup").audio)
NAME = "audio_only.m4a"
WEB_PAGE = {
    "work": "fetch",
    "raises": Permanent,
    "code": ErrorCode.DOWNLOAD_REFUSED,
    "says": f"Instead of {NAME} came a web page, which asks to sign in or says who may download. "
    "Check that the recording's owner allows downloads.",
    "calls": 4,
}
BROKEN_OFF = {
    "work": "fetch",
    "raises": Retry,
    "code": ErrorCode.DOWNLOAD_TRUNCATED,
    "says": f"The download of {NAME} broke off before its end.",
}
UNREADABLE = {
    "work": "hear",
    "raises": Permanent,
    "code": ErrorCode.MEDIA_UNREADABLE,
    "says": f"{NAME} is not an audio or video file that can be read, or it is damaged.",
    "calls": 3,
}


ONCE = {"work": "fetch", "on": {"count": 1}}
CASES = {
    "download_html_200": [WEB_PAGE, WEB_PAGE | {"on": {"page": "passcode"}}, ONCE | {"calls": 5}],
    "download_401": [
        {
            "work": "fetch",
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_REFUSED,
            "says": f"The download of {NAME} was refused: the access token was not accepted.",
            "calls": 4,
        },
        ONCE | {"calls": 5},
    ],
    "stale_url": [ONCE | {"calls": 5}],
    "download_404_html": [
        {
            "work": "fetch",
            "raises": Permanent,
            "code": ErrorCode.RECORDING_NOT_FOUND,
            "says": f"{NAME} is not there any more.",
            "calls": 4,
        },
        ONCE | {"calls": 5},
        # Names are a gift: a timeline that cannot be had costs no word, captions not even the names while there is a timeline.
        {"work": "hear", "on": {"file": "TIMELINE"}, "calls": 9},
        {"work": "hear", "on": {"file": "TRANSCRIPT"}, "calls": 9},
    ],
    "download_direct": [{"work": "fetch", "calls": 2}, {"work": "fetch", "also": {"download_truncated": 1}, "calls": 3}],
    "redirect_private": [
        {
            "work": "fetch",
            "on": {"location": location},
            "raises": Permanent,
            "code": ErrorCode.ADDRESS_REFUSED,
            "says": f"Momentum does not connect to this address. {why}",
            "calls": 2,
        }
        for location, why in (
            ("http://10.255.255.1/private", "Only https is allowed."),
            ("https://10.255.255.1/private", "It leads into a private network."),
            ("https://169.254.169.254/latest/meta-data", "It leads into a private network."),
            ("file:///etc/passwd", "It names no host, or a user."),
        )
    ],
    "redirect_loop": [
        {
            "work": "fetch",
            "raises": Permanent,
            "code": ErrorCode.DOWNLOAD_REFUSED,
            "says": "The download is redirected again and again.",
            "calls": 7,
        }
    ],
    "signature_expired": [
        {
            "work": "fetch",
            "raises": Permanent,
            "code": ErrorCode.DOWNLOAD_REFUSED,
            "says": f"The download of {NAME} is not allowed for this account.",
            "calls": 6,
        },
        ONCE | {"calls": 6},
    ],
    "download_500": [
        {
            "work": "fetch",
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_FAILED,
            "says": f"The server of {NAME} has a fault of its own (500).",
            "calls": 7,
        },
        ONCE | {"calls": 5},
    ],
    "download_truncated": [
        BROKEN_OFF | {"on": {"fraction": 0.001}, "calls": 7},
        BROKEN_OFF | {"on": {"fraction": 0.9}, "calls": 7},
        ONCE | {"calls": 5},
    ],
    "download_wrong_length": [
        {
            "work": "fetch",
            "on": {"fraction": 0.5},
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_TRUNCATED,
            "says": f"{NAME} has another length than announced: {SIZE // 2} bytes instead of {SIZE}.",
            "calls": 6,
        },
        {
            "work": "fetch",
            "on": {"fraction": 2},
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_FAILED,
            "says": f"{NAME} has another length than announced: {SIZE * 2} bytes instead of {SIZE}.",
            "calls": 6,
        },
        ONCE | {"calls": 6},
    ],
    "download_slow": [{"work": "fetch", "on": {"bytes_per_second": 2_000_000}, "calls": 3}],
    "download_chunked": [{"work": "fetch", "calls": 3}, {"work": "fetch", "also": {"download_truncated": 1}, "calls": 5}],
    "range_ignored": [{"work": "fetch", "also": {"download_truncated": 1}, "calls": 5}, {"work": "hear", "calls": 8}],
    "range_refused": [{"work": "fetch", "also": {"download_truncated": 1}, "calls": 7}],
    "range_wrong": [{"work": "fetch", "also": {"download_truncated": 1}, "calls": 7}],
    "file_changed": [
        {
            "work": "fetch",
            "also": {"download_truncated": 1},
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_FAILED,
            "says": "The file changed while it was being downloaded.",
            "calls": 5,
        },
        UNREADABLE,
    ],
    "garbage_file": [
        UNREADABLE,
        {"work": "hear", "on": {"file": "TIMELINE"}, "calls": 8},
        {"work": "hear", "on": {"file": "TRANSCRIPT"}, "calls": 8},
    ],
    "text_file": [UNREADABLE, {"work": "hear", "on": {"file": "TRANSCRIPT"}, "calls": 8}],
    "empty_file": [
        BROKEN_OFF | {"says": f"{NAME} has another length than announced: 0 bytes instead of {SIZE}.", "calls": 6},
        ONCE | {"calls": 6},
    ],
    "huge_file": [
        {
            "work": "fetch",
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_FAILED,
            "says": f"{NAME} has another length than announced: {4 * 2**30} bytes instead of {SIZE}.",
            "calls": 6,
        }
    ],
}
ROWS = [
    pytest.param(name, facts, id=f"{name}-{facts['work']}-{number}") for name, rows in CASES.items() for number, facts in enumerate(rows)
]


@pytest.mark.parametrize(("name", "facts"), ROWS)
async def test_what_becomes_of(stand, name, facts):
    await stand.holds(name, **facts)


@pytest.mark.parametrize("honoured", [True, False])
async def test_a_broken_body_is_gone_on_with_where_ranges_are_honoured_and_read_anew_where_not(stand, honoured):
    await stand.connect()
    whole = await stand.fetch()
    stand.sandbox.faults.apply({"download_truncated": 1, "range_ignored": not honoured})
    stand.sandbox.requests.clear()
    assert await stand.fetch() == whole
    first, second = [r for r in stand.sandbox.requests if r.server == "storage"]
    assert (first.status, first.range, second.range) == (200, None, f"bytes={SIZE // 2}-")
    assert second.status == (206 if honoured else 200)


async def test_the_token_goes_to_zooms_host_alone(stand):
    await stand.connect()
    stand.sandbox.requests.clear()
    await stand.fetch()
    assert [(r.server, r.authorization) for r in stand.sandbox.requests] == [("zoom", "Bearer"), ("zoom", "Bearer"), ("storage", None)]
    assert stand.sandbox.leaks == []


async def test_a_webhooks_link_opens_with_the_webhooks_token_alone(stand):
    await stand.connect()
    file = next(f for f in stand.sandbox.meeting(stand.meeting).files if f.file_type == "M4A")
    url, token = stand.sandbox.webhook_link(file)

    async def read(with_token):
        async def link():
            return Link(url, with_token, SIZE)

        source = stand.downloads.open(name=NAME, size=SIZE, token_hosts=stand.provider.token_hosts, locate=link, renew=link)
        return b"".join([block async for block in source.stream()])

    assert await read(token) == file.content
    with pytest.raises(Retry) as refused:
        await read(await stand.tokens.token())
    assert refused.value.code is ErrorCode.DOWNLOAD_REFUSED
    stand.sandbox.advance(24 * 3600)
    with pytest.raises(Retry):
        await read(token)
    assert stand.sandbox.leaks == []
