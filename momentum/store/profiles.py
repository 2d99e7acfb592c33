"""People. A person is (issuer, subject); e-mail addresses identify nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, func, select, text, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import ErrorCode, NotFound, Unauthorized
from momentum.store import tables
from momentum.store.connection import person_deleted, sqlstate
from momentum.store.serial import clean

_PERSON_DELETED = "MO410"  # raised by lookup.resolve_person


@dataclass(frozen=True, slots=True)
class Profile:
    """Who somebody is. Tokens issued before `signed_out_at` are void; documents are written in `output_language` where it is set."""

    id: UUID
    issuer: str
    subject: str
    email: str | None
    display_name: str | None
    created_at: datetime
    signed_out_at: datetime | None
    output_language: str | None = None


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """How many things of a person there are, or were until their profile was deleted."""

    connections: int
    recordings: int
    processings: int
    transcripts: int
    deliverables: int


_COUNTED = {
    "connections": tables.zoom_credentials,
    "recordings": tables.recordings,
    "processings": tables.processings,
    "transcripts": tables.transcripts,
    "deliverables": tables.deliverables,
}


async def resolve(connection: AsyncConnection, *, issuer: str, subject: str, email: str | None, name: str | None) -> Profile:
    """The profile of (issuer, subject), made when it is new; needs no person.

    Raises Unauthorized(PERSON_DELETED), or (TOKEN_INVALID) for names that cannot be stored as they stand.
    """
    # Mended, as other texts are, they would name somebody else.
    if clean(issuer) != issuer or clean(subject) != subject:
        raise Unauthorized(ErrorCode.TOKEN_INVALID, "Your token names nobody who could be here.")
    call = text("select * from lookup.resolve_person(:issuer, :subject, :email, :name)")
    values = {"issuer": issuer, "subject": subject, "email": clean(email), "name": clean(name)}
    try:
        return _profile((await connection.execute(call, values)).mappings().one())
    except DBAPIError as error:
        if sqlstate(error) != _PERSON_DELETED:
            raise
        raise person_deleted() from error


async def get(connection: AsyncConnection, user_id: UUID) -> Profile:
    """Raises NotFound."""
    row = (await connection.execute(select(tables.profiles).where(tables.profiles.c.id == user_id))).mappings().one_or_none()
    if row is None:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such person.")
    return _profile(row)


async def sign_out(connection: AsyncConnection, user_id: UUID, *, now: datetime) -> None:
    """Void every session, and every token issued before `now`."""
    await connection.execute(sql_delete(tables.sessions).where(tables.sessions.c.user_id == user_id))
    await connection.execute(update(tables.profiles).where(tables.profiles.c.id == user_id).values(signed_out_at=now))


async def prefer(connection: AsyncConnection, user_id: UUID, *, output_language: str | None) -> None:
    """Write their documents in this language (ISO 639) from now on; None: in the one that is spoken."""
    await connection.execute(update(tables.profiles).where(tables.profiles.c.id == user_id).values(output_language=output_language))


async def summary(connection: AsyncConnection, user_id: UUID) -> PersonSummary:
    """Counts of what there is of a person, in one query."""
    counts = [select(func.count()).select_from(t).where(t.c.user_id == user_id).scalar_subquery().label(n) for n, t in _COUNTED.items()]
    return PersonSummary(**(await connection.execute(select(*counts))).mappings().one())


async def hold(connection: AsyncConnection, user_id: UUID) -> None:
    """Until this transaction ends, nothing new of theirs is stored by anybody else. Raises Unauthorized(PERSON_DELETED)."""
    mine = select(tables.profiles.c.id).where(tables.profiles.c.id == user_id).with_for_update()
    if await connection.scalar(mine) is None:
        raise person_deleted()


async def delete(connection: AsyncConnection, user_id: UUID) -> PersonSummary:
    """Remove a person with everything that is theirs; a hash stays that keeps old tokens refused. Gives what was removed."""
    removed = await summary(connection, user_id)
    await connection.execute(sql_delete(tables.profiles).where(tables.profiles.c.id == user_id))
    return removed


def _profile(row: RowMapping) -> Profile:
    return Profile(**row)
