"""Which workers live, by the database's clock: machines' clocks differ."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.store import dsn

_BEAT = """
    insert into worker_heartbeats (executor_id) values (%s) on conflict (executor_id) do update set seen_at = now()
"""
_TAKEOVER_LOCK = 0x74616B65  # "take": one worker at a time looks for orphans

# Looks at the work, not at the heartbeats: a worker whose row is gone altogether is dead too.
_ORPHANED = text("""
    select distinct w.executor_id from dbos.workflow_status w
    where w.status = 'PENDING' and w.executor_id is not null
        and not exists (select from worker_heartbeats h where h.executor_id = w.executor_id and h.seen_at > now() - :silence)
""")


class Heart:
    """Says every few seconds that this worker lives: from a thread, so that a busy event loop does not look dead."""

    def __init__(self, url: str, executor_id: str, *, every: float = 3.0) -> None:
        self._conninfo = dsn.conninfo(url)
        self._executor_id = executor_id
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def start(self) -> None:
        """The first beat is on record when this returns. Raises psycopg.OperationalError when the database is away."""
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(_BEAT, [self._executor_id])
        self._thread.start()

    def stop(self) -> None:
        """The last beat was the last; waits for the thread."""
        self._stopping.set()
        self._thread.join()

    def _beat_on(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    while not self._stopping.wait(self._every):
                        connection.execute(_BEAT, [self._executor_id])
            except psycopg.OperationalError:
                # The database is away: nobody can take over meanwhile, and we go on when it is back.
                self._stopping.wait(self._every)


async def orphaned(connection: AsyncConnection, silence: timedelta) -> list[str]:
    """Executors that have unfinished workflows and gave no sign for `silence`; () while another worker is asking."""
    if not await connection.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": _TAKEOVER_LOCK}):
        return []
    return list((await connection.execute(_ORPHANED, {"silence": silence})).scalars())


async def forget_silent(connection: AsyncConnection, silence: timedelta) -> None:
    """Delete heartbeats that are older than `silence`."""
    await connection.execute(text("delete from worker_heartbeats where seen_at < now() - :silence"), {"silence": silence})
