"""How answers leave: problems as JSON, events as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from openai_standin.errors import Problem


def refused(problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(problem.body, status=problem.status, headers=headers)


async def opened(request: web.Request) -> web.StreamResponse:
    """A stream of events that has begun."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    return response


async def sent(request: web.Request, events: Iterable[dict[str, Any]], *, named: bool = True, last: str = "") -> web.StreamResponse:
    """All events, each under its type's name, and the end; `last` is a line of data behind them."""
    response = await opened(request)
    for event in events:
        await response.write(line(event, named=named))
    if last:
        await response.write(f"data: {last}\n\n".encode())
    await response.write_eof()
    return response


def line(event: dict[str, Any], *, named: bool = True) -> bytes:
    name = f"event: {event['type']}\n" if named else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()
