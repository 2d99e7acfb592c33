"""API keys of people: shown once, kept as hashes, each with what it may do."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import Conflict, ErrorCode, NotFound
from momentum.store import tables
from momentum.store.serial import clean

START = "mm_"
"""What every key begins with: it tells a key from a token, and lets people search for one that went astray."""
MOST = 50
"""Keys of one person that open."""
_LETTERS = string.ascii_letters + string.digits
_PREFIX, _SECRET = 8, 43  # 43 letters and digits: 256 bits

_table = tables.api_keys
_SHOWN = (_table.c.id, _table.c.name, _table.c.prefix, _table.c.scopes, _table.c.created_at, _table.c.last_used_at, _table.c.expires_at)
_USE = text("select * from lookup.use_api_key(:key_hash, :now)")


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    """Everything that changes nothing; every key may."""
    WRITE = "write"
    """Process, correct, write anew, keep forms: whatever changes recordings and documents."""
    ACCOUNT = "account"
    """Connect and disconnect, change or delete what is yours under /api/me, make and revoke keys."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its person may see it. `last_used_at` is true to a minute."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """Whose key it is and what it may do; one that expired opens nothing."""

    id: UUID
    user_id: UUID
    scopes: frozenset[Scope]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key, which nobody can show again."""

    prefix: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """What is sent as a bearer token."""
        return f"{START}{self.prefix}_{self.secret}"


def fresh() -> NewKey:
    """A key of 256 random bits behind a prefix that names it."""
    return NewKey(_letters(_PREFIX), _letters(_SECRET))


def granted(wanted: Iterable[Scope]) -> tuple[Scope, ...]:
    """The scopes a key gets, in their order: to read belongs to each."""
    return tuple(scope for scope in Scope if scope is Scope.READ or scope in set(wanted))


async def create(
    connection: AsyncConnection,
    user_id: UUID,
    key: NewKey,
    *,
    name: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None,
) -> ApiKey:
    """Keep the key of this person. Raises Conflict for one too many."""
    # Those who make one at once take turns: each counts what the one before has made.
    await connection.execute(select(tables.profiles.c.id).where(tables.profiles.c.id == user_id).with_for_update(key_share=True))
    if (await connection.execute(_count_open(user_id, now))).scalar_one() >= MOST:
        raise Conflict(ErrorCode.CONFLICT, f"You have {MOST} keys, which is as many as there can be. Revoke one first.")
    values = {"name": clean(name), "prefix": key.prefix, "scopes": list(granted(scopes)), "created_at": now, "expires_at": expires_at}
    statement = insert(_table).values(user_id=user_id, key_hash=_hashed(key.text), **values).returning(*_SHOWN)
    return _key((await connection.execute(statement)).mappings().one())


async def listed(connection: AsyncConnection, user_id: UUID) -> list[ApiKey]:
    """A person's keys but the revoked ones, newest first."""
    mine = select(*_SHOWN).where(_table.c.user_id == user_id, _table.c.revoked_at.is_(None))
    return [_key(row) for row in (await connection.execute(mine.order_by(_table.c.created_at.desc(), _table.c.id))).mappings()]


async def revoke(connection: AsyncConnection, key_id: UUID, *, now: datetime) -> None:
    """It opens nothing from now on. Raises NotFound, also for one that is revoked or somebody else's."""
    gone = update(_table).where(_table.c.id == key_id, _table.c.revoked_at.is_(None)).values(revoked_at=now)
    if not (await connection.execute(gone)).rowcount:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such key.")


async def use(connection: AsyncConnection, key: str, now: datetime) -> Opened | None:
    """Whose key it is; None for one that is unknown or revoked. Notes that it was used; needs no person."""
    row = (await connection.execute(_USE, {"key_hash": _hashed(key), "now": now})).one_or_none()
    return None if row is None else Opened(row.id, row.user_id, frozenset(map(Scope, row.scopes)), row.expires_at)


def _count_open(user_id: UUID, now: datetime) -> Select[int]:
    """How many keys of a person open at that moment."""
    unexpired = or_(_table.c.expires_at.is_(None), _table.c.expires_at > now)
    return select(func.count()).where(_table.c.user_id == user_id, _table.c.revoked_at.is_(None), unexpired)


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(map(Scope, row["scopes"]))})


def _hashed(key: str) -> bytes:
    # As random as a token of a session: no salt, no slow hash (momentum.store.sessions).
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
