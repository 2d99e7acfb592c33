"""Notifications of PostgreSQL: one connection listens for the whole process and hands on to any number of readers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self
from weakref import WeakSet

import psycopg
from psycopg import sql

from momentum.store import dsn
from momentum.store.connection import TAKE_ROLE

CHANNELS = ("processing", "work", "connection")
"""`processing`: "<processing id> <user id>" at each event; `work`: "<processing id>" when there is something to dispatch or cancel;
`connection`: "<user id>" when an account was connected, lost or disconnected."""

_ROOM = 256  # notifications a slow reader may be behind before they are replaced by one "look again"
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts to reconnect; the last one repeats


@dataclass(frozen=True, slots=True)
class Notification:
    """What was said on a channel: ids only. An empty payload means "something may have been missed: look again"."""

    channel: str
    payload: str


class Subscription(AsyncIterator[Notification]):
    """One reader. It hears everything from the moment it was made; the first thing it hears is "look again", once we listen."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self.channels = channels
        self._queue: asyncio.Queue[Notification | None] = asyncio.Queue(_ROOM)
        self._closed = False

    def hand(self, notification: Notification) -> None:
        """Queue it; a reader who fell too far behind gets one "look again" per channel in place of what it missed."""
        if notification.channel not in self.channels:
            return
        if self._queue.full():
            self._clear()
            for channel in self.channels:
                self._queue.put_nowait(Notification(channel, ""))
        else:
            self._queue.put_nowait(notification)

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._clear()
            self._queue.put_nowait(None)

    async def __anext__(self) -> Notification:
        found = None if self._closed else await self._queue.get()
        if found is None:
            self._closed = True
            raise StopAsyncIteration
        return found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _clear(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()


class Listener:
    """The process's one listening connection: opened at the first subscription, reopened for as long as it takes."""

    def __init__(self, url: str) -> None:
        self._conninfo = dsn.conninfo(url)
        # Weak: a reader that was dropped without closing is forgotten with it.
        self._readers: WeakSet[Subscription] = WeakSet()
        self._task: asyncio.Task[None] | None = None
        self._listening = False

    def subscribe(self, *channels: str) -> Subscription:
        """A reader of some of CHANNELS; must be called inside a running event loop."""
        if unknown := set(channels) - set(CHANNELS):
            raise ValueError(f"nobody notifies on {sorted(unknown)}")
        reader = Subscription(channels)
        self._readers.add(reader)
        if self._listening:
            self._look_again(reader)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="store-listener")
        return reader

    async def aclose(self) -> None:
        """Stop listening; every reader's iteration ends."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for reader in list(self._readers):
            await reader.aclose()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                async for notification in self._notifications():
                    failures = 0
                    for reader in list(self._readers):
                        reader.hand(notification)
            except psycopg.Error:
                self._listening = False
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    async def _notifications(self) -> AsyncIterator[Notification]:
        async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
            await connection.execute(TAKE_ROLE)
            for channel in CHANNELS:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            self._listening = True
            for channel in CHANNELS:
                yield Notification(channel, "")
            async for heard in connection.notifies():
                yield Notification(heard.channel, heard.payload)

    @staticmethod
    def _look_again(reader: Subscription) -> None:
        for channel in reader.channels:
            reader.hand(Notification(channel, ""))
