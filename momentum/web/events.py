"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from fastapi.responses import StreamingResponse

from momentum.errors import NotFound, Unavailable

KEEP_ALIVE_SECONDS = 15.0
"""A comment line this often keeps proxies from closing a quiet stream."""

MEDIA_TYPE = "text/event-stream"

Events = AsyncGenerator[tuple[int | None, str], None]
"""(id, one line of data) of each event."""


def streamed(events: Events, closing: asyncio.Event) -> StreamingResponse:
    """`events` as they happen. The stream breaks off when `closing` is set: browsers come back by themselves."""
    # X-Accel-Buffering: nginx would otherwise hold events back.
    return StreamingResponse(event_stream(events, closing), media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})


async def event_stream(events: Events, closing: asyncio.Event, *, keep_alive: float = KEEP_ALIVE_SECONDS) -> AsyncIterator[bytes]:
    """The bytes of an event stream: a comment when nothing happened for `keep_alive` seconds, `event: end` when nothing will any more."""
    yield b"retry: 2000\n\n"
    closed = asyncio.ensure_future(closing.wait())
    pending = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait([pending, closed], timeout=keep_alive, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                return
            if not pending.done():
                yield b": still here\n\n"
                continue
            event = _outcome(pending)
            if event is None:
                yield b"event: end\ndata: {}\n\n"
                return
            yield _encoded(*event)
            pending = asyncio.ensure_future(anext(events, None))
    except Unavailable:
        return  # the reader reconnects with Last-Event-ID
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
