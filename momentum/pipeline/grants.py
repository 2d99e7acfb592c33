"""A grant between the provider's answer and our store: whose it is, whether it still stands, and its end."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

import structlog

from momentum.app import Connecting
from momentum.errors import ActionRequired, ErrorCode, MomentumError
from momentum.model import ConnectionState, Grant
from momentum.providers.base import Provider
from momentum.store.credentials import Credentials
from momentum.store.tokens import StoredTokens

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class FreshGrant:
    """A grant that is not stored yet, as the source of its own token; `refused`: the provider no longer takes it."""

    grant: Grant
    label: str
    refused: bool = False

    @property
    def account(self) -> str:
        # Whose account it is, the call is to tell. Until then its pace is its own: one account's pause must not hold up
        # everybody who connects.
        return f"grant-{hashlib.sha256(self.grant.access_token.encode()).hexdigest()[:16]}"

    @property
    def api_base(self) -> str | None:
        return self.grant.api_base

    async def token(self) -> str:
        return self.grant.access_token

    async def replace(self, refused: str) -> NoReturn:
        del refused
        self.refused = True
        raise ActionRequired(
            ErrorCode.RECONNECT_REQUIRED, f"{self.label} did not accept the token that it had just given. Start connecting again."
        )

    async def suspend(self, state: str, reason: str, *, scopes: Sequence[str] = ()) -> None:
        """Nothing is stored that could be marked."""


async def recheck(to: Connecting, user_id: UUID) -> None:
    """Find out whether a person's stored connection still stands, and mark it where it does not.

    A vendor keeps one live grant per account and app, so a new one that came to nothing may have ended the stored one
    (https://developers.zoom.us/docs/integrations/oauth/, error 4741); only a refresh tells.
    """
    tokens = StoredTokens(to.database, to.vault, to.provider, user_id, to.clock)
    with suppress(MomentumError):  # there is none, or it is marked now, or the provider is away: then the next call will tell
        await tokens.replace(await tokens.token())


async def end(to: Connecting, former: Credentials) -> bool:
    """End a stored grant at the provider; whether it is surely dead."""
    token = former.access_token
    if not token:  # no key opens it
        return False
    # An expired token ends nothing; only a grant that is known to be dead is not renewed for it.
    if former.expires_at <= to.clock() and former.state is not ConnectionState.RECONNECT_REQUIRED:
        try:
            token = (await to.provider.refresh(former.refresh_token)).access_token
        except ActionRequired as error:
            return error.code is ErrorCode.RECONNECT_REQUIRED  # dead already
        except MomentumError:
            return False
    return await revoke(to.provider, token)


async def revoke(provider: Provider, access_token: str) -> bool:
    """End a grant at the provider; whether it confirmed that."""
    try:
        await provider.revoke(access_token)
    except MomentumError as error:
        log.warning("grant not revoked", provider=provider.name, reason=error.code)
        return False
    return True
