"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request
from fastapi.responses import StreamingResponse

from momentum.errors import ErrorCode, NotFound, TooMany, Unavailable
from momentum.web.door import still_asking

KEEP_ALIVE_SECONDS = 15.0
"""A comment line this often keeps proxies from closing a quiet stream."""

MEDIA_TYPE = "text/event-stream"

T = TypeVar("T")
Events = AsyncGenerator[tuple[int | None, str], None]
"""(id, one line of data) of each event."""


class Together:
    """Readers who want to know the same at the same moment: one asks for all of them."""

    def __init__(self) -> None:
        self._coming: dict[Hashable, asyncio.Task[Any]] = {}
        self._waiting: Counter[asyncio.Task[Any]] = Counter()

    async def read(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `read` gives. It begins after this call: whoever comes once it has begun waits for another one."""
        task = self._coming.get(key)
        if task is None:
            task = self._coming[key] = asyncio.create_task(self._turn(key, read))
        self._waiting[task] += 1
        try:
            result: T = await asyncio.shield(task)
        finally:
            await self._leave(key, task)
        return result

    async def _turn(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        del self._coming[key]
        return await read()

    async def _leave(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._waiting[task] -= 1
        if self._waiting[task]:
            return
        del self._waiting[task]
        if not task.done():  # nobody waits for it any more
            if self._coming.get(key) is task:
                del self._coming[key]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Streams:
    """Who watches how many streams: one person cannot take up every connection."""

    MOST = 300

    def __init__(self) -> None:
        self.together = Together()
        self._open: Counter[UUID] = Counter()

    async def counted(self, user_id: UUID, events: Events) -> Events:
        """`events`, which count as one of the person's while they last."""
        self._open[user_id] += 1
        try:
            async for event in events:
                yield event
        finally:
            self._open[user_id] -= 1
            if self._open[user_id] <= 0:
                del self._open[user_id]

    def check(self, user_id: UUID) -> None:
        """Raises TooMany."""
        if self._open[user_id] >= self.MOST:
            raise TooMany(ErrorCode.TOO_MANY_REQUESTS, f"You watch {self.MOST} streams already. Close some first.", after=60)


def streamed(request: Request, user_id: UUID, events: Events) -> StreamingResponse:
    """`events` as they happen, one of the person's streams; it breaks off when the server stops: browsers come back by themselves.

    It ends where what the request showed opens nothing any more. Raises TooMany.
    """
    streams: Streams = request.app.state.streams
    streams.check(user_id)
    counted = streams.counted(user_id, events)
    # X-Accel-Buffering: nginx would otherwise hold events back.
    told = event_stream(counted, request.app.state.closing, partial(still_asking, request))
    return StreamingResponse(told, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})


async def event_stream(
    events: Events, closing: asyncio.Event, allowed: Callable[[], Awaitable[bool]], *, keep_alive: float = KEEP_ALIVE_SECONDS
) -> AsyncIterator[bytes]:
    """The bytes of an event stream: a comment when nothing happened for `keep_alive` seconds, `event: end` when nothing will any more.

    As often it is asked whether the reader is still `allowed` to read.
    """
    yield b"retry: 2000\n\n"
    now = asyncio.get_running_loop().time
    asked = now()
    try:
        async with aclosing(_heard(events, closing, keep_alive)) as heard:
            async for piece in heard:
                if piece is _QUIET or now() - asked >= keep_alive:
                    asked = now()
                    if not await allowed():
                        return
                yield piece
    except Unavailable:
        return  # the reader reconnects with Last-Event-ID


_QUIET, _END = b": still here\n\n", b"event: end\ndata: {}\n\n"


async def _heard(events: Events, closing: asyncio.Event, keep_alive: float) -> AsyncGenerator[bytes, None]:
    """Each event, _QUIET where none comes for so many seconds, and _END after the last; nothing more once the server closes."""
    closed = asyncio.ensure_future(closing.wait())
    pending = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait([pending, closed], timeout=keep_alive, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                return
            if not pending.done():
                yield _QUIET
            elif (event := _outcome(pending)) is None:
                yield _END
                return
            else:
                yield _encoded(*event)
                pending = asyncio.ensure_future(anext(events, None))
    finally:
        for task in (pending, closed):
            task.cancel()
        await asyncio.gather(pending, closed, return_exceptions=True)
        await events.aclose()


def _outcome(pending: asyncio.Future[tuple[int | None, str] | None]) -> tuple[int | None, str] | None:
    try:
        return pending.result()
    except NotFound:
        return None  # deleted while somebody watched


def _encoded(event_id: int | None, data: str) -> bytes:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}data: {data}\n\n".encode()
