"""Who is asking: a bearer token, or the session cookie with an Origin check on unsafe methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from momentum.app import App
from momentum.errors import ErrorCode, Forbidden, Unauthorized
from momentum.store import profiles, sessions
from momentum.web.tokens import TokenVerifier

SESSION_COOKIE = "momentum_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# These two only describe; `asking` reads the request itself, so that its refusals have our one shape.
bearer_scheme = HTTPBearer(auto_error=False, description="A JWT: HS256 signed with JWT_SECRET, or RS256/ES256 by a key of JWT_JWKS_URL.")
cookie_scheme = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="The session of a browser.")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking, and by which of the two ways."""

    user_id: UUID
    by_cookie: bool


def app_of(request: Request) -> App:
    """The one object that holds the world."""
    world: App = request.app.state.world
    return world


def _verifier_of(request: Request) -> TokenVerifier:
    verifier: TokenVerifier = request.app.state.verifier
    return verifier


async def asking(
    request: Request,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
    cookie: Annotated[str | None, Depends(cookie_scheme)],
) -> Person:
    """The person who asks. Raises Unauthorized; Forbidden when another site's page sent the request."""
    if token is not None:
        return Person(await _by_token(request, token.credentials), by_cookie=False)
    if cookie and (user_id := await _by_cookie(request, cookie)):
        check_origin(request)
        return Person(user_id, by_cookie=True)
    raise Unauthorized(ErrorCode.NOT_AUTHENTICATED, "Sign in first: send a bearer token, or open a sign-in link.")


async def perhaps_asking(request: Request) -> UUID | None:
    """The person of the session cookie, if there is one: for pages that anyone may open."""
    cookie = request.cookies.get(SESSION_COOKIE)
    return await _by_cookie(request, cookie) if cookie else None


async def _by_token(request: Request, token: str) -> UUID:
    identity = await _verifier_of(request).verify(token)
    async with app_of(request).database.nobody() as connection:
        profile = await profiles.resolve(
            connection, issuer=identity.issuer, subject=identity.subject, email=identity.email, name=identity.name
        )
    return profile.id


async def _by_cookie(request: Request, cookie: str) -> UUID | None:
    world = app_of(request)
    async with world.database.nobody() as connection:
        return await sessions.resolve(connection, cookie, world.clock())


def check_origin(request: Request) -> None:
    """Refuse an unsafe request that a page of another site sent (browsers always send Origin with those)."""
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("origin")
    if origin is None or origin not in allowed_origins(request):
        raise Forbidden(
            ErrorCode.ORIGIN_REFUSED, "This request came from another site's page. Use Momentum's own pages, or a bearer token."
        )


def allowed_origins(request: Request) -> frozenset[str]:
    """Origins of our own pages: the public URL, and on loopback each name of this machine."""
    settings = app_of(request).settings
    base = urlsplit(settings.base_url)
    origins = {f"{base.scheme}://{base.netloc}"}
    if settings.is_loopback and not settings.public_url:
        port = request.app.state.port
        origins |= {f"http://{name}:{port}" for name in ("localhost", "127.0.0.1", "[::1]")}
    return frozenset(origins)


Visitor = Annotated[UUID | None, Depends(perhaps_asking)]
Asking = Annotated[Person, Depends(asking)]
World = Annotated[App, Depends(app_of)]
