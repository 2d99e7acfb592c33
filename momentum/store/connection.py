"""How we reach PostgreSQL, and the one place where the driver's failures become ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from momentum.errors import ErrorCode, Unauthorized, Unavailable
from momentum.store import dsn, serial

TAKE_ROLE = "set role momentum_app"
"""What a connection that is no transaction's says first. The URL asks for the role as well, but a pooler may drop that."""

_FOREIGN_KEY_VIOLATION = "23503"
_AWAY = ("08", "53", "57P")  # connection, resources, shutdown: https://www.postgresql.org/docs/current/errcodes-appendix.html


def engine(url: str, **options: Any) -> AsyncEngine:
    """An engine whose connections are opened by the driver itself, so that every libpq URL works as it stands."""
    connect = partial(psycopg.AsyncConnection.connect, dsn.conninfo(url))
    # hide_parameters: what a statement was given, tokens and topics, must not stand in the text of its failure.
    return create_async_engine(
        "postgresql+psycopg://", async_creator=connect, json_serializer=serial.compact, hide_parameters=True, **options
    )


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Raises Unavailable(DATABASE_UNAVAILABLE) for a database that is away, starting, stopping or out of room.

    And Unauthorized(PERSON_DELETED) for what was to be written of a person who is gone by now.
    """
    try:
        yield
    except (DBAPIError, PoolTimeout, psycopg.OperationalError) as error:
        if _lacks_person(error):
            raise person_deleted() from error
        if not _is_away(error):
            raise
        raise unavailable() from error


def unavailable() -> Unavailable:
    """What people are told when the database is away."""
    return Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "The database cannot be reached right now. Please try again in a moment.", after=5)


def person_deleted() -> Unauthorized:
    """What somebody is told who deleted themselves."""
    return Unauthorized(ErrorCode.PERSON_DELETED, "This account was deleted. Its tokens are no longer valid.")


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
