"""Links that show one document to whoever has them. Only hashes of their tokens are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import Conflict, ErrorCode, NotFound
from momentum.store import tables
from momentum.store.sessions import token_hash

MOST = 50
"""Links of one document that are good at the same time."""
LISTED = 100

_table = tables.shares
_SHOWN = ("id", "deliverable_id", "created_at", "expires_at", "revoked_at", "opened_count", "last_opened_at")


@dataclass(frozen=True, slots=True)
class Share:
    """One link without its token, which nobody but its holders has."""

    id: UUID
    deliverable_id: UUID
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened_count: int
    last_opened_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether it shows anything at that moment."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Shared:
    """What a link leads to, and whose it is."""

    share_id: UUID
    user_id: UUID
    deliverable_id: UUID
    expires_at: datetime


async def create(connection: AsyncConnection, user_id: UUID, deliverable_id: UUID, token: str, *, days: int, now: datetime) -> Share:
    """A link that is good for so many days, 30 at the most. Raises NotFound, also for a draft; Conflict where there are too many."""
    # Selected, not just referenced: a foreign key alone would accept somebody else's document.
    document = select(tables.deliverables.c.user_id).where(tables.deliverables.c.id == deliverable_id, tables.deliverables.c.delivered)
    # Locked, so that those who make one at once take turns: each counts what the one before has made.
    if await connection.scalar(document.with_for_update(key_share=True)) != user_id:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
    if sum(link.is_open(now) for link in await listed(connection, deliverable_id)) >= MOST:
        raise Conflict(ErrorCode.CONFLICT, f"{MOST} links show this document already. Revoke one first.")
    moments = {"created_at": now, "expires_at": now + timedelta(days=days)}
    of = {"user_id": user_id, "deliverable_id": deliverable_id, "token_hash": token_hash(token)}
    made = insert(_table).values(**of, **moments).returning(*(_table.c[name] for name in _SHOWN))
    return _share((await connection.execute(made)).mappings().one())


async def listed(connection: AsyncConnection, deliverable_id: UUID) -> Sequence[Share]:
    """A hundred links to a document at the most: those that are good, then those that ended last; none to somebody else's."""
    ended = (_table.c.revoked_at.desc().nulls_first(), _table.c.expires_at.desc(), _table.c.id)
    query = _select().where(_table.c.deliverable_id == deliverable_id).order_by(*ended).limit(LISTED)
    return [_share(row) for row in (await connection.execute(query)).mappings()]


async def revoke(connection: AsyncConnection, share_id: UUID, *, now: datetime) -> Share:
    """End a link; one that is over stays as it is. Raises NotFound, also for somebody else's."""
    ended = func.coalesce(_table.c.revoked_at, now)
    change = update(_table).where(_table.c.id == share_id).values(revoked_at=ended).returning(*(_table.c[name] for name in _SHOWN))
    row = (await connection.execute(change)).mappings().one_or_none()
    if row is None:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such link.")
    return _share(row)


async def find(connection: AsyncConnection, token: str, now: datetime) -> Shared | None:
    """What a token opens; None where it is unknown, expired or revoked. Needs no person."""
    query = text("select * from lookup.shared(:token_hash, :now)")
    row = (await connection.execute(query, {"token_hash": token_hash(token), "now": now})).mappings().one_or_none()
    return None if row is None else Shared(**row)


async def count_opening(connection: AsyncConnection, share_id: UUID, *, now: datetime) -> None:
    """Somebody opened it."""
    counted = {"opened_count": _table.c.opened_count + 1, "last_opened_at": now}
    await connection.execute(update(_table).where(_table.c.id == share_id).values(**counted))


def _select() -> Select[tuple[object, ...]]:
    return select(*(_table.c[name] for name in _SHOWN))


def _share(row: RowMapping) -> Share:
    return Share(**row)
