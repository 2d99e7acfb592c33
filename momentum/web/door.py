"""Who is asking: a bearer token, an API key, or the session cookie with an Origin check on unsafe methods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from momentum import metrics
from momentum.app import App
from momentum.errors import ErrorCode, Forbidden, Unauthorized, Unavailable
from momentum.settings import Settings
from momentum.store import profiles, sessions
from momentum.store.api_keys import Scope
from momentum.web import keyed
from momentum.web.tokens import Identity, TokenVerifier

SESSION_COOKIE = "momentum_session"
HOST_ONLY = "__Host-"
"""What a cookie's name begins with on https: browsers then keep other hosts and plain http from setting it (RFC 6265bis, 4.1.3.2)."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# These two only describe; `asking` reads the request itself, so that its refusals have our one shape.
bearer_scheme = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    bearerFormat="JWT",
    description="An API key (`POST /api/me/keys`), or a JWT: HS256 signed with JWT_SECRET, RS256 or ES256 by a key of JWT_JWKS_URL.",
)
cookie_scheme = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="session",
    description="The session of a browser, named `__Host-momentum_session` on https; unsafe methods need our Origin.",
)


SIGNED_IN: dict[str, Any] = {"security": [{bearer_scheme.scheme_name: []}, {cookie_scheme.scheme_name: []}]}
"""What OpenAPI says of a route that depends on `asking`, for one that calls `recognised`."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. `token_issued_at`: of a JWT, where it says so. `scopes`: what the API key may do; None: whatever its person may.

    `ends_at`: when the API key does; None where it never does, or none is used.
    """

    user_id: UUID
    by_cookie: bool
    token_issued_at: datetime | None = None
    scopes: frozenset[Scope] | None = None
    ends_at: datetime | None = None

    def check_signed_in(self, signed_out_at: datetime | None) -> None:
        """Raises Unauthorized when the person has signed out everywhere since. Sessions ended then and there; API keys stay."""
        if self.by_cookie or self.scopes is not None or signed_out_at is None:
            return
        if self.token_issued_at is None or self.token_issued_at < signed_out_at:
            raise Unauthorized(
                ErrorCode.TOKEN_EXPIRED, "You signed out everywhere since this token was made, or in that second. Sign in again."
            )


class People:
    """Ids of people seen lately by (issuer, subject): an id never changes, so it may be remembered. Bounded."""

    MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], UUID] = {}

    def get(self, identity: Identity) -> UUID | None:
        return self._known.get((identity.issuer, identity.subject))

    def keep(self, identity: Identity, user_id: UUID) -> None:
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[identity.issuer, identity.subject] = user_id


def cookie_name(settings: Settings, name: str) -> str:
    """How a cookie of ours is called here."""
    return f"{HOST_ONLY}{name}" if settings.is_https else name


def session_cookie(request: Request) -> str | None:
    """The token of the browser's session."""
    return request.cookies.get(cookie_name(app_of(request).settings, SESSION_COOKIE))


def app_of(request: Request) -> App:
    """The one object that holds the world."""
    world: App = request.app.state.world
    return world


async def _world(request: Request) -> App:
    # `app_of` itself would do, but the framework hands a function that is not async to another thread, which takes longer than the query.
    return app_of(request)


BearerToken = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)]
SessionCookie = Annotated[str | None, Depends(cookie_scheme)]


async def asking(request: Request, token: BearerToken, _: SessionCookie) -> Person:
    """The person who asks. Raises Unauthorized; Forbidden when another site's page sent the request, or a key lacks the scope."""
    if token is None:
        return await _by_session(request, session_cookie(request))
    if keyed.is_key(token.credentials):
        return await _by_key(request, token.credentials)
    with metrics.outcome_of(metrics.AUTHENTICATIONS, "bearer"):
        return identify(request, await _resolved(request, await _identity(request, token.credentials)))


async def still_asking(request: Request) -> bool:
    """Whether what the request showed still opens: of a stream that lasts, while a key is revoked or a session ended."""
    try:
        await asking(request, await bearer_scheme(request), None)
    except (Unauthorized, Forbidden):
        return False
    except Unavailable:
        return True  # nobody can say; the stream ends by itself where it needs the database
    return True


async def recognised(request: Request) -> Person:
    """As `asking`, but from memory where it can: whoever calls this asks the database whether the person is still there.

    A plain function: putting a tree of dependencies together takes about as long as a query.
    """
    token = await bearer_scheme(request)
    if token is None:
        return await _by_session(request, session_cookie(request))
    if keyed.is_key(token.credentials):
        return await _by_key(request, token.credentials)
    with metrics.outcome_of(metrics.AUTHENTICATIONS, "bearer"):
        identity = await _identity(request, token.credentials)
        seen = _people(request).get(identity)
        remembered = Person(seen, by_cookie=False, token_issued_at=identity.issued_at) if seen else None
        return identify(request, remembered or await _resolved(request, identity))


async def perhaps_asking(request: Request) -> UUID | None:
    """The person of the session cookie, if there is one: for pages that anyone may open."""
    cookie = session_cookie(request)
    visitor = await _by_cookie(request, cookie) if cookie else None
    if visitor is not None:
        identify(request, Person(visitor, by_cookie=True))
    return visitor


async def _by_session(request: Request, cookie: str | None) -> Person:
    with metrics.outcome_of(metrics.AUTHENTICATIONS, "session" if cookie else "none"):
        return identify(request, await _of_session(request, cookie))


async def _by_key(request: Request, key: str) -> Person:
    with metrics.outcome_of(metrics.AUTHENTICATIONS, "key"):
        opened = await keyed.opened(app_of(request), key)
        person = identify(request, Person(opened.user_id, by_cookie=False, scopes=opened.scopes, ends_at=opened.expires_at))
        keyed.check_scope(request, opened.scopes)
        return person


def identify(request: Request, person: Person) -> Person:
    """The person, who stands from now on in every log line of this request and in what is noted of it."""
    request.state.user_id = person.user_id
    structlog.contextvars.bind_contextvars(user_id=str(person.user_id))
    return person


async def _of_session(request: Request, cookie: str | None) -> Person:
    if cookie and (user_id := await _by_cookie(request, cookie)):
        check_origin(request)
        return Person(user_id, by_cookie=True)
    raise Unauthorized(ErrorCode.NOT_AUTHENTICATED, "Sign in first: send a bearer token, or open a sign-in link.")


async def _identity(request: Request, token: str) -> Identity:
    verifier: TokenVerifier = request.app.state.verifier
    return await verifier.verify(token)


async def _resolved(request: Request, identity: Identity) -> Person:
    async with app_of(request).database.nobody() as connection:
        profile = await profiles.resolve(
            connection, issuer=identity.issuer, subject=identity.subject, email=identity.email, name=identity.name
        )
    person = Person(profile.id, by_cookie=False, token_issued_at=identity.issued_at)
    person.check_signed_in(profile.signed_out_at)
    _people(request).keep(identity, profile.id)
    return person


def _people(request: Request) -> People:
    people: People = request.app.state.people
    return people


async def _by_cookie(request: Request, cookie: str) -> UUID | None:
    world = app_of(request)
    async with world.database.nobody() as connection:
        return await sessions.resolve(connection, cookie, world.clock())


def check_origin(request: Request) -> None:
    """Refuse an unsafe request that a page of another site sent (browsers always send Origin with those)."""
    if request.method in SAFE_METHODS:
        return
    # The browser's own word on the matter, where it gives one; it is no proof of the opposite, as not every browser does.
    foreign = request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    origin = request.headers.get("origin")
    if foreign or origin is None or origin not in allowed_origins(request):
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
World = Annotated[App, Depends(_world)]
