import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from momentum.errors import ErrorCode, Retry
from momentum.store.database import Database
from momentum.store.limits import SharedLimiter, forget_idle
from tests.acceptance.callers import most_in_a_second

pytestmark = pytest.mark.anyio


@pytest.fixture
def administer(owner_dsn):
    """Runs a statement as the owner."""
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        yield owner.execute


@pytest.fixture
async def limiter(database, administer):
    made = SharedLimiter(database)
    yield made
    await made.aclose()


@pytest.fixture
async def other_limiter(app_dsn, administer):
    """The limiter of another process."""
    database = await Database.open(app_dsn, pool_size=2)
    made = SharedLimiter(database)
    yield made
    await made.aclose()
    await database.aclose()


async def _moment_of_slot(limiter, **pace):
    await limiter.wait("zoom", **pace)
    return asyncio.get_running_loop().time()


async def test_calls_of_all_processes_keep_one_pace(limiter, other_limiter):
    waits = [_moment_of_slot(one, per_second=100) for one in (limiter, other_limiter) for _ in range(10)]
    moments = sorted(await asyncio.gather(*waits))
    assert moments[-1] - moments[0] >= 19 * 0.01 * 0.75  # the first may wake late


async def test_who_asks_first_goes_first(limiter):
    order = []

    async def call(number):
        await limiter.wait("zoom", per_second=200)
        order.append(number)

    await asyncio.gather(*(call(number) for number in range(12)))
    assert order == list(range(12))


async def test_keys_do_not_wait_for_each_other(limiter):
    loop = asyncio.get_running_loop()
    await limiter.wait("one", per_second=0.1)
    begun = loop.time()
    await limiter.wait("two", per_second=0.1)
    assert loop.time() - begun < 5


async def test_a_pause_holds_for_all_processes(limiter, other_limiter):
    loop = asyncio.get_running_loop()
    await other_limiter.wait("zoom", per_second=50)
    begun = loop.time()
    await limiter.pause("zoom", datetime.now(UTC) + timedelta(seconds=0.5))
    await other_limiter.wait("zoom", per_second=50)
    assert loop.time() - begun >= 0.45


async def test_a_pause_reaches_those_who_wait_already(limiter, other_limiter):
    loop = asyncio.get_running_loop()
    moments = []

    async def call():
        moments.append(await _moment_of_slot(other_limiter, per_second=50))

    async with asyncio.TaskGroup() as calls:
        for _ in range(40):
            calls.create_task(call())
        await limiter.wait("zoom", per_second=50)
        paused = loop.time()
        await limiter.pause("zoom", datetime.now(UTC) + timedelta(seconds=1))
    assert len(moments) == 40
    assert not [moment for moment in moments if paused + 0.2 < moment < paused + 0.95]


async def test_a_pause_is_never_shortened(limiter):
    await limiter.pause("zoom", datetime.now(UTC) + timedelta(hours=2))
    await limiter.pause("zoom", datetime.now(UTC) + timedelta(seconds=1))
    with pytest.raises(Retry) as caught:
        await limiter.wait("zoom", per_second=50)
    assert caught.value.after > 3600


async def test_a_long_pause_is_left_to_the_schedule(limiter):
    await limiter.pause("zoom", datetime.now(UTC) + timedelta(days=3))
    with pytest.raises(Retry) as caught:
        await limiter.wait("zoom", per_second=50)
    assert caught.value.code is ErrorCode.PROVIDER_RATE_LIMITED
    assert caught.value.after == pytest.approx(3 * 86400, abs=60)


# --- a vendor that refuses and does not say why -------------------------------------------------------


def _until_midnight():
    now = datetime.now(UTC)
    return ((now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0) - now).total_seconds()


@pytest.fixture
def over(administer):
    """Lets the pauses of all keys have ended `ago` before now."""

    def end(ago="1 second"):
        administer(f"update rate_limits set paused_until = now() - interval '{ago}', struck_until = now() - interval '{ago}'")

    return end


async def test_the_pauses_of_a_vendor_that_keeps_refusing_grow_in_all_processes(limiter, other_limiter, over):
    pauses = []
    for one in (limiter, other_limiter, limiter):
        pauses.append(await one.back_off("zoom"))
        with pytest.raises(Retry) as caught:
            await other_limiter.wait("zoom", per_second=50)
        assert caught.value.after == pytest.approx(pauses[-1], abs=30)
        over()
    midnight = _until_midnight()
    assert pauses == pytest.approx([min(60, midnight), min(900, midnight), midnight], abs=30)


async def test_many_that_are_refused_at_once_are_one_refusal(limiter, other_limiter):
    pauses = await asyncio.gather(*(one.back_off("zoom") for one in (limiter, other_limiter) * 5))
    assert max(pauses) <= 60


async def test_after_a_call_that_went_well_the_pauses_begin_anew(limiter, other_limiter, over):
    await limiter.back_off("zoom")
    with pytest.raises(Retry):
        await other_limiter.wait("zoom", per_second=50)
    over()
    await other_limiter.ease("zoom")
    assert await limiter.back_off("zoom") <= 60


@pytest.mark.parametrize("ago", ["16 minutes", "25 hours"])
async def test_what_was_refused_long_ago_counts_for_nothing(limiter, over, ago):
    for _ in range(2):
        await limiter.back_off("zoom")
        over()
    over(ago)
    assert await limiter.back_off("zoom") <= 60


async def test_keys_that_nobody_uses_any_more_are_forgotten(limiter, database, administer):
    for key in ("old", "paused", "new"):
        await limiter.wait(key, per_second=1000)
    await limiter.pause("paused", datetime.now(UTC) + timedelta(hours=1))
    administer("update rate_limits set day = day - 8 where key <> 'new'")
    async with database.nobody() as connection:
        await forget_idle(connection)
    assert administer("select key from rate_limits order by key").fetchall() == [("new",), ("paused",)]


async def test_a_spent_day_ends_at_midnight_utc(limiter, other_limiter, administer):
    for one in (limiter, other_limiter, limiter):
        await one.wait("zoom", per_second=100, per_day=3)
    with pytest.raises(Retry) as caught:
        await other_limiter.wait("zoom", per_second=100, per_day=3)
    assert caught.value.code is ErrorCode.PROVIDER_DAILY_LIMIT
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert caught.value.after == pytest.approx((midnight - now).total_seconds(), abs=60)
    administer("update rate_limits set day = day - 1")
    await limiter.wait("zoom", per_second=100, per_day=3)
    assert administer("select used_today from rate_limits").fetchone() == (1,)


async def test_the_last_calls_of_a_day_are_given_out_singly(limiter):
    outcomes = await asyncio.gather(*(limiter.wait("zoom", per_second=200, per_day=5) for _ in range(8)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 5 + [Retry] * 3


async def test_those_who_gave_up_use_no_slots(limiter, administer):
    first = asyncio.create_task(limiter.wait("zoom", per_second=20, per_day=1000))
    tasks = [asyncio.create_task(limiter.wait("zoom", per_second=20, per_day=1000)) for _ in range(30)]
    await first
    for task in tasks[:-1]:
        task.cancel()
    await tasks[-1]
    used = administer("select used_today from rate_limits").fetchone()[0]
    assert used <= 4


async def test_slow_keys_hold_no_slot_in_advance(limiter, database, administer):
    await limiter.wait("zoom", per_second=1)
    async with database.nobody() as connection:
        answer = await connection.exec_driver_sql("select granted, wait_s, why from rate_limit_take('zoom', 2, 1000000, null, 0.15)")
        granted, wait, why = answer.one()
    assert (granted, why) == (0, "ahead")
    assert 0 < wait <= 1.01


async def test_batches_stay_within_the_horizon(database, administer):
    async with database.nobody() as connection:
        rows = [
            (await connection.exec_driver_sql("select granted from rate_limit_take('zoom', 5, 60000000, null, 180)")).scalar_one()
            for _ in range(2)
        ]
    assert rows == [4, 0]


async def test_a_lost_connection_is_not_noticed(limiter, administer):
    await limiter.wait("zoom", per_second=100)
    administer("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'momentum_app'")
    await limiter.wait("zoom", per_second=100)


async def test_while_the_database_is_away_callers_are_told_and_later_served(limiter, administer):
    name = administer("select current_database()").fetchone()[0]
    administer(f"alter database {name} connection limit 0")
    administer("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'momentum_app'")
    outcomes = await asyncio.gather(*(limiter.wait("zoom", per_second=100) for _ in range(3)), return_exceptions=True)
    assert [(type(error), error.code) for error in outcomes] == [(Retry, ErrorCode.DATABASE_UNAVAILABLE)] * 3
    administer(f"alter database {name} connection limit -1")
    await limiter.wait("zoom", per_second=100)


async def test_a_bug_is_shown_to_every_caller(limiter, administer):
    administer("drop function rate_limit_take")
    outcomes = await asyncio.gather(*(limiter.wait("zoom", per_second=100) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(error, Exception) and not isinstance(error, Retry) for error in outcomes)


async def test_closing_ends_the_wait(limiter):
    await limiter.wait("zoom", per_second=0.1)
    waiting = asyncio.create_task(limiter.wait("zoom", per_second=0.1))
    await asyncio.sleep(0)  # it waits now
    await limiter.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_was_used_survives_a_crash(administer):
    assert administer("select relpersistence from pg_class where relname = 'rate_limits'").fetchone() == ("p",)


async def test_a_new_rate_holds_from_the_next_call_on(limiter):
    await limiter.wait("zoom", per_second=1000)
    loop = asyncio.get_running_loop()
    moments = [await _moment_of_slot(limiter, per_second=20) for _ in range(3)]
    assert all(later - earlier >= 0.04 for earlier, later in pairwise(moments))
    assert loop.time() - moments[0] < 5


async def test_a_call_that_comes_late_makes_no_second_too_full(limiter):
    loop, moments = asyncio.get_running_loop(), []
    until = loop.time() + 2

    async def call():
        while loop.time() < until:
            moments.append(await _moment_of_slot(limiter, per_second=50))

    for moment in (0.3, 0.45, 0.6):
        loop.call_later(moment, time.sleep, 0.045)  # nothing here goes on meanwhile: two slots pass
    await asyncio.gather(*(call() for _ in range(5)))
    assert most_in_a_second(moments) <= 50
    assert len(moments) > 50
