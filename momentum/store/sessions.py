"""Sessions of browsers, and the one-time links that begin them. Only hashes of tokens are kept."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.store import tables
from momentum.store.serial import clean


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


async def create(connection: AsyncConnection, *, user_id: UUID, token: str, expires_at: datetime) -> None:
    """A session under the token that the browser keeps."""
    values = {"token_hash": token_hash(token), "user_id": user_id, "expires_at": expires_at}
    await connection.execute(insert(tables.sessions).values(values))


async def resolve(connection: AsyncConnection, token: str, now: datetime) -> UUID | None:
    """Whose session it is; None for one that is unknown or over. Needs no person."""
    found: UUID | None = await connection.scalar(
        text("select lookup.session_person(:token_hash, :now)"), {"token_hash": token_hash(token), "now": now}
    )
    return found


async def end(connection: AsyncConnection, token: str) -> None:
    """End the person's session of that token, if it is there."""
    await connection.execute(delete(tables.sessions).where(tables.sessions.c.token_hash == token_hash(token)))


async def forget_expired(connection: AsyncConnection, now: datetime) -> int:
    """Delete expired sessions, login links and OAuth states of everybody; gives how many. Needs no person."""
    return int(await connection.scalar(text("select lookup.forget_expired(:now)"), {"now": now}) or 0)
