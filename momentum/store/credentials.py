"""A person's connection to a provider: sealed tokens, whose account it is, and whether it works.

One table per provider, all of one shape. Calls are made through `store.tokens`, which renews what is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, Table, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import Conflict, ErrorCode, MomentumError
from momentum.model import Account, ConnectionState, Grant
from momentum.store import keys, tables
from momentum.store.connection import sqlstate
from momentum.store.serial import clean
from momentum.vault import Vault

TABLES: Mapping[str, Table] = {"zoom": tables.zoom_credentials}
"""Provider -> the table of its credentials."""

_UNIQUE_VIOLATION = "23505"


@dataclass(frozen=True, slots=True)
class Status:
    """A connection without its tokens. `expires_at` is the access token's; it is renewed by itself."""

    user_id: UUID
    provider: str
    account: Account
    scopes: tuple[str, ...]
    api_base: str | None
    expires_at: datetime
    state: ConnectionState
    state_reason: str | None
    state_scopes: tuple[str, ...]
    """What the provider named as missing, in the state of that name."""
    connected_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials(Status):
    """A connection with its tokens."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def for_provider(provider: str) -> Table:
    """The table of a provider's credentials."""
    return TABLES[provider]


async def save(
    connection: AsyncConnection,
    vault: Vault,
    provider: str,
    *,
    user_id: UUID,
    grant: Grant,
    account: Account,
    now: datetime,
    state: ConnectionState = ConnectionState.ACTIVE,
    reason: str | None = None,
) -> None:
    """Store a new connection in place of a former one. Raises Conflict(ACCOUNT_TAKEN) when the account is another person's."""
    owner = await owner_of(connection, provider, account.user_id)
    if owner not in {None, user_id}:
        raise _taken()
    table = for_provider(provider)
    await connection.execute(select(table.c.id).where(table.c.user_id == user_id).with_for_update())
    await keys.prepare(connection, vault)
    # A new connection, so a new beginning: `created_at` says since when *this* grant stands.
    values = {
        **_sealed_pair(vault, table, user_id, grant),
        **_account_columns(provider, account),
        "scopes": list(grant.scopes),
        "api_base": grant.api_base,
        "state": state.value,
        "state_reason": reason,
        "state_scopes": [],
        "created_at": now,
        "updated_at": now,
    }
    statement = insert(table).values(user_id=user_id, **values).on_conflict_do_update(index_elements=[table.c.user_id], set_=values)
    try:
        await connection.execute(statement)
    except IntegrityError as error:
        if sqlstate(error) != _UNIQUE_VIOLATION:
            raise
        raise _taken() from error  # another person connected the same account since we looked
    await _tell(connection, user_id)


async def get(connection: AsyncConnection, vault: Vault, provider: str, user_id: UUID, *, lock: bool = False) -> Credentials | None:
    """A person's connection with its tokens; None when there is none. `lock`: nobody else changes it in this transaction."""
    table = for_provider(provider)
    query = _row(table, user_id)
    # The weaker lock lets `stands` pass: what a listing found is stored while a token is renewed.
    row = (await connection.execute(query.with_for_update(key_share=True) if lock else query)).mappings().one_or_none()
    return None if row is None else await _opened(connection, vault, provider, row)


async def stands(connection: AsyncConnection, provider: str, user_id: UUID) -> datetime | None:
    """When a person connected; None when they are not. Until this transaction ends, the connection is neither removed nor replaced."""
    table = for_provider(provider)
    query = select(table.c.created_at).where(table.c.user_id == user_id).with_for_update(read=True, key_share=True)
    connected_at: datetime | None = await connection.scalar(query)
    return connected_at


async def status(connection: AsyncConnection, provider: str, user_id: UUID) -> Status | None:
    """A person's connection without its tokens; None when there is none."""
    row = (await connection.execute(_row(for_provider(provider), user_id))).mappings().one_or_none()
    return None if row is None else read(provider, row)


def read(provider: str, row: Mapping[str, Any] | RowMapping) -> Status:
    """A row of a provider's credentials as what it says of the connection."""
    return Status(**_plain(provider, row))


async def set_state(
    connection: AsyncConnection,
    provider: str,
    user_id: UUID,
    *,
    state: ConnectionState,
    reason: str | None,
    now: datetime,
    scopes: Sequence[str] = (),
    connected_at: datetime | None = None,
) -> bool:
    """Mark an active connection; False when it is not there, or waits for the person already (the first reason stays).

    `scopes`: those that the provider named as missing. `connected_at`: only if it is still that one, not one made since.
    A connection becomes active by `save` alone.
    """
    table = for_provider(provider)
    statement = update(table).where(table.c.user_id == user_id, table.c.state == ConnectionState.ACTIVE.value)
    if connected_at is not None:
        statement = statement.where(table.c.created_at == connected_at)
    values = {"state": state.value, "state_reason": clean(reason), "state_scopes": [clean(scope) for scope in scopes], "updated_at": now}
    changed = bool((await connection.execute(statement.values(values))).rowcount)
    if changed:
        await _tell(connection, user_id)
    return changed


async def renew(connection: AsyncConnection, vault: Vault, former: Credentials, grant: Grant, *, now: datetime) -> bool:
    """Store the pair that a refresh gave; False when the connection is gone or another one by now. Locks the row."""
    table = for_provider(former.provider)
    stored = await get(connection, vault, former.provider, former.user_id, lock=True)
    if stored is None or stored.refresh_token != former.refresh_token:
        return False
    await keys.prepare(connection, vault)
    values: dict[str, Any] = {**_sealed_pair(vault, table, former.user_id, grant), "updated_at": now}
    # An answer may leave out what has not changed.
    values |= {"scopes": list(grant.scopes)} if grant.scopes else {}
    values |= {"api_base": grant.api_base} if grant.api_base else {}
    if stored.state is ConnectionState.RECONNECT_REQUIRED:
        # Another process was refused while this pair waited for the database: the grant lives.
        values |= {"state": ConnectionState.ACTIVE.value, "state_reason": None}
    await connection.execute(update(table).where(table.c.user_id == former.user_id).values(values))
    return True


async def remove(connection: AsyncConnection, vault: Vault, provider: str, user_id: UUID) -> Credentials | None:
    """Delete a connection and give what it was, once a refresh under way is done; None when there was none.

    Tokens that cannot be opened are gone all the same: they come back as "".
    """
    table = for_provider(provider)
    row = (await connection.execute(delete(table).where(table.c.user_id == user_id).returning(*table.c))).mappings().one_or_none()
    if row is None:
        return None
    await _tell(connection, user_id)
    try:
        return await _opened(connection, vault, provider, row)
    except MomentumError:
        return Credentials(**_plain(provider, row), access_token="", refresh_token="")


async def owner_of(connection: AsyncConnection, provider: str, account_user_id: str) -> UUID | None:
    """Whose connection a provider's account is. Needs no person."""
    call = text("select lookup.account_owner(:provider, :account)")
    found: UUID | None = await connection.scalar(call, {"provider": provider, "account": clean(account_user_id)})
    return found


async def suspend_account(connection: AsyncConnection, provider: str, account_user_id: str, *, reason: str, now: datetime) -> bool:
    """Tell whoever has connected this account that they must connect again. Needs no person."""
    call = text("select lookup.suspend_account(:provider, :account, :state, :reason, :now)")
    values = {"provider": provider, "account": clean(account_user_id), "state": ConnectionState.RECONNECT_REQUIRED.value}
    suspended = bool(await connection.scalar(call, values | {"reason": reason, "now": now}))
    if suspended and (owner := await owner_of(connection, provider, account_user_id)):
        await _tell(connection, owner)
    return suspended


async def _tell(connection: AsyncConnection, user_id: UUID) -> None:
    await connection.execute(text("select pg_notify('connection', :id)"), {"id": str(user_id)})


def _sealed_pair(vault: Vault, table: Table, user_id: UUID, grant: Grant) -> dict[str, Any]:
    """The columns of a grant's tokens; `keys.prepare` comes first."""
    return {
        "access_token": vault.seal(grant.access_token, table=table.name, column="access_token", user_id=user_id),
        "refresh_token": vault.seal(grant.refresh_token, table=table.name, column="refresh_token", user_id=user_id),
        "expires_at": grant.expires_at,
    }


def _account_columns(provider: str, account: Account) -> dict[str, Any]:
    return {
        f"{provider}_user_id": clean(account.user_id),
        f"{provider}_email": clean(account.email),
        "account_id": clean(account.account_id),
        "display_name": clean(account.display_name),
        "timezone": clean(account.timezone),
        "can_record": account.can_record,
    }


def _row(table: Table, user_id: UUID) -> Select[Any]:
    return select(table).where(table.c.user_id == user_id)


def _plain(provider: str, row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    account = Account(
        user_id=row[f"{provider}_user_id"] or "",
        account_id=row["account_id"],
        email=row[f"{provider}_email"],
        display_name=row["display_name"],
        timezone=row["timezone"],
        can_record=row["can_record"],
    )
    return {
        "user_id": row["user_id"],
        "provider": provider,
        "account": account,
        "scopes": tuple(row["scopes"]),
        "api_base": row["api_base"],
        "expires_at": row["expires_at"],
        "state": ConnectionState(row["state"]),
        "state_reason": row["state_reason"],
        "state_scopes": tuple(row["state_scopes"]),
        "connected_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


async def _opened(connection: AsyncConnection, vault: Vault, provider: str, row: RowMapping) -> Credentials:
    table, user_id = for_provider(provider).name, row["user_id"]
    access = await keys.unseal(connection, vault, row["access_token"], table=table, column="access_token", user_id=user_id)
    refresh = await keys.unseal(connection, vault, row["refresh_token"], table=table, column="refresh_token", user_id=user_id)
    return Credentials(**_plain(provider, row), access_token=access, refresh_token=refresh)


def _taken() -> Conflict:
    return Conflict(
        ErrorCode.ACCOUNT_TAKEN,
        "This account is already connected by somebody else here, so nothing was stored. Connect an account of your own, "
        "or ask them to disconnect it first.",
    )
