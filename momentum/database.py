"""The database in force: DATABASE_URL, else the embedded server, started where nobody did; ready for the application's role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from momentum.embedded.server import running
from momentum.settings import Settings
from momentum.store.database import Database, prepare


@asynccontextmanager
async def owner_database(settings: Settings) -> AsyncIterator[str]:
    """URL with the rights to migrate. The embedded server stops with the last process that uses it."""
    if settings.database_url:
        yield settings.database_url.get_secret_value()
        return
    async with running(settings.home) as cluster:
        yield cluster.owner_dsn


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[tuple[Database, str]]:
    """The migrated database and the URL of the application's role."""
    async with owner_database(settings) as owner_dsn:
        dsn = await prepare(owner_dsn, own_login=settings.database_url is None)
        database = await Database.open(dsn)
        try:
            yield database, dsn
        finally:
            await database.aclose()
