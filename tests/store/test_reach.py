"""Databases that let nobody in, each with a sentence for whoever set the URL."""

import asyncio
import struct
from contextlib import asynccontextmanager

import psycopg
import pytest

from momentum.errors import ErrorCode, MomentumError, Unavailable
from momentum.inbound import free_port
from momentum.store.prepare import prepare

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def doorkeeper(code, said):
    """A server that speaks PostgreSQL's protocol as far as a refusal goes; gives its port."""

    async def refuse(reader, writer):
        while True:
            length, version = struct.unpack(">II", await reader.readexactly(8))
            if version in {80877103, 80877104}:  # asks for TLS, for GSS
                writer.write(b"N")
                continue
            await reader.readexactly(length - 8)
            fields = b"SFATAL\0VFATAL\0C" + code.encode() + b"\0M" + said.encode() + b"\0\0"
            writer.write(b"E" + struct.pack(">I", len(fields) + 4) + fields)
            await writer.drain()
            writer.close()
            return

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        ("28P01", 'password authentication failed for user "ada"', "does not accept the password of user ada"),
        ("28000", 'role "ada" does not exist', "has no user ada"),
        ("3D000", 'database "minutes" does not exist', "has no database minutes"),
        ("42501", 'permission denied for database "minutes"', "does not let user ada into database minutes"),
        ("28000", 'no pg_hba.conf entry for host "10.0.0.1"', "does not let user ada in from this machine"),
    ],
)
async def test_a_refusal_says_what_to_check_and_shows_no_password(code, said, words):
    async with doorkeeper(code, said) as port:
        with pytest.raises(MomentumError) as caught:
            await prepare(f"postgresql://ada:s3cr3t@127.0.0.1:{port}/minutes")
    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    assert words in caught.value.detail
    assert caught.value.detail.endswith("Check DATABASE_URL.")
    assert "s3cr3t" not in caught.value.detail


async def test_a_server_that_starts_up_is_waited_for():
    async with doorkeeper("57P03", "the database system is starting up") as port:
        with pytest.raises(Unavailable) as caught:
            await prepare(f"postgresql://ada@127.0.0.1:{port}/minutes")
    assert caught.value.code is ErrorCode.DATABASE_UNAVAILABLE


@pytest.mark.parametrize(
    ("host", "words"),
    [("nowhere.invalid", "is not known by that name"), ("127.0.0.1", "nobody listens there"), ("%2Fnowhere", "is not running")],
)
async def test_a_server_that_is_not_there_is_named(host, words):
    with pytest.raises(Unavailable) as caught:
        await prepare(f"postgresql://ada:s3cr3t@{host}:{free_port('127.0.0.1')}/minutes")
    assert words in caught.value.detail
    assert "s3cr3t" not in caught.value.detail


async def test_a_user_without_rights_is_told_what_an_administrator_has_to_run(cluster):
    with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute("create role poor login")
        owner.execute("create database theirs template template0")
    try:
        with pytest.raises(MomentumError) as caught:
            await prepare(cluster.dsn("poor", "theirs"))
    finally:
        with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as owner:
            owner.execute("drop database theirs with (force)")
            owner.execute("drop role poor")
    assert caught.value.code is ErrorCode.DATABASE_PRIVILEGE_MISSING
    assert 'GRANT CREATE ON DATABASE "theirs" TO "poor"' in caught.value.detail
