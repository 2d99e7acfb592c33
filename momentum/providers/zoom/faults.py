"""What an answer of Zoom's API means when it is not what we asked for.

Texts follow the language of the account, so nothing is decided by them, but for the English
`does not contain scopes`, which stands in every report of that fault.
Codes: https://developers.zoom.us/docs/api/errors/ and the error lists of each call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from momentum.outbound.client import Answer, retry_after
from momentum.providers.zoom.parse import integer, text

SHORT_PAUSE = 10.0
"""Seconds up to which a wish to wait is a pause between two calls, and not a reason to come back another time."""


class Kind(StrEnum):
    """What went wrong, as far as it decides what to do."""

    TOKEN_REFUSED = "token_refused"
    SCOPE_MISSING = "scope_missing"
    FORBIDDEN = "forbidden"
    USER_UNKNOWN = "user_unknown"
    NO_RECORDING = "no_recording"
    """There is none, or it is still being prepared: Zoom says both with one code."""
    NOT_FOUND = "not_found"
    TOO_FAST = "too_fast"
    DAY_USED_UP = "day_used_up"
    AWAY = "away"
    INVALID = "invalid"
    """Zoom found fault with the request; also what an outlived page token gets."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One unwelcome answer. `until` is when to call again; `scopes` those that Zoom named as missing.

    `vague`: too many calls, and not a word on whether in this second or today.
    """

    kind: Kind
    status: int
    code: int | None
    tracking_id: str
    scopes: tuple[str, ...] = ()
    until: datetime | None = None
    vague: bool = False


def fault_of(answer: Answer, *, now: datetime) -> Fault | None:
    """The fault in an answer, None when it is a good one: a JSON object with a status of 2xx and no error in it."""
    body = answer.json()
    code, message = _error(body) if isinstance(body, dict) else (None, "")
    good = 200 <= answer.status < 300
    if good and isinstance(body, dict) and not _is_error(body):
        return None
    kind = _kind(answer, code, message, readable=isinstance(body, dict))
    return Fault(
        kind=kind,
        status=answer.status,
        code=code,
        tracking_id=text(answer.headers.get("x-zm-trackingid")),
        scopes=_scopes(message) if kind is Kind.SCOPE_MISSING else (),
        until=_until(kind, answer, now),
        vague=kind is Kind.TOO_FAST and not _LIMIT_HEADERS & answer.headers.keys(),
    )


def _is_error(body: dict[str, Any]) -> bool:
    """Zoom sends some refusals with status 200: a code and a message, and nothing of what was asked for."""
    return integer(body.get("code")) is not None and "message" in body and not {"id", "uuid", "meetings", "recording_files"} & body.keys()


def _error(body: dict[str, Any]) -> tuple[int | None, str]:
    return integer(body.get("code")), text(body.get("message"))


_BY_CODE = {
    124: Kind.TOKEN_REFUSED,
    200: Kind.FORBIDDEN,
    300: Kind.INVALID,
    429: Kind.TOO_FAST,
    1001: Kind.USER_UNKNOWN,
    1010: Kind.USER_UNKNOWN,
    3001: Kind.NOT_FOUND,
    3301: Kind.NO_RECORDING,
}
_BY_STATUS = {401: Kind.TOKEN_REFUSED, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND, 408: Kind.AWAY}


def _kind(answer: Answer, code: int | None, message: str, *, readable: bool) -> Kind:
    # 4711, 4700 and 201 have been seen with this text, and each of them elsewhere with another meaning.
    if code in {4711, 4700, 201} and "does not contain scopes" in message:
        return Kind.SCOPE_MISSING
    if answer.status == 429 or code == 429:
        return Kind.DAY_USED_UP if _is_daily(answer) else Kind.TOO_FAST
    if answer.status >= 500 or 300 <= answer.status < 400 or not readable:
        return Kind.AWAY  # the API speaks JSON and sends nobody elsewhere: a gateway's page, whatever its status, is not its word
    return _BY_CODE.get(code or 0) or _BY_STATUS.get(answer.status) or Kind.INVALID


_LIMIT_HEADERS = frozenset({"x-ratelimit-type", "x-ratelimit-remaining", "retry-after"})


def _is_daily(answer: Answer) -> bool:
    """Whether a day's allowance is gone, as far as headers say. They are not promised: https://developers.zoom.us/docs/api/rate-limits/."""
    limit_type = answer.headers.get("x-ratelimit-type", "").lower()
    if limit_type:
        return "daily" in limit_type
    return integer(answer.headers.get("x-ratelimit-remaining")) == 0


def _until(kind: Kind, answer: Answer, now: datetime) -> datetime | None:
    seconds = retry_after(answer.headers.get("retry-after"), now=now)
    if kind is Kind.DAY_USED_UP:
        # Zoom's day is UTC's. A moment that has passed says nothing.
        return now + timedelta(seconds=seconds) if seconds else next_day(now)
    if kind is Kind.TOO_FAST:
        return now + timedelta(seconds=max(1.0, seconds or 0.0))
    return now + timedelta(seconds=seconds) if kind is Kind.AWAY and seconds else None


def next_day(now: datetime) -> datetime:
    """The next midnight in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _scopes(message: str) -> tuple[str, ...]:
    found = re.search(r"scopes:?\s*\[([^\]]*)\]", message)
    return tuple(scope for scope in re.split(r"[\s,]+", found[1]) if scope) if found else ()
