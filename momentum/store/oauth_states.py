"""Authorizations under way: what we must remember between sending a browser off and its return.

The state itself is not kept, only its hash; the PKCE verifier is sealed. Whoever returns is known by the state
alone, so looking needs no person.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.store import keys, tables
from momentum.vault import Vault

_CELL = {"table": tables.oauth_states.name, "column": "code_verifier"}
_PEEK = text("select user_id, provider, browser_hash from lookup.peek_oauth_state(:state_hash, :now)")
_TAKE = text("select user_id, provider, browser_hash, code_verifier from lookup.take_oauth_state(:state_hash, :now)")


@dataclass(frozen=True, slots=True)
class OAuthState:
    """Who began, with which provider, in which browser (sha256 of its cookie; None where there was none)."""

    user_id: UUID
    provider: str
    browser_hash: bytes | None


@dataclass(frozen=True, slots=True)
class TakenState(OAuthState):
    """A state that is used up now, with the PKCE verifier that belongs to its code."""

    verifier: str = field(repr=False)
    state: str = field(repr=False)
    expires_at: datetime


def hashed(secret: str) -> bytes:
    """What stands in the database in place of a state or a browser's cookie: its sha256. Both are random, so no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def begin(
    connection: AsyncConnection,
    vault: Vault,
    *,
    user_id: UUID,
    provider: str,
    state: str,
    verifier: str,
    browser_hash: bytes | None,
    expires_at: datetime,
) -> None:
    """Remember an authorization that this person begins."""
    await keys.prepare(connection, vault)
    sealed = vault.seal(verifier, **_CELL, user_id=user_id)
    values = {"provider": provider, "code_verifier": sealed, "browser_hash": browser_hash, "expires_at": expires_at}
    await connection.execute(tables.oauth_states.insert().values(state_hash=hashed(state), user_id=user_id, **values))


async def peek(connection: AsyncConnection, state: str, now: datetime) -> OAuthState | None:
    """The authorization of that state; None when it is unknown, used or too old. Leaves it as it is; needs no person."""
    row = (await connection.execute(_PEEK, {"state_hash": hashed(state), "now": now})).one_or_none()
    return None if row is None else OAuthState(row.user_id, row.provider, row.browser_hash)


async def take(connection: AsyncConnection, vault: Vault, state: str, now: datetime) -> TakenState | None:
    """As `peek`, but for one caller only, and in a transaction of the person: the state is used up with it."""
    mine = select(tables.oauth_states.c.expires_at).where(tables.oauth_states.c.state_hash == hashed(state))
    expires_at = await connection.scalar(mine)
    if expires_at is None:
        return None
    row = (await connection.execute(_TAKE, {"state_hash": hashed(state), "now": now})).one_or_none()
    if row is None:
        return None
    verifier = await keys.unseal(connection, vault, row.code_verifier, **_CELL, user_id=row.user_id)
    return TakenState(row.user_id, row.provider, row.browser_hash, verifier, state, expires_at)


async def give_back(connection: AsyncConnection, vault: Vault, taken: TakenState) -> None:
    """Let a state that was taken be used once more, until it would have expired anyway."""
    await begin(
        connection,
        vault,
        user_id=taken.user_id,
        provider=taken.provider,
        state=taken.state,
        verifier=taken.verifier,
        browser_hash=taken.browser_hash,
        expires_at=taken.expires_at,
    )
