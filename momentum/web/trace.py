"""Each request gets an id, which stands in its answer and in every log line; it is counted, timed, and noted when it changed something."""

from __future__ import annotations

import logging
import re
from time import monotonic
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from momentum import metrics

log = structlog.get_logger(__name__)
_std = logging.getLogger(__name__)

HEADER = "X-Request-Id"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""An id that a proxy has given already is kept, when it can do no harm in a log."""


class Trace:
    """Stands outside of everything that logs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _GIVEN.fullmatch(given) else uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = monotonic()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
                _note(scope, message["status"], monotonic() - began)
            await send(message)

        await self._app(scope, receive, noting)


def route_of(scope: Scope) -> str:
    """The template, not the path: paths hold ids and sign-in tokens, and there are as many as people care to make up."""
    return getattr(scope.get("route"), "path", "none")


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = route_of(scope)
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.HTTP_REQUESTS.labels(method, route, str(status)).inc()
    metrics.HTTP_SECONDS.labels(route).observe(seconds)
    facts = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
    if method not in SAFE_METHODS or status >= 400:
        log.info("request", **facts)
    elif _std.isEnabledFor(logging.DEBUG):  # most requests are of this kind, and a line costs even when it is dropped
        log.debug("request", **facts)
