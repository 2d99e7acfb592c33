"""Headers that keep a page to itself, on every answer."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from momentum.web.view import static

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # With "no-referrer" browsers send "Origin: null" with our own forms, and the Origin check would refuse them.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""https://owasp.org/www-project-secure-headers/; no inline script or style, nothing from elsewhere."""
_ENCODED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def _caching(scope: Scope, status: int) -> bytes:
    path, query = scope["path"], scope["query_string"].decode("latin-1")
    if not path.startswith("/static/"):
        return b"no-store"
    # An address with a digest in it is another one when the file changes; with another release's digest it is not this file's.
    ours = status in {200, 304} and f"{path}?{query}" == static(path.removeprefix("/static/"))
    return b"public, max-age=31536000, immutable" if ours else b"no-cache"


class SafetyHeaders:
    """Adds HEADERS, and forbids caching of anything but static files."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                caching = _caching(scope, message["status"])
                given = {name.lower() for name, _ in message["headers"]}
                ours = [*_ENCODED, (b"cache-control", caching)]
                message["headers"] = [*message["headers"], *(header for header in ours if header[0] not in given)]
            await send(message)

        await self._app(scope, receive, with_headers)
