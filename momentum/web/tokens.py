"""Bearer tokens: who signed them, for whom, until when.

HS256 is accepted only where JWT_SECRET is set, RS256 and ES256 only where JWT_JWKS_URL is; the
algorithm a token names never chooses the kind of key (RFC 8725, sections 2.1 and 3.1).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet, OctKey
from joserfc.jws import extract_compact

from momentum.errors import ErrorCode, Unauthorized
from momentum.model import Clock
from momentum.web.published_keys import PublishedKeys

LEEWAY_SECONDS = 30
CACHE_SIZE = 10_000
SYMMETRIC = ("HS256",)
ASYMMETRIC = ("RS256", "ES256")
LONGEST_NAME = 255
"""Characters of `sub` (https://openid.net/specs/openid-connect-core-1_0.html#IDToken) and, by the same measure, of `iss`."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, lone surrogates
UNREADABLE = (JoseError, ValueError, TypeError, KeyError, RecursionError)
"""What the libraries raise for tokens that are none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token says is asking; (issuer, subject) is the person, the rest is for display."""

    issuer: str
    subject: str
    email: str | None
    name: str | None
    issued_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must satisfy. `issuer` None: any issuer, as one shared secret has but one owner."""

    audience: str
    issuer: str | None
    secret: str | None = None
    jwks_url: str | None = None


class TokenVerifier:
    """Turns a bearer token into an Identity, or refuses it with 401 and a code."""

    def __init__(self, rules: TokenRules, *, fetch_keys: Callable[[str], Awaitable[Any]], clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._secret = OctKey.import_key(rules.secret) if rules.secret else None
        self._verified: dict[str, Identity] = {}
        # A token of a key that was withdrawn must not live on in memory.
        forget = self._verified.clear
        self._published = PublishedKeys(rules.jwks_url, fetch=fetch_keys, clock=clock, changed=forget) if rules.jwks_url else None

    async def verify(self, token: str) -> Identity:
        """The token's identity. Raises Unauthorized(TOKEN_INVALID or TOKEN_EXPIRED); Retry while published keys cannot be read."""
        if self._published:
            self._published.keep_fresh()
        known = self._verified.get(token)
        if known is not None:
            if known.expires_at > self._clock() - timedelta(seconds=LEEWAY_SECONDS):
                return known
            del self._verified[token]
        identity = self._read(await self._decoded(token))
        if len(self._verified) >= CACHE_SIZE:
            self._verified.clear()
        self._verified[token] = identity
        return identity

    async def _decoded(self, token: str) -> dict[str, Any]:
        algorithm, kid = header_of(token)
        if algorithm in SYMMETRIC and self._secret:
            return verified_claims(token, self._secret, SYMMETRIC)
        if algorithm in ASYMMETRIC and self._published:
            return verified_claims(token, await self._published.with_kid(kid), ASYMMETRIC)
        raise _invalid()

    def _read(self, claims: dict[str, Any]) -> Identity:
        now = int(self._clock().timestamp())
        issuer: dict[str, Any] = {"essential": True, "value": self._rules.issuer} if self._rules.issuer else {"essential": True}
        registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss=issuer,  # type: ignore[arg-type] # the registry's own options
            aud={"essential": True, "value": self._rules.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            registry.validate(claims)
        except ExpiredTokenError:
            raise Unauthorized(ErrorCode.TOKEN_EXPIRED, "Your token has expired. Sign in again.") from None
        except UNREADABLE:
            raise _invalid() from None
        return _identity(claims)


def header_of(token: str) -> tuple[str, str | None]:
    """(alg, kid) as the token names them, unproven. Raises Unauthorized(TOKEN_INVALID)."""
    try:
        header = extract_compact(token.encode()).headers()
    except UNREADABLE:
        raise _invalid() from None
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise _invalid()
    return str(header.get("alg")), kid


def verified_claims(token: str, key: OctKey | KeySet, algorithms: tuple[str, ...]) -> dict[str, Any]:
    """The claims, of which only the signature is checked. Raises Unauthorized(TOKEN_INVALID)."""
    try:
        return dict(jwt.decode(token, key, algorithms=list(algorithms)).claims)
    except UNREADABLE:
        raise _invalid() from None


def _identity(claims: dict[str, Any]) -> Identity:
    details = claims.get("user_metadata")
    name = claims.get("name") or (details.get("full_name") if isinstance(details, dict) else None)
    email = claims.get("email")
    try:
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        issued_at = datetime.fromtimestamp(claims["iat"], UTC) if "iat" in claims else None
    except (OverflowError, ValueError, TypeError, OSError):
        raise _invalid() from None
    if not is_name(claims["sub"]) or not is_name(claims["iss"]):
        raise _invalid()
    return Identity(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=email if isinstance(email, str) else None,
        name=name if isinstance(name, str) else None,
        issued_at=issued_at,
        expires_at=expires_at,
    )


def is_name(value: Any) -> bool:
    """Whether (iss, sub) may hold it: what is stored has to be what was signed, or two people could become one."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and not _UNFIT.search(value)


def _invalid() -> Unauthorized:
    return Unauthorized(ErrorCode.TOKEN_INVALID, "Your token is not valid here. Sign in again.")


def mint(secret: str, *, issuer: str, audience: str, subject: str, now: datetime, lifetime: timedelta, name: str | None = None) -> str:
    """A signed HS256 token for `subject`: what `momentum token` prints."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": now.timestamp(),  # to the fraction: it may be made in the second of a sign-out, after it
        "exp": int((now + lifetime).timestamp()),
    }
    return jwt.encode({"alg": "HS256"}, claims | ({"name": name} if name else {}), OctKey.import_key(secret))
