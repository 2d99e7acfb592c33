"""Errors as OpenAI's API words them: the envelope, and every way to say "too much".

https://developers.openai.com/api/docs/guides/error-codes, https://developers.openai.com/api/docs/guides/rate-limits
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


def error(message: str, kind: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a request, and how it is said."""

    message: str
    code: str | None = "invalid_value"
    param: str | None = None
    status: int = 400
    kind: str = "invalid_request_error"

    @property
    def body(self) -> dict[str, Any]:
        return error(self.message, self.kind, self.code, self.param)


def no_such_model(name: str) -> Problem:
    return Problem(f"The model `{name}` does not exist or you do not have access to it.", "model_not_found", status=404)


def _limit(message: str, code: str, kind: str, status: int = 429) -> Problem:
    return Problem(message, code, status=status, kind=kind)


_RPM = "Rate limit reached on requests per min (RPM): Limit 3, Used 3, Requested 1."
_TPM = "Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 1400."
_LARGE = "Request too large for this model on tokens per min (TPM): Limit 30000, Requested 41000."
_SLOW = "Your traffic rises too fast. Slow down."
_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_BILLING = "Billing hard limit has been reached."
_QUOTAS = (
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
)

PASSING = {
    "requests": _limit(_RPM, "rate_limit_exceeded", "requests"),
    "tokens": _limit(_TPM, "rate_limit_exceeded", "tokens"),
    "slow down": _limit(_SLOW, "slow_down", "rate_limit_error"),
    "slow down, as 503": _limit(_SLOW, "slow_down", "rate_limit_error", 503),
}
"""Too much for now, by name."""

SPENT = {code: _limit(_QUOTA, code, "insufficient_quota") for code in _QUOTAS} | {
    "billing limit": _limit(_BILLING, "billing_hard_limit_reached", "invalid_request_error"),
    "billing limit, as 400": _limit(_BILLING, "billing_hard_limit_reached", "invalid_request_error", 400),
}
"""Nothing is left to spend: it says 429 like the others, and no waiting helps."""

NEVER_FITS = _limit(_LARGE, "rate_limit_exceeded", "tokens")
"""One request that is more than a whole minute's allowance."""
