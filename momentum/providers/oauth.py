"""OAuth 2.0 as every provider speaks it (RFC 6749, RFC 7636, RFC 7009); a provider adds its addresses and its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from authlib.common.security import generate_token
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from momentum.errors import ActionRequired, ErrorCode, Invalid, Permanent, Retry
from momentum.model import Clock, Grant
from momentum.outbound.client import Answer, ApiClient, retry_after

_LIFETIME = timedelta(hours=1)  # where a token endpoint names none
_ABOUT_GRANT = ("invalid_grant", "invalid_request", "invalid_token")  # and not about the app


def new_secret() -> str:
    """A fresh state or PKCE verifier: 64 letters and digits of the system's randomness (RFC 7636 wants 43 to 128)."""
    return str(generate_token(64))


def challenge_of(verifier: str) -> str:
    """The PKCE S256 code challenge of a verifier."""
    return str(create_s256_code_challenge(verifier))


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An app registered with a vendor: the vendor's addresses, and who we are there. `scopes` empty = all of the app's."""

    label: str
    authorize_url: str
    token_url: str
    revoke_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scopes: tuple[str, ...] = ()
    api_base_key: str = ""
    """Key of a token answer that names the account's API base; "" = the vendor names none."""

    @property
    def basic(self) -> dict[str, str]:
        """The Authorization header of the app itself."""
        _, headers, _ = ClientAuth(self.client_id, self.client_secret, "client_secret_basic").prepare("POST", self.token_url, {}, "")
        return {"authorization": headers["Authorization"]}


def authorize_url(app: OAuthApp, *, state: str, challenge: str) -> str:
    """Where to send the browser for consent."""
    return str(
        prepare_grant_uri(
            app.authorize_url,
            app.client_id,
            "code",
            redirect_uri=app.redirect_uri,
            scope=list(app.scopes),
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",  # Zoom takes a missing method for `plain`
        )
    )


def parse_grant(app: OAuthApp, body: Any, *, now: datetime, former: str | None = None) -> Grant:
    """A grant from a token endpoint's JSON; `former` is the refresh token that stays where the vendor sends none.

    Raises Permanent(PROVIDER_ANSWER_INVALID) when a token is missing.
    """
    answer = body if isinstance(body, Mapping) else {}
    access, refresh = answer.get("access_token"), answer.get("refresh_token") or former
    if not isinstance(access, str) or not isinstance(refresh, str) or not access or not refresh:
        raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"{app.label} answered without the tokens it owes.")
    base = answer.get(app.api_base_key) if app.api_base_key else None
    return Grant(access, refresh, now + _lifetime(answer.get("expires_in")), _scopes(answer.get("scope")), base if _filled(base) else None)


def _lifetime(value: Any) -> timedelta:
    try:
        return timedelta(seconds=max(0, min(int(value), 10**9)))
    except (TypeError, ValueError, OverflowError):
        return _LIFETIME


def _scopes(value: Any) -> tuple[str, ...]:
    words: Sequence[Any] = value.replace(",", " ").split() if isinstance(value, str) else value if isinstance(value, list) else ()
    return tuple(sorted({str(word) for word in words}))


def _filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _error_of(answer: Answer) -> Any:
    body = answer.json()
    return body.get("error") if isinstance(body, dict) else None


class TokenEndpoint:
    """Exchanges, refreshes and revokes grants of one app.

    Nothing is repeated here: an answer lost after the vendor rotated cannot be had again, and whoever
    holds the row decides when to ask next.
    """

    def __init__(self, client: ApiClient, app: OAuthApp, clock: Clock) -> None:
        self._client = client
        self._app = app
        self._clock = clock

    async def exchange(self, *, code: str, verifier: str) -> Grant:
        """As `Provider.exchange`."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._app.redirect_uri, "code_verifier": verifier}
        answer = await self._post(self._app.token_url, form)
        if answer.status != 200:
            self._refuse_client(answer)
            raise Invalid(
                ErrorCode.CODE_INVALID,
                f"{self._app.label} did not accept the code: it is used or older than a few minutes, or the redirect URL "
                f"is not the one registered with the app. Start connecting again.",
            )
        return parse_grant(self._app, answer.json(), now=self._clock())

    async def refresh(self, refresh_token: str) -> Grant:
        """As `Provider.refresh`."""
        answer = await self._post(self._app.token_url, {"grant_type": "refresh_token", "refresh_token": refresh_token})
        if answer.status != 200:
            self._refuse_client(answer)
            raise ActionRequired(
                ErrorCode.RECONNECT_REQUIRED, f"{self._app.label} no longer accepts this connection. Connect {self._app.label} again."
            )
        return parse_grant(self._app, answer.json(), now=self._clock(), former=refresh_token)

    async def revoke(self, access_token: str) -> None:
        """As `Provider.revoke`: a token that the vendor does not know any more is as good as revoked."""
        answer = await self._post(self._app.revoke_url, {"token": access_token})
        if answer.status != 200:
            self._refuse_client(answer)

    async def check_client(self) -> None:
        """Return when the vendor accepts the app's id and secret.

        Raises ActionRequired(CLIENT_INVALID), Permanent(PROVIDER_ANSWER_INVALID) when nothing tells, or Retry.
        """
        # A token that was never given out: whose client is right is refused for the token (RFC 6749, section 5.2).
        answer = await self._post(self._app.token_url, {"grant_type": "refresh_token", "refresh_token": new_secret()})
        self._refuse_client(answer)
        if answer.status != 200 and _error_of(answer) not in _ABOUT_GRANT:
            raise Permanent(
                ErrorCode.PROVIDER_ANSWER_INVALID, f"{self._app.label} answered HTTP {answer.status}, not as a token endpoint does."
            )

    async def _post(self, url: str, form: Mapping[str, str]) -> Answer:
        """One call as the app. Raises Retry when the vendor is away or asks us to wait."""
        answer = await self._client.request("POST", url, headers=self._app.basic, data=form)
        after = retry_after(answer.headers.get("retry-after"), now=self._clock())
        if answer.status == 429:
            raise Retry(ErrorCode.PROVIDER_RATE_LIMITED, f"{self._app.label} asks us to slow down.", after=after)
        if self._is_not_the_vendor(answer, said_nothing=answer.status == 200 and url == self._app.revoke_url):
            raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, f"{self._app.label} is not answering properly right now.", after=after)
        return answer

    @staticmethod
    def _is_not_the_vendor(answer: Answer, *, said_nothing: bool) -> bool:
        """Whether a gateway or a page of maintenance spoke: it must not be taken for the end of a grant."""
        if answer.status in {401, 403} or said_nothing:
            return False
        return answer.status >= 500 or 300 <= answer.status < 400 or not isinstance(answer.json(), dict)

    def _refuse_client(self, answer: Answer) -> None:
        """Raise when the refusal is about the app and not about the code or token (RFC 6749, 5.2)."""
        error = _error_of(answer)
        if error not in _ABOUT_GRANT and (
            answer.status in {401, 403} or error in {"invalid_client", "unauthorized_client", "unsupported_grant_type"}
        ):
            self._client_invalid()

    def _client_invalid(self) -> NoReturn:
        raise ActionRequired(
            ErrorCode.CLIENT_INVALID,
            f"{self._app.label} does not accept the app's client id and secret. Copy both again from the app's page; "
            f"it must be a user-managed OAuth app.",
        )
