"""Which failure becomes which state."""

from datetime import UTC, datetime, timedelta

import pytest

from momentum.errors import ActionRequired, ErrorCode, Invalid, MomentumError, NotReady, Permanent, Retry, Unavailable
from momentum.worker import carry
from momentum.worker.decisions import RETRY_DELAYS, decide

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
CODE = ErrorCode.RECORDING_NOT_READY


def decided(error: BaseException, failures: int = 0, waiting_since: datetime = NOW):
    return decide(error, failures=failures, waiting_since=waiting_since, now=NOW, fault="f00d")


def test_what_is_not_ready_waits_without_counting():
    decision = decided(NotReady(CODE, "Zoom is still preparing it."))
    assert (decision.state, decision.counts, decision.next_try_at) == ("waiting", False, NOW + timedelta(seconds=60))


@pytest.mark.parametrize(("waited", "delay"), [(60, 60), (600, 150), (3600, 900), (20 * 3600, 3600)])
def test_the_longer_it_took_the_longer_the_next_wait(waited: int, delay: int):
    decision = decided(NotReady(CODE, "Not yet."), waiting_since=NOW - timedelta(seconds=waited))
    assert decision.next_try_at == NOW + timedelta(seconds=delay)


def test_what_is_not_ready_for_a_day_fails():
    assert decided(NotReady(CODE, "Not yet."), waiting_since=NOW - timedelta(hours=25)).state == "failed"


def test_the_other_sides_wish_is_obeyed():
    assert decided(Retry(ErrorCode.PROVIDER_RATE_LIMITED, "Busy.", after=77)).next_try_at == NOW + timedelta(seconds=77)


@pytest.mark.parametrize("code", [ErrorCode.PROVIDER_RATE_LIMITED, ErrorCode.PROVIDER_DAILY_LIMIT])
@pytest.mark.parametrize("failures", [0, len(RETRY_DELAYS), 1000])
@pytest.mark.parametrize(("after", "delay"), [(None, 60), (43_200, 43_200), (0.01, 1)])
def test_being_asked_to_wait_is_no_failure(code: ErrorCode, failures: int, after: float | None, delay: float):
    decision = decided(Retry(code, "Too many calls.", after=after), failures=failures)
    assert (decision.state, decision.counts, decision.next_try_at) == ("waiting", False, NOW + timedelta(seconds=delay))


@pytest.mark.parametrize("error", [Retry(CODE, "Away."), Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "Away.")])
def test_a_passing_fault_is_tried_again_until_the_last_delay(error: MomentumError):
    assert [decided(error, failures=n).state for n in (0, len(RETRY_DELAYS) - 1, len(RETRY_DELAYS))] == ["waiting", "waiting", "failed"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ActionRequired(CODE, "Connect again."), "action_required"),
        (Permanent(CODE, "Deleted."), "failed"),
        (Permanent(ErrorCode.PROCESSING_CANCELLED, "Cancelled."), "cancelled"),
        (Invalid(CODE, "No."), "failed"),
    ],
)
def test_the_rest_is_final(error: MomentumError, state: str):
    decision = decided(error)
    assert (decision.state, decision.next_try_at, decision.detail) == (state, None, error.detail)


def test_a_bug_shows_its_id_and_nothing_of_itself():
    decision = decided(ValueError("token eyJhbGciOi..."))
    assert decision.code == ErrorCode.INTERNAL
    assert "f00d" in decision.detail
    assert "eyJ" not in decision.detail


@pytest.mark.anyio
@pytest.mark.parametrize("code", [ErrorCode.DATABASE_UNAVAILABLE, ErrorCode.DISK_FULL])
async def test_what_stands_in_the_database_is_waited_for_until_it_can_be_written(monkeypatch, code):
    monkeypatch.setattr(carry, "AWAY_SECONDS", 0)
    failures = [Unavailable(code, "Away."), Unavailable(code, "Still.")]

    async def work():
        if failures:
            raise failures.pop()
        return "kept"

    assert await carry.patiently(work) == "kept"
