"""Fixtures that every kind of test may use."""

import asyncio
import base64
import logging
import os
import re
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import av
import psycopg
import pytest
import structlog

from momentum.embedded.server import EmbeddedPostgres
from momentum.settings import load_settings
from momentum.store import profiles
from momentum.store.database import Database, prepare
from momentum.store.keys import open_vault


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL for this test process alone; gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="momentum-test-"))
    home.chmod(0o711)  # else root's server, which runs as somebody else, would have to live elsewhere
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
def logged():
    """The events that were logged, of whatever level a test before this one has let through."""
    former = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as events:
        yield events
    structlog.configure(wrapper_class=former)


@pytest.fixture
def empty_dsn(cluster):
    """The superuser's URL of an empty database for one test."""
    yield from _a_database(cluster, "template0")


@pytest.fixture
def owner_dsn(cluster, template):
    """The superuser's URL of a migrated database for one test."""
    yield from _a_database(cluster, template)


@pytest.fixture(scope="module")
def module_dsn(cluster, template):
    """The superuser's URL of a migrated database for all tests of a file."""
    yield from _a_database(cluster, template)


def _a_database(cluster, template):
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute(f"create database {name} template {template} strategy file_copy")  # the quicker one without fsync
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
def kek_settings():
    """Settings of an installation with a KEK, whatever the environment says."""
    return load_settings(
        _env_file=None, momentum_kek=base64.b64encode(bytes(range(32))).decode(), zoom_client_id=None, zoom_client_secret=None
    )


@pytest.fixture
async def vault(database, kek_settings):
    return await open_vault(database, kek_settings)


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


def _pcm(path):
    """A file's sound as 16 kHz mono int16."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(path)) as container:
        frames = [frame for decoded in [*container.decode(audio=0), None] for frame in resampler.resample(decoded)]
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


@pytest.fixture(scope="session")
def read_speech():
    """Sentences read by a person, from Debian's pocketsphinx-testdata: (PCM, words) of each."""
    folder = Path("/usr/share/pocketsphinx/test/data/librivox")
    if not folder.is_dir():
        pytest.skip("real speech is missing: apt-get install pocketsphinx-testdata")
    lines = re.findall(r"<s> (.*) </s> \((.*)\)", (folder / "transcription").read_text())
    return [(_pcm(folder / f"{name}.wav"), words) for words, name in lines]


@pytest.fixture(scope="session")
def sample_speech():
    """Reads a sample by name, as PCM; the samples' folder is named by MOMENTUM_SAMPLES."""
    folder = os.environ.get("MOMENTUM_SAMPLES")
    if not folder:
        pytest.skip("MOMENTUM_SAMPLES names no folder with speech samples")
    return lambda name: _pcm(Path(folder) / "speech" / name)
