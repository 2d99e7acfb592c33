"""Requests by API key: whose it is, and whether it may do this."""

from __future__ import annotations

import re

from fastapi import Request

from momentum.app import App
from momentum.errors import ErrorCode, Forbidden, Unauthorized
from momentum.store import api_keys
from momentum.store.api_keys import Opened, Scope

_ACCOUNT = re.compile(r"/api/(?:me(?:/|$)|[a-z]+/(?:auth|disconnect)$)")
"""Paths where a change needs the scope `account`."""
_BEGIN = re.compile(r"/api/[a-z]+/auth-url$")
"""Reading this begins a connection."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_key(token: str) -> bool:
    """Whether a bearer token is an API key, and no JWT (which begins with `eyJ`)."""
    return token.startswith(api_keys.START)


async def opened(world: App, key: str) -> Opened:
    """Whose key it is. Raises Unauthorized(TOKEN_INVALID or TOKEN_EXPIRED)."""
    now = world.clock()
    async with world.database.nobody() as connection:
        found = await api_keys.use(connection, key, now)
    if found is None:
        raise Unauthorized(ErrorCode.TOKEN_INVALID, "This API key is unknown here or was revoked. Make a new one.")
    if found.expires_at is not None and found.expires_at <= now:
        raise Unauthorized(ErrorCode.TOKEN_EXPIRED, "This API key has expired. Make a new one.")
    return found


def check_scope(request: Request, scopes: frozenset[Scope]) -> None:
    """Raises Forbidden(KEY_SCOPE_MISSING)."""
    needed = scope_of(request.method, request.scope["path"])
    if needed not in scopes:
        sentence = f"This API key lacks the scope `{needed}`. Make a key that has it."
        raise Forbidden(ErrorCode.KEY_SCOPE_MISSING, sentence)


def scope_of(method: str, path: str) -> Scope:
    """What a key needs for a request: whatever changes something and is not known to be of the account is `write`."""
    if method in _SAFE:
        return Scope.ACCOUNT if _BEGIN.match(path) else Scope.READ
    return Scope.ACCOUNT if _ACCOUNT.match(path) else Scope.WRITE
