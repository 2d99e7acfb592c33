"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

KEEP_ALIVE_SECONDS = 15.0
"""A comment line this often keeps proxies from closing a quiet stream."""


async def event_stream(events: AsyncIterator[tuple[int | None, str]]) -> AsyncIterator[bytes]:
    """`events` (id, one line of data) as the bytes of an event stream, with comments while nothing happens; ends with `event: end`."""
    yield b"retry: 2000\n\n"
    pending = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait([pending], timeout=KEEP_ALIVE_SECONDS)
            if not done:
                yield b": still here\n\n"
                continue
            event = pending.result()
            if event is None:
                break
            yield _encoded(*event)
            pending = asyncio.ensure_future(anext(events, None))
        yield b"event: end\ndata: {}\n\n"
    finally:
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


def _encoded(event_id: int | None, data: str) -> bytes:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}data: {data}\n\n".encode()
