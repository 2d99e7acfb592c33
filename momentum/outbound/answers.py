"""What the head of a download's answer means: a file, a part of one, or one of the ways to be refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from momentum.errors import ErrorCode, MomentumError, Permanent, Retry
from momentum.outbound.client import retry_after

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Fault(Exception):
    """An attempt failed. `error` is what it means when it cannot be mended; `stale`: a fresh link may mend it."""

    def __init__(self, error: MomentumError, *, stale: bool = False) -> None:
        super().__init__(error.detail)
        self.error, self.stale = error, stale


@dataclass(frozen=True, slots=True)
class Body:
    """A body to read: its first byte's place in the file, its own length and the file's, where stated; its strong ETag.

    `is_resumable`: the server promises to go on from any byte of exactly this version.
    """

    is_range: bool
    start: int
    length: int | None
    total: int | None
    etag: str | None
    is_resumable: bool


def body_of(response: aiohttp.ClientResponse, *, name: str, wanted: bool, now: datetime) -> Body | None:
    """What `response` brings; None where a range was `wanted` and nothing stands there. Raises Fault, Retry or Permanent."""
    if response.status == 416 and wanted:
        return None
    if response.status not in (200, 206):
        raise _refusal(response, name, now)
    if response.content_type == "text/html":
        raise Fault(web_page(name), stale=True)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Fault(Retry(ErrorCode.DOWNLOAD_FAILED, f"The download of {name} came packed in a way that was not asked for."))
    etag = _strong(response.headers.get("ETag"))
    if response.status == 200:
        promised = etag is not None and response.headers.get("Accept-Ranges", "").lower() == "bytes"
        return Body(False, 0, response.content_length, response.content_length, etag, promised)
    stated = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not wanted or stated is None:
        raise Fault(Retry(ErrorCode.DOWNLOAD_FAILED, f"The download of {name} brought a part that was not asked for."))
    first, last, total = stated.groups()
    return Body(True, int(first), int(last) - int(first) + 1, None if total == "*" else int(total), etag, etag is not None)


def is_web_page(head: bytes) -> bool:
    """Whether a body begins like a web page, whatever its type says."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))


def web_page(name: str) -> MomentumError:
    """What a vendor answers, with status 200, to a download it does not allow: https://github.com/graphaelli/zat/pull/12."""
    return Permanent(
        ErrorCode.DOWNLOAD_REFUSED,
        f"Instead of {name} came a web page, which asks to sign in or says who may download. "
        "Check that the recording's owner allows downloads.",
    )


def _refusal(response: aiohttp.ClientResponse, name: str, now: datetime) -> Fault:
    after = retry_after(response.headers.get("Retry-After"), now=now)
    match response.status:
        case 401:
            return Fault(
                Retry(ErrorCode.DOWNLOAD_REFUSED, f"The download of {name} was refused: the access token was not accepted."), stale=True
            )
        case 403:
            return Fault(Permanent(ErrorCode.DOWNLOAD_REFUSED, f"The download of {name} is not allowed for this account."), stale=True)
        case 404 | 410:
            return Fault(Permanent(ErrorCode.RECORDING_NOT_FOUND, f"{name} is not there any more."), stale=True)
        case 429:
            return Fault(Retry(ErrorCode.PROVIDER_RATE_LIMITED, "Too many downloads in a short time.", after=after))
        case status if status >= 500:
            return Fault(Retry(ErrorCode.DOWNLOAD_FAILED, f"The server of {name} has a fault of its own ({status}).", after=after))
        case status:
            return Fault(Permanent(ErrorCode.DOWNLOAD_FAILED, f"The download of {name} was answered with status {status}."), stale=True)


def _strong(etag: str | None) -> str | None:
    return etag if etag and not etag.startswith("W/") else None
