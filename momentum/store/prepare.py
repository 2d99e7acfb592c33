"""Makes a database ready for Momentum: roles, schema, rights. Safe to run from many processes at once, and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from momentum.errors import ErrorCode, MomentumError, Unavailable
from momentum.store import dsn, migrations
from momentum.store.connection import engine, sqlstate, translated
from momentum.store.reach import explained

APP_ROLE = "momentum_app"
"""Web and workers: bound by row-level security."""
DEFINER_ROLE = "momentum_definer"
"""Owns the look-ups without a person; nobody logs in as it."""

_LOCK = 0x6D6F6D656E74  # "moment": one preparer at a time in a database
_INSUFFICIENT_PRIVILEGE = "42501"


async def prepare(owner_dsn: str, *, own_login: bool = False) -> str:
    """Roles, migrations and rights, in one transaction; gives the URL for web and workers.

    `own_login`: the role logs in by itself (the embedded server, whose socket is private); otherwise the
    given user connects and takes the role on. Raises MomentumError(DATABASE_PRIVILEGE_MISSING) with the
    statements an administrator has to run, MomentumError(SETTINGS_INVALID) when it does not let this user in
    or not as our role, Unavailable when it is away.
    """
    async with _owner(owner_dsn) as connection:
        await _roles(connection, own_login=own_login)
        await connection.run_sync(migrations.upgrade)
        await _job_engine(connection)
    url = dsn.acting_as(owner_dsn, APP_ROLE, own_login=own_login)
    await _check_role(url)
    return url


async def migrate(owner_dsn: str) -> None:
    """Bring the schema up to date; the roles exist already."""
    async with _owner(owner_dsn) as connection:
        await connection.run_sync(migrations.upgrade)


@asynccontextmanager
async def _owner(owner_dsn: str) -> AsyncIterator[AsyncConnection]:
    """One transaction of the owner; whoever else prepares this database waits for its end."""
    owner = engine(owner_dsn, poolclass=NullPool)
    try:
        async with translated(), owner.begin() as connection, _explained(connection):
            await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.execute(text("set local search_path to public"))
            yield connection
    except Unavailable as error:
        raise explained(error, owner_dsn) from error.__cause__
    finally:
        await owner.dispose()


async def _check_role(url: str) -> None:
    """The job engine opens its connections itself: what stands in the URL has to be enough."""
    app = engine(url, poolclass=NullPool)
    try:
        async with translated(), app.connect() as connection:
            if await connection.scalar(text("select current_user")) == APP_ROLE:
                return
    finally:
        await app.dispose()
    sentence = (
        f"Between us and the database something, a pooler most likely, drops the `options` of a connection, by which we become {APP_ROLE}. "
        "Set DATABASE_URL to the address of the server itself."
    )
    raise MomentumError(ErrorCode.SETTINGS_INVALID, sentence)


async def _roles(connection: AsyncConnection, *, own_login: bool) -> None:
    for role in (APP_ROLE, DEFINER_ROLE):
        await _create_role(connection, role)
        await _join_role(connection, role)
    await _refuse_power(connection)
    if own_login:
        await connection.execute(text(f"alter role {APP_ROLE} login"))


async def _create_role(connection: AsyncConnection, role: str) -> None:
    # Roles belong to the cluster: another database's preparer may have made it since we looked.
    await connection.execute(
        text(f"""
        do $$ begin
            if not exists (select from pg_roles where rolname = '{role}') then
                create role {role} nologin nosuperuser nobypassrls;
            end if;
        exception when duplicate_object or unique_violation then null;
        end $$""")
    )


async def _join_role(connection: AsyncConnection, role: str) -> None:
    """Let the owner take `role` on, unless it can already."""
    try:
        async with connection.begin_nested():
            await connection.execute(text(f"set local role {role}"))
            await connection.execute(text("reset role"))
    except DBAPIError as error:
        if sqlstate(error) != _INSUFFICIENT_PRIVILEGE:
            raise
        await connection.execute(text(f"grant {role} to current_user"))


async def _refuse_power(connection: AsyncConnection) -> None:
    found = await connection.scalar(
        text("select count(*) from pg_roles where rolname = any(:roles) and (rolsuper or rolbypassrls)"),
        {"roles": [APP_ROLE, DEFINER_ROLE]},
    )
    if found:
        statements = "; ".join(f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS" for role in (APP_ROLE, DEFINER_ROLE))
        sentence = f"Momentum's roles would see everybody's rows. Let an administrator run: {statements};"
        raise MomentumError(ErrorCode.DATABASE_PRIVILEGE_MISSING, sentence)


async def _job_engine(connection: AsyncConnection) -> None:
    """The job engine runs as the app role and keeps its own tables in a schema of its own."""
    if not await connection.scalar(text("select exists (select from pg_namespace where nspname = 'dbos')")):
        await connection.execute(text(f"create schema dbos authorization {APP_ROLE}"))


@asynccontextmanager
async def _explained(connection: AsyncConnection) -> AsyncIterator[None]:
    wish = await _wish(connection)
    try:
        yield
    except DBAPIError as error:
        if sqlstate(error) != _INSUFFICIENT_PRIVILEGE:
            raise
        raise MomentumError(ErrorCode.DATABASE_PRIVILEGE_MISSING, wish) from error


async def _wish(connection: AsyncConnection) -> str:
    """What to ask an administrator for. Written beforehand: a transaction that failed answers no more questions."""
    query = text("select current_user as owner, current_database() as name, array(select rolname::text from pg_roles) as roles")
    found = (await connection.execute(query)).one()
    owner, name = sql.Identifier(found.owner).as_string(), sql.Identifier(found.name).as_string()
    statements = [f"CREATE ROLE {role} NOLOGIN" for role in (APP_ROLE, DEFINER_ROLE) if role not in found.roles]
    statements += [
        f"GRANT {APP_ROLE}, {DEFINER_ROLE} TO {owner}",
        f"GRANT CREATE ON DATABASE {name} TO {owner}",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
    ]
    return f"The database user {owner} may not set up Momentum. Let an administrator run, in that database: {'; '.join(statements)};"
