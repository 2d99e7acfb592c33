"""Faults to put into `StandIn.faults`: statuses, limits, delays and connections that break."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from openai_standin.answers import Respond, begun, numbered
from openai_standin.errors import PASSING, SPENT, Problem, error
from openai_standin.streams import line, opened, refused


def status(code: int, body: Any, headers: dict[str, str] | None = None) -> Respond:
    """Any answer: text as a page unless the headers name another type, everything else as JSON."""

    async def respond(_request: web.Request, _body: dict[str, Any]) -> web.Response:
        if isinstance(body, str):
            return web.Response(status=code, body=body.encode(), headers={"Content-Type": "text/html"} | (headers or {}))
        return web.json_response(body, status=code, headers=headers)

    return respond


def answers(problem: Problem, headers: dict[str, str] | None = None, *, wait: str = "") -> Respond:
    """A problem; `wait` is put into its words ("20s", "125ms", "6m0s")."""

    async def respond(_request: web.Request, _body: dict[str, Any]) -> web.Response:
        words = f"{problem.message} Please try again in {wait}." if wait else problem.message
        return refused(Problem(words, problem.code, problem.param, problem.status, problem.kind), headers)

    return respond


def rate_limited(message: str = "Rate limit reached.", headers: dict[str, str] | None = None) -> Respond:
    return status(429, error(message, PASSING["requests"].kind, PASSING["requests"].code), headers)


def quota_spent(code: str = "insufficient_quota") -> Respond:
    return answers(SPENT[code])


def hangs_up() -> Respond:
    """The connection is closed before any answer."""

    async def respond(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        _close(request)
        return web.Response()

    return respond


def breaks_in_head() -> Respond:
    """The connection is closed within the answer's headers."""

    async def respond(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        if request.transport:
            request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: appl")
        _close(request)
        return web.Response()

    return respond


def breaks_in_body(data: Any, code: int = 200) -> Respond:
    """The connection is closed after half of the body that was promised."""

    async def respond(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        whole = json.dumps(data).encode()
        response = web.StreamResponse(status=code, headers={"Content-Type": "application/json", "Content-Length": str(len(whole))})
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
        _close(request)
        return response

    return respond


def breaks_in_stream() -> Respond:
    """The connection is closed between two events."""

    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = await opened(request)
        for event in numbered(begun(body)):
            await response.write(line(event))
        _close(request)
        return response

    return respond


def stays_silent() -> Respond:
    """No answer; whoever waits has to give up."""

    async def respond(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    return respond


def later(come: asyncio.Event, respond: Respond, *, arrived: asyncio.Event) -> Respond:
    """An answer that comes when the test says so; `arrived` tells it that the request is there."""

    async def late(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        arrived.set()
        await come.wait()
        return await respond(request, body)

    return late


def never_ends() -> Respond:
    """A stream that begins and is kept open."""

    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = await opened(request)
        await response.write(line(numbered(begun(body))[0]))
        await asyncio.Event().wait()
        return response

    return respond


def _close(request: web.Request) -> None:
    if request.transport:
        request.transport.close()
