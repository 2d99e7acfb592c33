"""Faults of lists: windows that are cut, pages that do not end, tokens that die."""

from datetime import timedelta

import pytest

from momentum.errors import ErrorCode, Retry

pytestmark = pytest.mark.anyio

ENDLESS = {
    "work": "sync",
    "raises": Retry,
    "code": ErrorCode.PROVIDER_ANSWER_INVALID,
    "says": "Zoom's list of recordings does not come to an end.",
}
CASES = {
    "clamp": [{"work": "sync", "on": {"days": days}, "calls": calls} for days, calls in ((7, 6), (1, 33), (0, 34))],
    "small_pages": [{"work": "sync", "on": {"size": size}, "calls": calls} for size, calls in ((2, 4), (1, 5))],
    "empty_page_with_token": [{"work": "sync", "on": {"count": 2}, "calls": 5}, ENDLESS | {"calls": 40}],
    "page_token_expired": [
        {"work": "sync", "on": {"count": 1}, "also": {"small_pages": {"size": 2}}, "calls": 6},
        ENDLESS | {"also": {"small_pages": {"size": 2}}, "calls": 4},
    ],
    "page_token_repeated": [ENDLESS | {"calls": 4}],
    "no_recordings": [{"work": "sync", "gives": {}, "calls": 3}, {"work": "sync", "on": {"code": 3301}, "gives": {}, "calls": 3}],
}
ROWS = [pytest.param(name, facts, id=f"{name}-{number}") for name, rows in CASES.items() for number, facts in enumerate(rows)]


@pytest.mark.parametrize(("name", "facts"), ROWS)
async def test_what_becomes_of(stand, name, facts):
    await stand.holds(name, **facts)


@pytest.mark.parametrize(("minutes", "again"), [(14, 0), (16, 1)])
async def test_a_page_token_dies_after_fifteen_minutes_and_the_window_is_read_again(stand, minutes, again):
    await stand.connect()
    whole = await stand.sync()
    stand.sandbox.faults.set("small_pages")
    tokens = []
    stand.sandbox.requests.clear()
    stand.time.per_call = timedelta(minutes=minutes)

    async def once(*_args, **_kwargs):
        tokens.append(stand.time.now)
        stand.time.now += stand.time.per_call
        if len(tokens) == 2:
            stand.time.per_call = timedelta()

    stand.pace.wait = once
    assert await stand.sync() == whole
    refused = [r for r in stand.sandbox.requests if r.status == 400]
    assert len(refused) == again
    assert len(stand.sandbox.requests) == 4 + 2 * again


async def test_pages_that_always_take_too_long_are_given_up_for_later_and_nothing_is_lost(stand):
    await stand.connect()
    whole = await stand.sync()
    stand.sandbox.faults.set("small_pages")
    stand.time.per_call = timedelta(minutes=16)
    stand.sandbox.requests.clear()
    with pytest.raises(Retry) as given_up:
        await stand.sync()
    assert (given_up.value.code, given_up.value.detail) == (ErrorCode.PROVIDER_ANSWER_INVALID, ENDLESS["says"])
    assert len(stand.sandbox.requests) <= 6
    assert await stand.known() == whole
