"""Sessions of browsers, and the one-time links that begin them. Only hashes of tokens are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import ErrorCode, NotFound
from momentum.store import tables
from momentum.store.database import become
from momentum.store.serial import clean

_table = tables.sessions


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in. `agent` says in words which one it is; `last_used_at` is true to five minutes; `here`: who asks."""

    id: UUID
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    agent: str | None
    here: bool


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that is about to begin. `former`: the token that its browser had until now."""

    token: str = field(repr=False)
    now: datetime
    expires_at: datetime
    agent: str | None = None
    former: str | None = field(default=None, repr=False)


def token_hash(token: str) -> bytes:
    """What stands in the database in place of a token: its sha256. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def create_link(connection: AsyncConnection, *, user_id: UUID, token: str, expires_at: datetime, next_path: str = "/") -> None:
    """A link that opens one session, once; `next_path` is where the browser goes then."""
    values = {"token_hash": token_hash(token), "user_id": user_id, "next_path": clean(next_path), "expires_at": expires_at}
    await connection.execute(insert(tables.login_links).values(values))


async def use_link(connection: AsyncConnection, token: str, now: datetime) -> tuple[UUID, str] | None:
    """(person, next path) of a link that is used up now; None for one that is unknown, used or too old. Needs no person."""
    found = await connection.execute(
        text("select * from lookup.use_login_link(:token_hash, :now)"), {"token_hash": token_hash(token), "now": now}
    )
    row = found.one_or_none()
    return None if row is None else (row.user_id, row.next_path)


async def begin(connection: AsyncConnection, user_id: UUID, new: NewSession) -> None:
    """Begin a session in a transaction of nobody's, which goes on as this person; what the browser had before ends, whoever's it was."""
    former = await resolve(connection, new.former, new.now) if new.former else None
    if former is not None:
        await become(connection, former)
        await end(connection, new.former or "")
    await become(connection, user_id)
    await create(connection, user_id=user_id, token=new.token, expires_at=new.expires_at, now=new.now, agent=new.agent)


async def create(
    connection: AsyncConnection, *, user_id: UUID, token: str, expires_at: datetime, now: datetime | None = None, agent: str | None = None
) -> None:
    """A session under the token that the browser keeps."""
    values = {"token_hash": token_hash(token), "user_id": user_id, "expires_at": expires_at, "agent": clean(agent), "last_used_at": now}
    await connection.execute(insert(_table).values(**values, **({"created_at": now} if now else {})))


async def listed(connection: AsyncConnection, user_id: UUID, *, now: datetime, token: str | None = None) -> list[Session]:
    """A person's sessions that are not over, the one of `token` first, then the one used last."""
    mine = _table.c.token_hash == token_hash(token or "")
    columns = (_table.c.id, _table.c.created_at, _table.c.last_used_at, _table.c.expires_at, _table.c.agent, mine.label("here"))
    query = select(*columns).where(_table.c.user_id == user_id, _table.c.expires_at > now)
    order = (mine.desc(), _table.c.last_used_at.desc().nulls_last(), _table.c.id)
    return [Session(**row) for row in (await connection.execute(query.order_by(*order))).mappings()]


async def end_one(connection: AsyncConnection, session_id: UUID) -> None:
    """End one session of the person. Raises NotFound, also for somebody else's."""
    gone = await connection.execute(delete(_table).where(_table.c.id == session_id))
    if not gone.rowcount:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such session; perhaps it has ended already.")


async def resolve(connection: AsyncConnection, token: str, now: datetime) -> UUID | None:
    """Whose session it is; None for one that is unknown or over. Notes that it was used; needs no person."""
    found: UUID | None = await connection.scalar(
        text("select lookup.session_person(:token_hash, :now)"), {"token_hash": token_hash(token), "now": now}
    )
    return found


async def end(connection: AsyncConnection, token: str) -> None:
    """End the person's session of that token, if it is there."""
    await connection.execute(delete(_table).where(_table.c.token_hash == token_hash(token)))


async def forget_expired(connection: AsyncConnection, now: datetime) -> int:
    """Delete expired sessions, login links and OAuth states of everybody; gives how many. Needs no person."""
    return int(await connection.scalar(text("select lookup.forget_expired(:now)"), {"now": now}) or 0)
