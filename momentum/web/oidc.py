"""Signing in at an identity provider: OpenID Connect's authorization code flow, with PKCE, state and nonce.

https://openid.net/specs/openid-connect-core-1_0.html, https://openid.net/specs/openid-connect-discovery-1_0.html and, for
what was learned since, https://www.rfc-editor.org/rfc/rfc9700. Nothing of a flow is kept on our side: its one secret rests in a
cookie of the browser that began, and state, nonce and verifier are made from it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import isfinite
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

import structlog
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url

from momentum.errors import ActionRequired, ErrorCode, Invalid, MomentumError, Retry, Unauthorized
from momentum.languages import phrase
from momentum.logs import protect
from momentum.model import Clock
from momentum.outbound.client import Answer, ApiClient
from momentum.settings import Settings
from momentum.web.published_keys import PublishedKeys, fetch_keys
from momentum.web.tokens import LEEWAY_SECONDS, UNREADABLE, Identity, header_of, is_name, verified_claims

log = structlog.get_logger(__name__)

BACK = "/sign-in/oidc/back"
"""Path of the redirect URL to register with the issuer."""
FLOW_LIFETIME = timedelta(minutes=10)
DISCOVERED_FOR = timedelta(hours=1)
"""What the issuer says of itself is read again when it is older than this."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Of ID tokens: asymmetric ones alone, as nobody but the issuer may be able to sign."""
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in under way. `cookie` is what its browser keeps, and all there is."""

    secret: str = field(repr=False)
    begun_at: datetime
    next_path: str

    @classmethod
    def begin(cls, next_path: str, now: datetime) -> Flow:
        """A new one; the browser goes on to `next_path` at its end."""
        secret = secrets.token_urlsafe(32)
        protect(secret, passing=True)
        return cls(secret, now, next_path)

    @classmethod
    def read(cls, cookie: str | None, now: datetime) -> Flow | None:
        """The flow of a cookie; None where there is none, or it began too long ago."""
        parts = (cookie or "").split(".")
        if len(parts) != 3 or len(parts[0]) < 43 or not re.fullmatch(r"\d{1,11}", parts[1], re.ASCII):
            return None
        begun_at = datetime.fromtimestamp(int(parts[1]), now.tzinfo)
        lasts = -timedelta(seconds=LEEWAY_SECONDS) <= now - begun_at < FLOW_LIFETIME
        return cls(parts[0], begun_at, unquote(parts[2])) if lasts else None

    @property
    def cookie(self) -> str:
        """Secret, second, path; the path is for this browser alone to change."""
        return f"{self.secret}.{int(self.begun_at.timestamp())}.{quote(self.next_path, safe='')}"

    @property
    def state(self) -> str:
        return self._made("state")

    @property
    def nonce(self) -> str:
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        return self._made("verifier")

    def began(self, state: str) -> bool:
        """Whether this flow is the one that `state` was made for."""
        return hmac.compare_digest(self.state.encode(), state.encode("utf-8", "replace"))

    def _made(self, purpose: str) -> str:
        # 256 bits behind a hash: whoever sees one of the three, in a URL or a token, knows nothing of the others.
        digest = hashlib.sha256(f"{purpose}:{self.secret}".encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Returned:
    """What the issuer sent the browser back with."""

    state: str
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    issuer: str | None = None


class IdentityProvider:
    """One issuer, and who we are there. Failures are sentences for whoever signs in, and tell the operator what to mend."""

    def __init__(self, settings: Settings, client: ApiClient, clock: Clock) -> None:
        self.issuer = settings.oidc_issuer or ""
        self.label = settings.oidc_name
        self.redirect_uri = settings.base_url + BACK
        self._id = settings.oidc_client_id or ""
        self._secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
        self._scopes = settings.oidc_scopes
        self._client = client
        self._clock = clock
        self._facts: dict[str, Any] = {}
        self._read_at: datetime | None = None
        self._keys: PublishedKeys | None = None

    async def authorize_url(self, flow: Flow) -> str:
        """Where to send the browser. Raises Retry when the issuer is away or does not answer as one."""
        facts = await self.facts()
        return str(
            prepare_grant_uri(
                facts["authorization_endpoint"],
                self._id,
                "code",
                redirect_uri=self.redirect_uri,
                scope=list(self._scopes),
                state=flow.state,
                nonce=flow.nonce,
                code_challenge=str(create_s256_code_challenge(flow.verifier)),
                code_challenge_method="S256",
            )
        )

    async def identity(self, flow: Flow, back: Returned) -> Identity:
        """Who signed in. Raises Invalid, ActionRequired, Unauthorized(ID_TOKEN_INVALID, CLOCKS_DIFFER) or Retry."""
        if not flow.began(back.state):
            raise lost_state()
        facts = await self.facts()
        self._check_issuer(back.issuer, essential=bool(facts.get("authorization_response_iss_parameter_supported")))
        if back.error or not back.code:
            raise self._refused(back.error)
        tokens = await self._exchange(facts, back.code, flow.verifier)
        claims = await self._claims(tokens, flow.nonce)
        return self._identity(claims | await self._told(facts, claims, tokens.get("access_token")))

    # --- what the issuer says of itself ---------------------------------------------------------------

    async def facts(self) -> dict[str, Any]:
        """The issuer's configuration, read once an hour; an old one is used on while the issuer is away."""
        if self._read_at is None or self._clock() - self._read_at >= DISCOVERED_FOR:
            try:
                self._facts = await self._discovered()
                self._read_at = self._clock()
            except MomentumError as error:
                log.warning("issuer_unread", reason=error.detail)
                if self._read_at is None:
                    raise
                self._read_at = self._clock() - DISCOVERED_FOR + timedelta(minutes=1)  # until the next try, nobody waits for it
        return self._facts

    async def keys(self) -> PublishedKeys:
        """The keys that sign its ID tokens."""
        address = (await self.facts())["jwks_uri"]
        if self._keys is None or self._keys.url != address:
            # A token comes from the issuer itself, over TLS: nobody can make us ask again and again by made-up key ids.
            fetch = partial(fetch_keys, self._client)
            self._keys = PublishedKeys(address, fetch=fetch, clock=self._clock, changed=lambda: None, unknown_pause=timedelta(0))
        return self._keys

    async def _discovered(self) -> dict[str, Any]:
        facts = await self._asked("GET", get_well_known_url(self.issuer, external=True))
        if facts.get("issuer") != self.issuer:
            named = str(facts.get("issuer"))[:200]
            advice = "The operator has to set OIDC_ISSUER to exactly what it calls itself."
            raise self._misconfigured(phrase(f"its address names itself {named}"), advice)
        if missing := [name for name in _ADDRESSES if not isinstance(facts.get(name), str)]:
            raise self._misconfigured(phrase(f"it names no {missing[0]}"))
        if "S256" not in _listed(facts, "code_challenge_methods_supported", "S256"):
            raise self._misconfigured(phrase("it does not take PKCE with S256"))
        self._check_page(facts["authorization_endpoint"])
        return facts

    def _check_page(self, address: str) -> None:
        """A browser is sent there: https, as the issuer itself, and never a `javascript:`."""
        if urlsplit(address).scheme not in {"https", urlsplit(self.issuer).scheme}:
            raise self._misconfigured(phrase("its sign-in page has no https address"))

    def _check_issuer(self, named: str | None, *, essential: bool) -> None:
        """https://www.rfc-editor.org/rfc/rfc9207: the answer of another issuer must not be taken for this one's."""
        if named != self.issuer and (named is not None or essential):
            raise Invalid(ErrorCode.STATE_INVALID, f"This answer does not come from {self.label}. Sign in again.")

    def _refused(self, error: str | None) -> MomentumError:
        if error == "access_denied":
            return Invalid(
                ErrorCode.ACCESS_DENIED, f"You did not let {self.label} tell us who you are. Sign in again if that was a mistake."
            )
        if error in {"server_error", "temporarily_unavailable"}:
            return Retry(ErrorCode.PROVIDER_UNAVAILABLE, f"{self.label} cannot sign anybody in right now. Try again in a moment.")
        if error in {"unauthorized_client", "invalid_scope", "unsupported_response_type", "invalid_request"}:
            return self._client_refused(error)
        return Invalid(ErrorCode.ACCESS_DENIED, f"{self.label} did not sign you in. Try again.")

    # --- tokens ---------------------------------------------------------------------------------------

    async def _exchange(self, facts: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        protect(code, passing=True)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri, "code_verifier": verifier}
        headers, more = self._authentication(facts)
        return await self._asked("POST", facts["token_endpoint"], headers=headers, data=form | more)

    def _authentication(self, facts: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """(headers, fields of the form) that prove who we are; in the header where the issuer takes both."""
        methods = _listed(facts, "token_endpoint_auth_methods_supported", "client_secret_basic")
        if "client_secret_basic" not in methods and "client_secret_post" in methods:
            return {}, {"client_id": self._id, "client_secret": self._secret}
        # Form-encoded before base64, as https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 asks.
        auth = ClientAuth(quote_plus(self._id), quote_plus(self._secret), "client_secret_basic")
        _, headers, _ = auth.prepare("POST", facts["token_endpoint"], {}, "")
        return {"authorization": headers["Authorization"]}, {}

    async def _claims(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise self._unfit(phrase("it sent no ID token"))
        try:
            algorithm, kid = header_of(token)
            if algorithm not in ALGORITHMS:
                raise self._unfit(phrase("the ID token is not signed by a method we take"))
            keys = await self.keys()
            keys.keep_fresh()
            claims = verified_claims(token, await keys.with_kid(kid), ALGORITHMS)
        except Unauthorized as error:
            if error.code is ErrorCode.ID_TOKEN_INVALID:
                raise
            raise self._unfit(phrase("the ID token is not signed by its keys")) from None
        self._check_clocks(claims)
        self._check_claims(claims, algorithm, nonce, tokens.get("access_token"))
        return claims

    def _check_claims(self, claims: dict[str, Any], algorithm: str, nonce: str, access_token: Any) -> None:
        options: dict[str, Any] = {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self._id}}
        params = {"nonce": nonce, "client_id": self._id, "access_token": access_token}
        try:
            CodeIDToken(claims, {"alg": algorithm}, options, params).validate(int(self._clock().timestamp()), LEEWAY_SECONDS)
        except UNREADABLE as error:
            # The library's text may quote what was sent; the name of the claim says enough.
            named = getattr(error, "claim", None) or "claims"
            raise self._unfit(phrase(f"the ID token was not made for this sign-in ({named})")) from None
        if not is_name(claims["sub"]):
            raise self._unfit(phrase("the ID token names nobody"))

    def _check_clocks(self, claims: dict[str, Any]) -> None:
        """It was made a moment ago, for us: one from the future, or over already, shows that two clocks differ."""
        now, issued, ends = self._clock().timestamp(), _seconds(claims.get("iat")), _seconds(claims.get("exp"))
        if issued is None or ends is None:
            raise self._unfit(phrase("the ID token does not say when it was made"))
        if issued > now + LEEWAY_SECONDS or ends < now - LEEWAY_SECONDS:
            minutes = max(1, round(abs(issued - now) / 60))
            sentence = f"The clocks of {self.label} and of this server differ by about {minutes} min. The operator has to set one right."
            raise Unauthorized(ErrorCode.CLOCKS_DIFFER, sentence)

    async def _told(self, facts: dict[str, Any], claims: dict[str, Any], access_token: Any) -> dict[str, Any]:
        """Name and address where the ID token holds neither; for display, so nothing hangs on it."""
        address = facts.get("userinfo_endpoint")
        if claims.get("name") or claims.get("email") or not isinstance(address, str) or not isinstance(access_token, str):
            return {}
        try:
            told = await self._asked("GET", address, headers={"authorization": f"Bearer {access_token}"})
        except MomentumError as error:
            log.info("userinfo_unread", reason=error.code)
            return {}
        # https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse: of nobody else.
        return {name: told.get(name) for name in ("name", "email")} if told.get("sub") == claims["sub"] else {}

    def _identity(self, claims: dict[str, Any]) -> Identity:
        now = self._clock()
        name = claims.get("name") or claims.get("preferred_username")
        email = claims.get("email")
        text = {"email": email if isinstance(email, str) else None, "name": name if isinstance(name, str) else None}
        return Identity(self.issuer, claims["sub"], **text, issued_at=now, expires_at=now)

    # --- asking -----------------------------------------------------------------------------------------

    async def _asked(self, method: str, url: str, **sent: Any) -> dict[str, Any]:
        """Its JSON. Raises Retry, Invalid(CODE_INVALID) or ActionRequired(CLIENT_INVALID)."""
        answer = await self._client.request(method, url, timeout=_SECONDS, **sent)
        body = answer.json()
        if answer.status == 200 and isinstance(body, dict):
            return body
        raise self._failed(answer, str(body.get("error"))[:80] if isinstance(body, dict) else None)

    def _failed(self, answer: Answer, error: str | None) -> MomentumError:
        if answer.status < 500 and error == "invalid_grant":
            return Invalid(ErrorCode.CODE_INVALID, f"{self.label} did not accept the code: it is used, or too old. Sign in again.")
        if answer.status == 401 or error in {"invalid_client", "unauthorized_client"}:
            return self._client_refused(error)
        log.warning("issuer_failed", status=answer.status, error=error)
        return Retry(ErrorCode.PROVIDER_UNAVAILABLE, f"{self.label} is not answering properly right now. Try again in a moment.", after=10)

    def _client_refused(self, error: str | None) -> MomentumError:
        log.error("issuer_refuses_us", error=error)
        sentence = f"{self.label} does not accept Momentum as its client. The operator has to compare client id, secret and redirect URL."
        return ActionRequired(ErrorCode.CLIENT_INVALID, sentence)

    def _unfit(self, why: str) -> Unauthorized:
        log.warning("id_token_refused", reason=why)
        return Unauthorized(ErrorCode.ID_TOKEN_INVALID, f"{self.label} did not prove who you are: {why}. Sign in again.")

    def _misconfigured(self, why: str, advice: str = "") -> Retry:
        sentence = f"Nobody can sign in with {self.label}: {why}."
        return Retry(ErrorCode.PROVIDER_ANSWER_INVALID, f"{sentence} {advice}" if advice else sentence)


def _listed(facts: dict[str, Any], name: str, otherwise: str) -> list[Any]:
    """A list among the issuer's facts; where there is none, the one thing that then holds."""
    found = facts.get(name)
    return found if isinstance(found, list) else [otherwise]


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def lost_state() -> Invalid:
    """What somebody is told whose browser did not begin, or began too long ago."""
    sentence = "This browser did not begin to sign in, or did so more than ten minutes ago, or came back twice. Sign in again."
    return Invalid(ErrorCode.STATE_INVALID, sentence)
