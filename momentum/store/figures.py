"""Figures for whoever runs Momentum: what waits, who works, how much of the vendors' allowances is used. They name nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.store.limits import account_of, labels_of

_QUEUE = text("select state, depth, seconds from lookup.queue_figures(:now)")
_ALIVE = text("select count(*) from worker_heartbeats where seen_at > now() - interval '30 seconds'")
_HEARD_OF = text(
    "select executor_id, started_at, seen_at, seen_at > now() - interval '30 seconds' as alive from worker_heartbeats order by 2"
)
_OUTCOMES = text("select state, error_code, recent, total from lookup.outcome_figures(:since, :recent) order by total desc, 1, 2")
# A day that is over has used nothing of today's; a pause that is over is none.
_PACE = text("""
    select key, case when interval_us > 0 then 1e6::double precision / interval_us else 0 end as per_second,
        case when day = (now() at time zone 'UTC')::date then used_today else 0 end as used_today, daily_budget,
        greatest(0, extract(epoch from paused_until - now()))::double precision as paused_seconds
    from rate_limits where key like :keys escape '!' order by key
""")

STATES = ("due", "waiting", "running", "action_required")
"""What a processing may wait for: a worker, its time, its own step, its person."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many processings are in one state, and for how many seconds the one that has been longest."""

    depth: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of calls to one vendor account: `daily_budget` None = the day is counted, but has no end."""

    provider: str
    allowance: str
    per_second: float
    used_today: int
    daily_budget: int | None
    paused_seconds: float
    account: str = ""
    """The vendor's id of it, for the operator's eyes; "" where figures of several are one."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker that has not ended its work: `alive` where it gave a sign of life lately."""

    executor_id: str
    started_at: datetime
    seen_at: datetime
    alive: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often processings came to `state` ("done", "failed", "action_required", "waiting"), and why; "" where there is no reason."""

    state: str
    error_code: str
    last_hour: int
    last_day: int


async def queue(connection: AsyncConnection, now: datetime) -> dict[str, Waiting]:
    """By state, every one of STATES."""
    rows = (await connection.execute(_QUEUE, {"now": now})).all()
    return dict.fromkeys(STATES, Waiting(0, 0.0)) | {state: Waiting(depth, seconds) for state, depth, seconds in rows}


async def workers(connection: AsyncConnection) -> int:
    """Workers that gave a sign of life lately."""
    return int(await connection.scalar(_ALIVE) or 0)


async def heard_of(connection: AsyncConnection) -> list[Worker]:
    """Every worker with a lease, the longest at work first."""
    return [Worker(**row) for row in (await connection.execute(_HEARD_OF)).mappings()]


async def outcomes(connection: AsyncConnection, now: datetime) -> list[Outcome]:
    """Of the last 24 hours, the most frequent first."""
    spans = {"since": now - timedelta(days=1), "recent": now - timedelta(hours=1)}
    return [Outcome(*row) for row in await connection.execute(_OUTCOMES, spans)]


async def paces(connection: AsyncConnection, account: str | None = None) -> Sequence[Pace]:
    """Of all accounts, or of one."""
    keys = "%" if account is None else f"%:{_escaped(account)}:%"
    rows = (await connection.execute(_PACE, {"keys": keys})).all()
    return [Pace(*labels_of(r.key), r.per_second, r.used_today, r.daily_budget, r.paused_seconds, account_of(r.key)) for r in rows]


def busiest(found: Sequence[Pace]) -> list[Pace]:
    """One for each allowance: the most that any account has used, and the longest pause. Pure."""
    by_allowance: dict[tuple[str, str], Pace] = {}
    for pace in found:
        former = by_allowance.setdefault((pace.provider, pace.allowance), pace)
        most = max(former, pace, key=lambda p: p.used_today)
        paused = max(former.paused_seconds, pace.paused_seconds)
        by_allowance[pace.provider, pace.allowance] = Pace(
            pace.provider, pace.allowance, pace.per_second or former.per_second, most.used_today, most.daily_budget, paused
        )
    return list(by_allowance.values())


def _escaped(value: str) -> str:
    return value.replace("!", "!!").replace("%", "!%").replace("_", "!_")
