"""OAuth as Zoom does it, without HTTP: codes, tokens and their rotation."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

CODE_LIFE = timedelta(minutes=5)
TOKEN_LIFE = timedelta(seconds=3599)

# Granular scopes are what new apps get: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/
GRANULAR_SCOPES = (
    "cloud_recording:read:list_recording_files",
    "cloud_recording:read:list_user_recordings",
    "meeting:read:list_past_participants",
    "meeting:read:past_meeting",
    "user:read:user",
)
CLASSIC_SCOPES = ("meeting:read", "recording:read", "user:read")


class Refused(Exception):
    """What the token endpoint says no with; see https://developers.zoom.us/docs/integrations/oauth/."""

    def __init__(self, reason: str, error: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error
        self.status = status


REDIRECT_MISMATCH = ("Redirect URI mismatch.", "invalid_request")


@dataclass(frozen=True, slots=True)
class ClientApp:
    """An app of the Zoom marketplace."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...] = GRANULAR_SCOPES


@dataclass(slots=True)
class _Code:
    user_id: str
    client_id: str
    redirect_uri: str
    challenge: str
    method: str
    scopes: tuple[str, ...]
    issued_at: datetime
    used: bool = False


@dataclass(slots=True)
class Access:
    """An access token's meaning. `alive` ends by revocation; expiry is a matter of the clock."""

    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    expires_at: datetime
    alive: bool = True
    whole_account: bool = False
    """Server-to-server, or an admin's scopes: may name any user of the account."""


@dataclass(slots=True)
class _Refresh:
    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    alive: bool = True


@dataclass(frozen=True, slots=True)
class Tokens:
    """A fresh set."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scopes: tuple[str, ...]
    expires_in: int


class Grants:
    """All codes and tokens ever issued. `now` is the sandbox's clock."""

    def __init__(self, now: Callable[[], datetime], token_bytes: Callable[[int], bytes]) -> None:
        self._now = now
        self._token_bytes = token_bytes
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, _Refresh] = {}

    def issue_code(self, app: ClientApp, user_id: str, *, redirect_uri: str, challenge: str, method: str, scopes: tuple[str, ...]) -> str:
        code = self.opaque(24)
        self._codes[code] = _Code(user_id, app.client_id, redirect_uri, challenge, method or "plain", scopes, self._now())
        return code

    def redeem(self, app: ClientApp, code: str, redirect_uri: str, verifier: str, life: timedelta = TOKEN_LIFE) -> Tokens:
        """Tokens for a code. Kills every earlier set of this user and app, as Zoom does (4741)."""
        entry = self._codes.get(code)
        if entry is None or entry.used or entry.client_id != app.client_id or self._now() - entry.issued_at > CODE_LIFE:
            raise Refused("Invalid authorization code", "invalid_grant")
        if entry.redirect_uri != redirect_uri:
            raise Refused(*REDIRECT_MISMATCH)
        entry.used = True
        if entry.challenge and challenge_of(verifier, entry.method) != entry.challenge:
            raise Refused("Invalid code verifier", "invalid_grant")
        self.kill(entry.user_id, app.client_id)
        return self.issue(app.client_id, entry.user_id, entry.scopes, life)

    def rotate(self, app: ClientApp, refresh_token: str, life: timedelta = TOKEN_LIFE) -> Tokens:
        """A new set for the newest refresh token; any other is refused."""
        entry = self._refresh.get(refresh_token)
        if entry is None or not entry.alive or entry.client_id != app.client_id:
            raise Refused("Invalid Token!", "invalid_grant")
        entry.alive = False
        return self.issue(app.client_id, entry.user_id, entry.scopes, life)

    def issue(self, client_id: str, user_id: str, scopes: tuple[str, ...], life: timedelta = TOKEN_LIFE) -> Tokens:
        access, refresh = self._token(user_id), self._token(user_id)
        admin = any(scope.endswith(":admin") for scope in scopes)
        self._access[access] = Access(user_id, client_id, scopes, self._now() + life, whole_account=admin)
        self._refresh[refresh] = _Refresh(user_id, client_id, scopes)
        return Tokens(access, refresh, scopes, round(life.total_seconds()))

    def issue_for_account(self, app: ClientApp, owner_id: str) -> Tokens:
        """Server-to-server: no refresh token."""
        access = self._token(owner_id)
        self._access[access] = Access(owner_id, app.client_id, app.scopes, self._now() + TOKEN_LIFE, whole_account=True)
        return Tokens(access, None, app.scopes, round(TOKEN_LIFE.total_seconds()))

    def find(self, access_token: str) -> Access | None:
        return self._access.get(access_token)

    def user_of_refresh(self, refresh_token: str) -> str | None:
        entry = self._refresh.get(refresh_token)
        return entry.user_id if entry else None

    def revoke(self, token: str) -> None:
        """End the set a token belongs to; unknown tokens are no error (RFC 7009)."""
        entry = self._access.get(token) or self._refresh.get(token)
        if entry is not None:
            self.kill(entry.user_id, entry.client_id)

    def kill(self, user_id: str, client_id: str) -> None:
        entries: list[Access | _Refresh] = [*self._access.values(), *self._refresh.values()]
        for entry in entries:
            if (entry.user_id, entry.client_id) == (user_id, client_id):
                entry.alive = False

    def live_sets(self) -> int:
        """How many refresh tokens still work."""
        return sum(entry.alive for entry in self._refresh.values())

    def opaque(self, size: int) -> str:
        return _base64url(self._token_bytes(size))

    def _token(self, user_id: str) -> str:
        # As long as Zoom's and of the same look; nothing may depend on what is inside.
        header = _base64url(json.dumps({"alg": "HS512", "typ": "JWT"}).encode())
        body = _base64url(json.dumps({"aud": "https://oauth.zoom.us", "uid": user_id, "ver": 10}).encode() + self._token_bytes(180))
        return f"{header}.{body}.{self.opaque(64)}"


def challenge_of(verifier: str, method: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636)."""
    if method.upper() != "S256":
        return verifier
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
