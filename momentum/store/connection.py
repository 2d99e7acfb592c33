"""How we reach PostgreSQL, and the one place where the driver's failures become ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from momentum.errors import ErrorCode, Unauthorized, Unavailable
from momentum.store import dsn, serial

log = structlog.get_logger(__name__)

DISK_FULL_SECONDS = 60.0
"""After which a full disk is worth another try: making room takes a person."""

TAKE_ROLE = "set role momentum_app"
"""What a connection that is no transaction's says first. The URL asks for the role as well, but a pooler may drop that."""

_FOREIGN_KEY_VIOLATION = "23503"
_DISK_FULL = "53100"
_AWAY = ("08", "53", "57P", "40P")
"""Connection, resources, shutdown, deadlock: https://www.postgresql.org/docs/current/errcodes-appendix.html."""


def engine(url: str, **options: Any) -> AsyncEngine:
    """An engine whose connections are opened by the driver itself, so that every libpq URL works as it stands."""
    connect = partial(psycopg.AsyncConnection.connect, dsn.conninfo(url))
    # hide_parameters: what a statement was given, tokens and topics, must not stand in the text of its failure.
    return create_async_engine(
        "postgresql+psycopg://", async_creator=connect, json_serializer=serial.compact, hide_parameters=True, **options
    )


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Raises Unavailable: DISK_FULL where the database has no room, DATABASE_UNAVAILABLE for one that is away, starting or stopping.

    And Unauthorized(PERSON_DELETED) for what was to be written of a person who is gone by now.
    """
    try:
        yield
    except (DBAPIError, PoolTimeout, psycopg.OperationalError) as error:
        if _lacks_person(error):
            raise person_deleted() from error
        if not _is_away(error):
            raise
        state = sqlstate(error)
        if state is not None:  # the sentence tells nothing of it, and whoever decides does not know it
            log.warning("database_refused", sqlstate=state)
        raise (disk_full() if state == _DISK_FULL else unavailable()) from error


def unavailable() -> Unavailable:
    """What people are told when the database is away."""
    return Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "The database cannot be reached right now. Please try again in a moment.", after=5)


def person_deleted() -> Unauthorized:
    """What somebody is told who deleted themselves."""
    return Unauthorized(ErrorCode.PERSON_DELETED, "This account was deleted. Its tokens are no longer valid.")


def disk_full() -> Unavailable:
    """What people are told when the database cannot write for want of room."""
    sentence = "The database's disk is full: nothing can be kept right now. The operator has to make room; then it goes on by itself."
    return Unavailable(ErrorCode.DISK_FULL, sentence, after=DISK_FULL_SECONDS)


def sqlstate(error: BaseException) -> str | None:
    """The five characters PostgreSQL gave the failure; None when it said nothing (no connection)."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return origin.sqlstate if isinstance(origin, psycopg.Error) else None


def _lacks_person(error: BaseException) -> bool:
    origin = error.orig if isinstance(error, DBAPIError) else error
    # Every table of people names them in this one column (see tables.py).
    return sqlstate(error) == _FOREIGN_KEY_VIOLATION and isinstance(origin, psycopg.Error) and _names_person(origin)


def _names_person(origin: psycopg.Error) -> bool:
    return (origin.diag.constraint_name or "").endswith("_user_id")


def lost(error: DBAPIError) -> bool:
    """Whether the connection itself is gone."""
    return error.connection_invalidated or _is_away(error)


def _is_away(error: BaseException) -> bool:
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = sqlstate(error)
    return isinstance(origin, psycopg.OperationalError) and (state is None or state.startswith(_AWAY))
