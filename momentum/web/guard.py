"""The outermost layer: bounds the body, and turns what nobody foresaw into a 500 with an id that stands in the log."""

from __future__ import annotations

from uuid import uuid4

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from momentum import metrics
from momentum.errors import ErrorCode
from momentum.web.failures import failure
from momentum.web.trace import route_of

log = structlog.get_logger(__name__)

LARGEST_BODY = 1_000_000
"""Bytes of a request's body. The largest of a form of ours: 60,000 characters of names to mask, each twelve bytes at the most."""

TOO_LARGE = "The request's body is larger than a megabyte."


class Guard:
    """Wraps everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(scope) > LARGEST_BODY:
            # Answered at once: nobody has to send four gigabytes to hear it.
            await failure(Request(scope), 413, ErrorCode.REQUEST_TOO_LARGE, TOO_LARGE)(scope, receive, send)
            return
        await self._watched(scope, _bounded(receive), send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watching(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as error:
            fault = uuid4().hex[:12]
            metrics.FAULTS.labels("web").inc()
            log.exception("request_broke", fault_id=fault, route=route_of(scope), method=scope["method"], exc_info=error)
            if started:
                raise
            detail = f"Something broke on our side. Tell the operator fault {fault}."
            await failure(Request(scope), 500, ErrorCode.INTERNAL, detail)(scope, receive, send)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            # The framework passes its own kind of exception on, and takes every other for a body it cannot parse.
            raise HTTPException(413, TOO_LARGE)
        return message

    return bounded
