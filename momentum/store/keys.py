"""The stored keyset: made at first start, learned by every process, rotated while they work.

Why nothing becomes unreadable, without any process telling another:

- whoever seals reads the keyset first, under a shared lock held to the end of its transaction (`prepare`);
- whoever meets a sealed text of an unknown key reads the row once and tries again (`unseal`);
- `rotate` adds a key (it opens), then promotes it (it seals). Promoting takes the lock for itself, so from then on
  nothing is committed under an old key, and one pass over all people finds everything there is to seal anew;
- a vault keeps what it once learned, so a key dropped from the row still opens what a process read a moment before.

Sealing anew goes person by person, each in a transaction of their own: no look-up sees all people's secrets at once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, Update, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import Conflict, ErrorCode, MomentumError
from momentum.settings import Settings
from momentum.store import tables
from momentum.store.database import Database
from momentum.vault import KEK_FILE, Kek, Keyset, Vault, given_kek, make_kek_file, read_kek_file, unreadable

SEALED: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (tables.zoom_credentials, ("access_token", "refresh_token")),
    (tables.oauth_states, ("code_verifier",)),
    (tables.audit_people, ("seal_key",)),
    (tables.voices, ("vector",)),
)
"""Every sealed column; a table of sealed columns has a `user_id`."""

# An advisory lock, because it is fair: on the row itself, sealers would pass by a waiting rotation for ever.
# To rule out deadlocks a transaction locks the rows it will write before it asks for this.
_LOCK = 0x6B657973  # "keys"
_CHANGE = text("select pg_advisory_xact_lock(:key)").bindparams(key=_LOCK)
_SEAL = text("select pg_advisory_xact_lock_shared(:key)").bindparams(key=_LOCK)
_STORED = select(tables.keyset.c.wrapped, tables.keyset.c.version).where(tables.keyset.c.id == 1)

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did. `unreadable` counts values no key opens: they are left as they are, and no key is dropped."""

    new_key: int
    resealed: int = 0
    unreadable: int = 0
    dropped: tuple[int, ...] = ()


# --- first start, every start -------------------------------------------------------------------------


async def open_vault(database: Database, settings: Settings) -> Vault:
    """The vault of this installation; its keyset is made at the first start.

    Raises MomentumError(KEY_MISSING) when the key that wraps it is missing or another one.
    """
    async with database.nobody() as connection:
        await connection.execute(_CHANGE)
        stored = (await connection.execute(_STORED)).one_or_none()
        kek = _kek(settings, first_start=stored is None)
        if stored is not None:
            return _opened(kek, stored, settings)
        wrapped = Keyset.fresh().wrap(kek)
        await connection.execute(tables.keyset.insert().values(id=1, wrapped=wrapped, version=1))
        return Vault(kek, wrapped, 1)


def _kek(settings: Settings, *, first_start: bool) -> Kek:
    given = given_kek(settings.momentum_kek)
    if given is not None:
        return given
    if _reads_key_file(settings):
        found = make_kek_file(settings.home) if first_start else read_kek_file(settings.home)
        if found is not None:
            return found
    if first_start:
        raise MomentumError(ErrorCode.KEY_MISSING, "MOMENTUM_KEK is not set. Make one with: openssl rand -base64 32")
    sentence = f"MOMENTUM_KEK is not set, but this database holds values sealed with it. {_where_the_kek_is(settings)}"
    raise MomentumError(ErrorCode.KEY_MISSING, sentence)


def _reads_key_file(settings: Settings) -> bool:
    # A key beside the data protects copies of the database alone: good enough for one person's machine, no further.
    return settings.is_loopback and settings.database_url is None


def _where_the_kek_is(settings: Settings) -> str:
    file = settings.home / KEK_FILE
    if _reads_key_file(settings):
        return f"Set it to the value it had, or put the key file back as {file}."
    if os.access(file, os.R_OK):
        return f"With HOST or DATABASE_URL set, the key file is not read: set MOMENTUM_KEK to the content of {file}."
    return "Set it to the value it had."


def _opened(kek: Kek, stored: Row[Any, Any], settings: Settings) -> Vault:
    try:
        return Vault(kek, stored.wrapped, stored.version)
    except MomentumError:
        source = "MOMENTUM_KEK" if settings.momentum_kek else f"The key file {settings.home / KEK_FILE}"
        raise MomentumError(
            ErrorCode.KEY_MISSING,
            f"{source} is not the key that this database's values were sealed with. Set MOMENTUM_KEK to the value it had.",
        ) from None


# --- sealed values pass through here ------------------------------------------------------------------


async def prepare(connection: AsyncConnection, vault: Vault) -> None:
    """Call before `vault.seal`, in the transaction that stores the result: makes sure that the primary key is the present one.

    Rows that exist already and will be written have to be locked before.
    """
    await connection.execute(_SEAL)
    await _learn(connection, vault)


async def unseal(connection: AsyncConnection, vault: Vault, sealed: str, *, table: str, column: str, user_id: UUID) -> str:
    """`vault.open`, learning the stored keyset once when the key is unknown. Raises MomentumError(SEALED_VALUE_UNREADABLE)."""
    if not vault.knows(sealed):
        await _learn(connection, vault)
    return vault.open(sealed, table=table, column=column, user_id=user_id)


async def _learn(connection: AsyncConnection, vault: Vault) -> None:
    stored = (await connection.execute(_STORED)).one_or_none()
    if stored is None:
        raise unreadable()
    if stored.version != vault.version:
        vault.learn(stored.wrapped, stored.version)


# --- rotation -----------------------------------------------------------------------------------------


async def rotate(
    database: Database, vault: Vault, *, batch: int = 100, wait: float = 2.0, drop: bool = False, sleep: Sleep = asyncio.sleep
) -> Rotation:
    """Seal everything with a new key while processes go on working; may be run again after a crash at any point.

    `wait`: seconds between adding the key and sealing with it. `batch`: people looked up at a time. `drop`: forget
    the former keys, if everything could be sealed anew. Raises Conflict when another rotation came in between.
    """
    new_key = await _change(database, vault, lambda keyset: keyset.with_new_key())
    await sleep(wait)
    await _change(database, vault, lambda keyset: (_promoted(keyset, new_key), new_key))
    done = await reseal(database, vault, batch=batch)
    rotation = replace(done, new_key=new_key)
    if not drop or rotation.unreadable:
        return rotation
    former = tuple(key for key in vault.keyset.ids if key != new_key)
    await _change(database, vault, lambda keyset: (_alone(keyset, new_key), new_key))
    return replace(rotation, dropped=former)


async def reseal(database: Database, vault: Vault, *, batch: int = 100) -> Rotation:
    """Seal with the primary key whatever another key sealed: one pass over all people, in short transactions."""
    async with database.nobody() as connection:
        await _learn(connection, vault)
    total = Rotation(vault.keyset.primary)
    after: UUID | None = None
    while people := await _people(database, after, batch):
        for user_id in people:
            resealed, lost = await _reseal_person(database, vault, user_id)
            total = replace(total, resealed=total.resealed + resealed, unreadable=total.unreadable + lost)
        after = people[-1]
    return total


async def rewrap(database: Database, vault: Vault, kek: Kek) -> None:
    """Wrap the stored keyset with another KEK. Processes that run go on; they need the new KEK at their next start or rotation."""
    async with database.nobody() as connection:
        await connection.execute(_CHANGE)
        stored = (await connection.execute(_STORED)).one()
        vault.learn(stored.wrapped, stored.version)
        await connection.execute(update(tables.keyset).values(wrapped=vault.keyset.wrap(kek)))


async def _change(database: Database, vault: Vault, change: Callable[[Keyset], tuple[Keyset, int]]) -> int:
    async with database.nobody() as connection:
        await connection.execute(_CHANGE)
        stored = (await connection.execute(_STORED)).one()
        vault.learn(stored.wrapped, stored.version)
        keyset, key_id = change(vault.keyset)
        wrapped, version = vault.wrap(keyset), stored.version + 1
        await connection.execute(update(tables.keyset).values(wrapped=wrapped, version=version, updated_at=tables.NOW))
    vault.learn(wrapped, version)
    return key_id


def _promoted(keyset: Keyset, new_key: int) -> Keyset:
    if new_key not in keyset.ids:
        raise _overtaken()
    return keyset.promoted(new_key)


def _alone(keyset: Keyset, new_key: int) -> Keyset:
    if keyset.primary != new_key:
        raise _overtaken()
    return keyset.primary_alone()


def _overtaken() -> Conflict:
    return Conflict(ErrorCode.CONFLICT, "Another rotation of the keys is under way. Nothing is lost; run it again when that one is done.")


async def _people(database: Database, after: UUID | None, limit: int) -> Sequence[UUID]:
    async with database.nobody() as connection:
        found = await connection.execute(text("select * from lookup.people(:after, :limit)"), {"after": after, "limit": limit})
        return found.scalars().all()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one row's sealed values stand."""

    table: Table
    columns: tuple[str, ...]
    user_id: UUID
    key: tuple[Any, ...]

    def values(self) -> Select[Any]:
        return select(*(self.table.c[column] for column in self.columns)).where(*self._mine())

    def update(self, values: dict[str, str]) -> Update:
        return update(self.table).where(*self._mine()).values(values)

    def _mine(self) -> list[ColumnElement[bool]]:
        return [column == value for column, value in zip(self.table.primary_key, self.key, strict=True)]


async def _reseal_person(database: Database, vault: Vault, user_id: UUID) -> tuple[int, int]:
    """(values sealed anew, values no key opens) of one person."""
    resealed = lost = 0
    async with database.person(user_id) as connection:
        stale = await _stale_rows(connection, vault, user_id)
        # Locked and read again, all of them: a token refresh may hold a row and leave another pair in it.
        rows = [(place, (await connection.execute(place.values().with_for_update())).one_or_none()) for place in stale]
        if rows:
            await prepare(connection, vault)
        for place, row in rows:
            values, failed = _sealed_anew(vault, place, row or ())
            resealed, lost = resealed + len(values), lost + failed
            if values:
                await connection.execute(place.update(values))
    return resealed, lost


async def _stale_rows(connection: AsyncConnection, vault: Vault, user_id: UUID) -> list[_Place]:
    stale: list[_Place] = []
    for table, columns in SEALED:
        query = select(*table.primary_key, *(table.c[column] for column in columns)).where(table.c.user_id == user_id)
        width = len(columns)
        rows = (tuple(row) for row in await connection.execute(query))
        stale += [_Place(table, columns, user_id, row[:-width]) for row in rows if not all(map(vault.is_current, row[-width:]))]
    return stale


def _sealed_anew(vault: Vault, place: _Place, row: Sequence[str]) -> tuple[dict[str, str], int]:
    """What of a row has to change, and how many of its values no key opens."""
    values: dict[str, str] = {}
    lost = 0
    for column, sealed in zip(place.columns, row, strict=False):  # a row that is gone by now has none
        try:
            if not vault.is_current(sealed):
                opened = vault.open(sealed, table=place.table.name, column=column, user_id=place.user_id)
                values[column] = vault.seal(opened, table=place.table.name, column=column, user_id=place.user_id)
        except MomentumError:
            lost += 1
    return values, lost
