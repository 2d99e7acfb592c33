"""The pace of calls to a vendor, shared by every process through one row per key (migrations/sql/0001_rate_limits.sql, 0004).

In each process one pump per key takes the next one or two slots, on the database's clock, and hands them out in the
order of asking. Slots lie at most 0.15 s ahead, so a pause set by any process is obeyed by all within that time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum import metrics
from momentum.errors import ErrorCode, Retry, Unavailable
from momentum.outbound.limits import BACK_OFF_SECONDS
from momentum.store.database import Database

# Measured: 4 processes use 99 % of the allowance, and no sliding second holds a call too many.
SLACK = 1.01
"""By how much slots lie further apart than the allowance asks for."""
_BATCH = 2
_AHEAD = 0.05  # seconds before its last slot that a pump asks for more
_LATE = 0.01  # seconds that SLACK makes up for: fifty-one slots span a second and as much
_MENDED_AFTER = 0.7  # seconds; with _HORIZON less than one
_HORIZON = 0.15  # seconds: no slot further away is given out

_LONGEST_PAUSE = 20.0  # seconds that a caller is kept waiting; what lasts longer is for the job's schedule
_SECOND_TRY_AFTER = 0.25  # seconds; a restarted server answers again by then

_TAKE = text("select granted, wait_s, why from rate_limit_take(:key, :count, :interval_us, :daily_budget, :horizon_s)")
_PAUSE = text("select rate_limit_pause(:key, :until)")
_BACK_OFF = text("select rate_limit_back_off(:key, :steps_s)")
_EASE = text("update rate_limits set strikes = 0 where key = :key and strikes > 0")
_FORGET = text("""
    delete from rate_limits where paused_until < now() and coalesce(day, '-infinity') < (now() at time zone 'UTC')::date - 7
""")


@dataclass(frozen=True)
class _Pace:
    """What a pump keeps; callers of one key that name different rates have pumps of their own on the same row."""

    key: str
    per_second: float
    per_day: int | None

    @property
    def interval(self) -> float:
        return SLACK / self.per_second


@dataclass(frozen=True)
class _Slots:
    granted: int
    wait: float
    why: str | None
    first: float
    """When the first of them begins at the latest, on the loop's clock."""
    unsure: float
    """By how much earlier that may be: how long the database took to answer."""


class SharedLimiter:
    """A RateLimiter for all processes on one database.

    A pause of more than 20 seconds is not waited for: `wait` raises Retry(PROVIDER_RATE_LIMITED) with its rest.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pumps: dict[_Pace, _Pump] = {}
        self._paused: set[str] = set()  # keys that were paused when we last looked, by whatever process

    async def wait(self, key: str, *, per_second: float, per_day: int | None = None) -> None:
        """Return when the next call may be made.

        Raises Retry: PROVIDER_DAILY_LIMIT until 00:00 UTC when the day's budget is gone, PROVIDER_RATE_LIMITED for a long pause,
        DATABASE_UNAVAILABLE when the database is away.
        """
        pace = _Pace(key, per_second, per_day)
        pump = self._pumps.get(pace)
        if pump is None:
            pump = self._pumps[pace] = _Pump(self._database, pace, self._paused)
        try:
            with metrics.timed(metrics.RATE_WAIT, *labels_of(key)):
                await pump.next_slot()
        finally:
            if pump.idle and self._pumps.get(pace) is pump:
                del self._pumps[pace]

    async def pause(self, key: str, until: datetime) -> None:
        metrics.RATE_PAUSES.labels(*labels_of(key)).inc()
        async with self._database.nobody() as connection:
            await connection.execute(_PAUSE, {"key": key, "until": until})

    async def back_off(self, key: str) -> float:
        metrics.RATE_PAUSES.labels(*labels_of(key)).inc()
        self._paused.add(key)
        async with self._database.nobody() as connection:
            return float(await connection.scalar(_BACK_OFF, {"key": key, "steps_s": list(BACK_OFF_SECONDS)}) or 0)

    async def ease(self, key: str) -> None:
        if key not in self._paused:
            return
        self._paused.discard(key)
        # A call that went well stays one though the database is away; the next pause is then longer than it had to be.
        with suppress(Unavailable):
            async with self._database.nobody() as connection:
                await connection.execute(_EASE, {"key": key})

    async def aclose(self) -> None:
        """End the pumps; who still waits is cancelled."""
        for pump in list(self._pumps.values()):
            await pump.aclose()
        self._pumps.clear()


async def forget_idle(connection: AsyncConnection) -> None:
    """Delete the keys of which no call was made for a week: nothing of theirs is worth remembering."""
    await connection.execute(_FORGET)


def labels_of(key: str) -> tuple[str, str]:
    """(provider, allowance) of a key "provider:account:allowance": metrics name no account."""
    return key.partition(":")[0], key.rpartition(":")[2]


def account_of(key: str) -> str:
    """The vendor's id of the account that a key belongs to; it may hold colons itself."""
    return key.partition(":")[2].rpartition(":")[0]


class _Pump:
    """Those of one process who wait for one key, and the task that fetches slots for them while there are any."""

    def __init__(self, database: Database, pace: _Pace, paused: set[str]) -> None:
        self._database = database
        self._pace = pace
        self._paused = paused
        self._waiting: deque[asyncio.Future[float]] = deque()
        self._promised = 0  # slots taken that are still to come
        self._last_slot = 0.0  # on the loop's clock
        self._owed = 0  # slots to leave empty
        self._owed_from = 0.0  # when it is time for that, on the loop's clock
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        return not self._promised and not self._any_waiting()

    async def next_slot(self) -> None:
        turn = self._loop.create_future()
        self._waiting.append(turn)
        if self._task is None:
            self._task = self._loop.create_task(self._run(), name=f"pace of {self._pace.key}")
        try:
            slot = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._hand_out(turn.result())  # the slot was ours already; it need not go to waste
            raise
        self._make_up_for(self._loop.time() - slot)

    async def aclose(self) -> None:
        for turn in self._waiting:
            turn.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._any_waiting():
                await self._round()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is the waiters who have to learn of it
            self._fail(error)
        finally:
            self._task = None

    async def _round(self) -> None:
        wanted = min(_BATCH, len(self._waiting) - self._promised)
        if wanted <= 0:
            await asyncio.sleep(self._last_slot - self._loop.time())
            return
        empty = self._owed if self._loop.time() >= self._owed_from else 0
        slots = await self._take(wanted + empty)
        if slots.why == "paused":
            self._paused.add(self._pace.key)
        if slots.granted:
            self._promise(slots, empty)
            await asyncio.sleep(self._last_slot - self._loop.time() - _AHEAD)
        elif slots.why == "ahead" or (slots.why == "paused" and slots.wait <= _LONGEST_PAUSE):
            await asyncio.sleep(max(slots.wait, _AHEAD))
        else:
            self._fail(_refusal(slots))

    async def _take(self, count: int) -> _Slots:
        try:
            return await self._ask(count)
        except Unavailable:
            await asyncio.sleep(_SECOND_TRY_AFTER)
        try:
            return await self._ask(count)
        except Unavailable as error:
            raise Retry(error.code, error.detail, after=error.after) from error

    async def _ask(self, count: int) -> _Slots:
        pace = self._pace
        asked = {
            "key": pace.key,
            "count": count,
            "interval_us": round(pace.interval * 1_000_000),
            "daily_budget": pace.per_day,
            "horizon_s": _HORIZON,
        }
        async with self._database.nobody(lightly=True) as connection:
            asked_at = self._loop.time()
            granted, wait, why = (await connection.execute(_TAKE, asked)).one()
            answered_at = self._loop.time()
        return _Slots(granted, wait, why, answered_at + wait, answered_at - asked_at)

    def _promise(self, slots: _Slots, empty: int) -> None:
        empty = min(empty, slots.granted)
        self._owed -= empty
        starts = [slots.first + position * self._pace.interval for position in range(slots.granted)]
        for start in starts[empty:]:
            self._loop.call_at(start, self._keep_promise, start - slots.unsure)
        self._promised += slots.granted - empty
        self._last_slot = starts[-1]
        metrics.RATE_SLOTS.labels(*labels_of(self._pace.key)).inc(slots.granted - empty)

    def _keep_promise(self, slot: float) -> None:
        self._promised -= 1
        self._hand_out(slot)

    def _hand_out(self, slot: float) -> None:
        if self._any_waiting():
            self._waiting.popleft().set_result(slot)

    def _make_up_for(self, delay: float) -> None:
        """A call too late is too close to the one a second after it: just before that one, slots are left empty for all calls between."""
        if delay <= _LATE or self._pace.per_day is not None:
            return
        if not self._owed:
            self._owed_from = self._loop.time() + _MENDED_AFTER
        missing = ceil((delay - _LATE) / self._pace.interval)
        self._owed = min(max(self._owed, missing), ceil(self._pace.per_second))

    def _any_waiting(self) -> bool:
        """Whether somebody waits; forgets those who gave up, wherever they stand."""
        if any(turn.done() for turn in self._waiting):
            self._waiting = deque(turn for turn in self._waiting if not turn.done())
        return bool(self._waiting)

    def _fail(self, error: Exception) -> None:
        """Tell those who have no slot yet."""
        while self._any_waiting() and len(self._waiting) > self._promised:
            self._waiting.pop().set_exception(error)


def _refusal(slots: _Slots) -> Retry:
    if slots.why == "spent":
        sentence = "Today's allowance of calls to the provider is used up. It begins anew at 00:00 UTC."
        return Retry(ErrorCode.PROVIDER_DAILY_LIMIT, sentence, after=slots.wait)
    return Retry(ErrorCode.PROVIDER_RATE_LIMITED, "The provider asked us to pause its calls for a while.", after=slots.wait)
