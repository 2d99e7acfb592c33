"""Fixtures that every kind of test may use."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from momentum.embedded.server import EmbeddedPostgres
from momentum.store import profiles
from momentum.store.database import Database, prepare


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL for this test process alone; gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="momentum-test-"))
    server = EmbeddedPostgres(home)
    running = asyncio.run(server.start())
    with psycopg.connect(running.owner_dsn, autocommit=True) as owner:
        owner.execute("alter system set fsync = off")  # nothing here has to survive a power cut
        owner.execute("select pg_reload_conf()")
    yield running
    asyncio.run(server.stop())
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def template(cluster):
    """Name of a migrated database; a test gets a clone of it."""
    asyncio.run(prepare(cluster.owner_dsn, own_login=True))
    return "momentum"


@pytest.fixture
def empty_dsn(cluster):
    """The superuser's URL of an empty database for one test."""
    yield from _a_database(cluster, "template0")


@pytest.fixture
def owner_dsn(cluster, template):
    """The superuser's URL of a migrated database for one test."""
    yield from _a_database(cluster, template)


def _a_database(cluster, template):
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute(f"create database {name} template {template}")
        yield cluster.dsn("postgres", name)
        owner.execute(f"drop database {name} with (force)")


@pytest.fixture
def app_dsn(owner_dsn):
    """The URL that web and workers get: bound by row-level security."""
    return owner_dsn.replace("//postgres@", "//momentum_app@")


@pytest.fixture
async def database(app_dsn):
    opened = await Database.open(app_dsn, pool_size=4)
    yield opened
    await opened.aclose()


@pytest.fixture
async def person(database):
    """The id of a profile."""
    return await _profile(database, "ada")


@pytest.fixture
async def other_person(database):
    """The id of somebody else's profile."""
    return await _profile(database, "bob")


async def _profile(database, name):
    async with database.nobody() as connection:
        email = f"{name}@example.org"
        return (await profiles.resolve(connection, issuer="test", subject=name, email=email, name=name.title())).id
