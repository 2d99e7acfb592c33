"""What becomes of a processing whose step failed: decided purely, acted on elsewhere."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from momentum.errors import ActionRequired, ErrorCode, MomentumError, NotReady, Permanent, Retry, Unavailable
from momentum.model import ProcessingState

NOT_READY_SHARE, NOT_READY_SHORTEST, NOT_READY_LONGEST = 1 / 4, 60.0, 3600.0
"""A recording that is being prepared is looked at again after this share of the time waited so far, within these seconds:
Zoom takes about twice the recorded time, up to a day."""
NOT_READY_LIMIT = timedelta(hours=24)
RETRY_DELAYS = (5, 15, 60, 300, 900, 1800, 3600)
"""Seconds before a failed step is tried again, where the other side named none."""
RATE_LIMITS = frozenset({ErrorCode.PROVIDER_RATE_LIMITED, ErrorCode.PROVIDER_DAILY_LIMIT})
"""Asked to wait, however often and long: nothing has failed. The limiter lets the pauses grow."""
RATE_LIMIT_DELAY = 60.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a processing whose step failed."""

    state: ProcessingState
    code: ErrorCode
    detail: str
    next_try_at: datetime | None = None
    counts: bool = True
    """Whether this was a failed attempt; waiting for something that is not there yet is none."""


def decide(error: BaseException, *, failures: int, waiting_since: datetime, now: datetime, fault: str) -> Decision:  # noqa: PLR0911 -- a table, one row per word for failure
    """The decision an error calls for; `failures` is how often the step has failed before in a row.

    `fault` is the id under which an unforeseen error stands in the log: all the person is told of it.
    """
    match error:
        case NotReady() if now - waiting_since < NOT_READY_LIMIT:
            after = error.after or _patience(now - waiting_since)
            return Decision(ProcessingState.WAITING, error.code, error.detail, now + timedelta(seconds=after), counts=False)
        case NotReady():
            return Decision(ProcessingState.FAILED, error.code, f"{error.detail} We waited for a day.")
        case Retry(code=code) if code in RATE_LIMITS:
            until = now + timedelta(seconds=max(1.0, error.after or RATE_LIMIT_DELAY))
            return Decision(ProcessingState.WAITING, error.code, error.detail, until, counts=False)
        case Retry() | Unavailable() if failures < len(RETRY_DELAYS):
            after = error.after or RETRY_DELAYS[failures]
            return Decision(ProcessingState.WAITING, error.code, error.detail, now + timedelta(seconds=after))
        case Permanent(code=ErrorCode.PROCESSING_CANCELLED):
            return Decision(ProcessingState.CANCELLED, error.code, error.detail)
        case ActionRequired():
            return Decision(ProcessingState.ACTION_REQUIRED, error.code, error.detail)
        case MomentumError():
            return Decision(ProcessingState.FAILED, error.code, error.detail)
        case _:
            return Decision(ProcessingState.FAILED, ErrorCode.INTERNAL, f"Something broke on our side. Tell the operator fault {fault}.")


def again(decision: Decision, *, now: datetime) -> Decision:
    """The same for another try at once, as a failed attempt."""
    return dataclasses.replace(decision, state=ProcessingState.WAITING, next_try_at=now)


def _patience(waited: timedelta) -> float:
    return min(NOT_READY_LONGEST, max(NOT_READY_SHORTEST, waited.total_seconds() * NOT_READY_SHARE))
