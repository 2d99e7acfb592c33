"""Which workers live, by the database's clock: machines' clocks differ.

A worker's row is its lease. Whoever takes a worker for dead deletes the row before anything else; a worker that finds
its row gone, having slept for a while, has nothing more to write (`store.fence`) and begins again under another name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.store import dsn
from momentum.store.connection import TAKE_ROLE, unavailable

_FIRST = "insert into worker_heartbeats (executor_id) values (%s)"
_BEAT = "update worker_heartbeats set seen_at = now() where executor_id = %s"
_RELEASE = "delete from worker_heartbeats where executor_id = %s"
_TAKEOVER_LOCK = 0x74616B65  # "take": one worker at a time looks for orphans

# A server that has just come back has heard nobody for a while: everybody gets the same time to be heard again.
_BURY = text("delete from worker_heartbeats where greatest(seen_at, pg_postmaster_start_time()) < now() - :silence")

# Looks at the work, not at the heartbeats: a worker whose row is gone altogether is dead too.
_ORPHANED = text("""
    select distinct w.executor_id from dbos.workflow_status w
    where w.status = 'PENDING' and w.executor_id is not null
        and not exists (select from worker_heartbeats h where h.executor_id = w.executor_id)
""")


class Heart:
    """Says every few seconds that this worker lives: from a thread, so that a busy event loop does not look dead."""

    def __init__(self, url: str, executor_id: str, *, every: float = 3.0, lost: Callable[[], object] = lambda: None) -> None:
        """`lost` is called once, from the thread, when others have taken this worker for dead."""
        self._conninfo = dsn.conninfo(url)
        self._executor_id = executor_id
        self._every = every
        self._lost = lost
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def start(self) -> None:
        """The first beat is on record when this returns. Raises Unavailable when the database is away."""
        try:
            with psycopg.connect(self._conninfo, autocommit=True) as connection:
                connection.execute(TAKE_ROLE)
                connection.execute(_FIRST, [self._executor_id])
        except psycopg.OperationalError as error:
            raise unavailable() from error
        self._thread.start()

    def stop(self, *, release: bool) -> None:
        """The last beat was the last. `release`: nothing runs here any more, so others need not wait to take the rest over."""
        self._stopping.set()
        self._thread.join()
        if release:
            # When the database is away, silence will tell.
            with suppress(psycopg.Error), psycopg.connect(self._conninfo, autocommit=True) as connection:
                connection.execute(TAKE_ROLE)
                connection.execute(_RELEASE, [self._executor_id])

    def _beat_on(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.execute(TAKE_ROLE)
                    while not self._stopping.wait(self._every):
                        if not connection.execute(_BEAT, [self._executor_id]).rowcount:
                            self._lost()
                            return
            except psycopg.Error:
                # The database is away: nobody can take over meanwhile, and we go on when it is back.
                self._stopping.wait(self._every)


async def orphaned(connection: AsyncConnection, silence: timedelta) -> list[str]:
    """Ends the leases of workers that gave no sign for `silence`; gives the executors without a lease that have unfinished work.

    () while another worker is asking.
    """
    if not await connection.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": _TAKEOVER_LOCK}):
        return []
    await connection.execute(_BURY, {"silence": silence})
    return list((await connection.execute(_ORPHANED)).scalars())
