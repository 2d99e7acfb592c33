"""The door to PostgreSQL: transactions of one person, transactions of nobody, notifications."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import ErrorCode, Unavailable
from momentum.store import dsn
from momentum.store.connection import DISK_FULL_SECONDS, disk_full, engine, lost, translated
from momentum.store.hot import HotPool
from momentum.store.listener import Listener, Notification, Subscription
from momentum.store.prepare import APP_ROLE, migrate, prepare

__all__ = ["APP_ROLE", "WITHOUT_OWNER", "Connection", "Database", "Notification", "Subscription", "become", "migrate", "prepare"]

Connection = AsyncConnection
"""A transaction of `Database`, to be handed on to the store."""

WITHOUT_OWNER = {
    "audit_inbox": "entries of the audit trail that have no place in the chain yet; the app may only add to it",
    "alembic_version": "names the schema's version; the app may only read it",
    "deleted_people": "hashes of people who are gone; the app cannot reach it, only the look-ups can",
    "keyset": "the sealing keys, themselves wrapped; they belong to the installation",
    "rate_limits": "the pace of calls per vendor account, shared by all processes",
    "worker_heartbeats": "which workers live; they belong to the installation",
}
"""Tables without row-level security, each with its reason."""

# The role anew each time: between transactions a pooler may have given us another connection, of the user who logged in.
_SET_PERSON = text("select set_config('momentum.user_id', :person, true)")
_BEGIN_WORDS = "select set_config('role', 'momentum_app', true), set_config('momentum.user_id', :person, true)"
_BEGIN = text(_BEGIN_WORDS)
_BEGIN_LIGHTLY = text(f"{_BEGIN_WORDS}, set_config('synchronous_commit', 'off', true)")


class Database:
    """A pool of connections of the app role. Opening it talks to nobody; a database that was away is found again by itself."""

    def __init__(self, url: str, *, pool_size: int = 8, wait: float = 10.0) -> None:
        self.url = url
        self._engine = engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=wait)
        self._listener = Listener(url)
        self.hot = HotPool(url)
        self._full_at: float | None = None

    @classmethod
    async def open(cls, url: str, *, pool_size: int = 8, wait: float = 10.0) -> Self:
        """`url` from `prepare`; `wait`: seconds a transaction may wait for a free connection. Asks nothing of the server yet."""
        return cls(url, pool_size=pool_size, wait=wait)

    def __repr__(self) -> str:
        return f"Database({dsn.parameters(self.url).get('dbname')!r})"

    @asynccontextmanager
    async def person(self, user_id: UUID, *, lightly: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction that sees and changes this person's rows alone; commits at the end, rolls back on an exception.

        `lightly`: does not wait for the disk. When the server crashes, the last moments of such work may be lost, unless a
        weightier transaction came after it: https://www.postgresql.org/docs/current/wal-async-commit.html.
        """
        async with self._transaction(str(user_id), lightly=lightly) as connection:
            yield connection

    @asynccontextmanager
    async def nobody(self, *, lightly: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction without a person: it sees no owned row and may call the functions of schema `lookup`."""
        async with self._transaction("", lightly=lightly) as connection:
            yield connection

    def listen(self, *channels: str) -> Subscription:
        """Notifications from this moment on (see `listener.CHANNELS`); the first one, with an empty payload, says that we listen."""
        return self._listener.subscribe(*channels)

    async def ping(self) -> None:
        """Raises Unavailable when the database does not answer, or had no room for what was written in the last minute."""
        async with self.nobody():
            pass
        # To ask whether there is room means to write; those who write anyway have told us.
        if self._full_at is not None and monotonic() - self._full_at < DISK_FULL_SECONDS:
            raise disk_full()

    async def aclose(self) -> None:
        await self._listener.aclose()
        await self.hot.aclose()
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(self, person: str, *, lightly: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with translated():
                connection = await self._begin_or_again(person, lightly=lightly)
                try:
                    yield connection
                    await connection.commit()
                finally:
                    await connection.close()
        except Unavailable as error:
            if error.code is ErrorCode.DISK_FULL:
                self._full_at = monotonic()
            raise

    async def _begin_or_again(self, person: str, *, lightly: bool) -> AsyncConnection:
        # The first statement doubles as the pool's ping: nothing has happened yet, so it may simply be said again
        # on a fresh connection when the server was restarted since the last one was used.
        try:
            return await self._begin(person, lightly=lightly)
        except DBAPIError as error:
            if not lost(error):
                raise
            return await self._begin(person, lightly=lightly)

    async def _begin(self, person: str, *, lightly: bool) -> AsyncConnection:
        connection = await self._engine.connect()
        try:
            await connection.execute(_BEGIN_LIGHTLY if lightly else _BEGIN, {"person": person})
        except BaseException:
            await connection.close()
            raise
        return connection


async def become(connection: AsyncConnection, user_id: UUID) -> None:
    """Go on with a transaction of nobody's as this person: for somebody whom a look-up in it has just found."""
    await connection.execute(_SET_PERSON, {"person": str(user_id)})
