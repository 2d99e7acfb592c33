"""Pages and their files leave compressed; answers of the API do not: they are small, or files that are compressed already."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

SMALLEST = 1_000
"""Bytes below which it is not worth the time."""
LEVEL = 5


class Smaller:
    """Starlette's gzip around everything outside of the API.

    A length tells a secret only where a stranger can have the same page made again and again with words of their choice in it
    (https://www.breachattack.com/). Keys and shared links are shown once, in the answer to a form of our own pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._gzip = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        of_the_api = scope["type"] != "http" or scope["path"].startswith("/api/")
        await (self._app if of_the_api else self._gzip)(scope, receive, send)
