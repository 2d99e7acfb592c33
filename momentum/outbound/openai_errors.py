"""What OpenAI's errors, and those of compatible servers, mean for us. Shared by the language model and the transcription engine.

Pure: a status, headers and a parsed body in, one of the words for failure out. Nothing of the other
side's text reaches the sentence: it may quote the key or the meeting.

https://developers.openai.com/api/docs/guides/error-codes, https://developers.openai.com/api/docs/guides/rate-limits
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from momentum.errors import ActionRequired, ErrorCode, MomentumError, Permanent, Retry
from momentum.outbound.client import LONGEST_WAIT

# They come as 429 as if waiting would help; it does not.
_QUOTA = {
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
}
_TOO_LARGE = {"context_length_exceeded", "input_too_large", "string_above_max_length"}
_OVERFLOW = re.compile(
    r"maximum context length|context window|context (?:length|size)|prompt is too long|too many tokens|exceeds the available context|"
    r"maximum content size|exceeds the maximum|is longer than [\d.]+ seconds",
    re.IGNORECASE,
)
_NEVER_FITS = re.compile(r"request too large.*?limit:?\s*([\d,]+).*?requested:?\s*([\d,]+)", re.IGNORECASE | re.DOTALL)
_WAIT = re.compile(r"try again in\s+((?:\d+(?:\.\d+)?(?:ms|[hms])\s*)+)", re.IGNORECASE)
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
UNWELCOME = 60.0
"""Seconds for which a server that slows us down and wants no second try is left alone."""


def translate(status: int, headers: Mapping[str, str], body: object, *, now: datetime) -> MomentumError:
    """The error to raise for an answer of `status`.

    `headers` have lower-case names; `body` is the parsed JSON, `{"error": {...}}` or the inner object, or the
    raw text (a 401 is served as text/plain). `after` is the wait the server names, in seconds.
    """
    error = _error(body)
    code, kind, message = (str(error.get(k) or "") for k in ("code", "type", "message"))
    if {code, kind} & _QUOTA:
        return ActionRequired(
            ErrorCode.MODEL_QUOTA_EXHAUSTED, "The model's quota is used up. Add credit or raise the limit, then continue."
        )
    if _is_too_large(status, code, message):
        return Permanent(ErrorCode.MODEL_INPUT_TOO_LARGE, "This is more than the model takes at once.")
    if code == "model_not_found" or status in {401, 403, 404}:
        return _configuration(status, named=code == "model_not_found" or "model" in message.lower())
    if status in {408, 409, 429} or status >= 500:
        slow_down = status == 429 or "slow_down" in {code, kind}
        return _passing(after(headers, message, now=now), slow_down=slow_down, hopeless=headers.get("x-should-retry") == "false")
    return Permanent(ErrorCode.MODEL_REQUEST_INVALID, f"The model's server did not accept our request (status {status}).")


def after(headers: Mapping[str, str], message: str = "", *, now: datetime) -> float | None:
    """Seconds the server asks us to wait: by its headers (milliseconds, seconds, a date), else by its words; None when it says nothing.

    Never more than LONGEST_WAIT.
    """
    found = _asked_for(headers, message, now)
    return None if found is None else min(found, LONGEST_WAIT)


def _asked_for(headers: Mapping[str, str], message: str, now: datetime) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", value):
            return float(value) * unit
        if value and (moment := _moment(value)):
            return max(0.0, (moment - now).total_seconds())
    match = _WAIT.search(message)
    return sum(float(n) * _UNITS[u.lower()] for n, u in re.findall(r"([\d.]+)(ms|[hms])", match[1], re.IGNORECASE)) if match else None


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def _error(body: object) -> dict[str, object]:
    if isinstance(body, str | bytes):
        try:
            body = json.loads(body)
        except ValueError:
            return {"message": body[:2000] if isinstance(body, str) else ""}
    if not isinstance(body, dict):
        return {}
    inner = body.get("error", body)
    if not isinstance(inner, dict):
        return {"message": str(inner)}
    # FastAPI's servers, such as speaches and open-asr-server, call it a detail.
    return inner if inner.get("message") or not isinstance(inner.get("detail"), str) else {**inner, "message": inner["detail"]}


def _is_too_large(status: int, code: str, message: str) -> bool:
    if code in _TOO_LARGE or status == 413:
        return True
    if status == 429 and (match := _NEVER_FITS.search(message)):
        limit, requested = (int(n.replace(",", "")) for n in match.groups())
        return requested > limit
    return status in {400, 422, 500} and bool(_OVERFLOW.search(message))


def _configuration(status: int, *, named: bool) -> ActionRequired:
    """`named`: whether the server speaks of a model, and not of the address."""
    if status == 401:
        return ActionRequired(
            ErrorCode.MODEL_KEY_INVALID, "The model's server does not accept the API key. Set a valid one, then continue."
        )
    if status == 403:
        return ActionRequired(ErrorCode.MODEL_KEY_INVALID, "The API key may not use this model here. Check the key's project and region.")
    if named:
        return ActionRequired(
            ErrorCode.MODEL_NOT_FOUND, "The server does not know this model: it was retired or is misspelt. Set another one."
        )
    return ActionRequired(
        ErrorCode.MODEL_NOT_CONFIGURED,
        "The server has no model's API at this address. Check OPENAI_BASE_URL or SPEECH_BASE_URL: most end in /v1.",
    )


def _passing(wait: float | None, *, slow_down: bool, hopeless: bool) -> MomentumError:
    """`hopeless`: the server says that asking again, now, does not help."""
    if slow_down:
        return Retry(
            ErrorCode.MODEL_RATE_LIMITED,
            "The model's server asks us to slow down.",
            after=max(wait or 0.0, UNWELCOME) if hopeless else wait,
        )
    if hopeless:
        return Permanent(ErrorCode.MODEL_UNAVAILABLE, "The model's server failed, and says that trying again does not help.")
    return Retry(ErrorCode.MODEL_UNAVAILABLE, "The model's server is busy or away.", after=wait)
