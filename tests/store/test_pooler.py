"""A pooler that drops the `options` of a connection: nobody may act as the user who logged in."""

import socket
import struct
import threading
from contextlib import closing, suppress

import psycopg
import pytest
from sqlalchemy import text

from momentum.errors import ErrorCode, MomentumError
from momentum.store import dsn
from momentum.store.database import APP_ROLE, Database, prepare
from momentum.store.heartbeats import Heart

pytestmark = pytest.mark.anyio


class Pooler:
    """Passes everything on to the server but `options`, as PgBouncer does with ignore_startup_parameters = options."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self.dropped = 0
        threading.Thread(target=self._open, daemon=True).start()

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _open(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            server.sendall(self._startup(client))
            threading.Thread(target=_pump, args=[server, client], daemon=True).start()
            _pump(client, server)

    def _startup(self, client: socket.socket) -> bytes:
        while True:
            length, version = struct.unpack(">II", client.recv(8, socket.MSG_WAITALL))
            if version not in {80877103, 80877104}:  # asks for TLS, for GSS
                break
            client.sendall(b"N")
        words = client.recv(length - 8, socket.MSG_WAITALL).split(b"\0")[:-2]
        pairs = list(zip(words[::2], words[1::2], strict=True))
        kept = b"".join(name + b"\0" + value + b"\0" for name, value in pairs if name != b"options") + b"\0"
        self.dropped += any(name == b"options" for name, _ in pairs)
        return struct.pack(">II", len(kept) + 8, version) + kept


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def pooler(owner_dsn):
    where = dsn.parameters(owner_dsn)
    with closing(Pooler(f"{where['host']}/.s.PGSQL.{where['port']}")) as made:
        yield made


@pytest.fixture
def superusers_url(owner_dsn, pooler):
    """The superuser's DATABASE_URL by way of the pooler."""
    return f"postgresql://postgres@127.0.0.1:{pooler.port}/{dsn.parameters(owner_dsn)['dbname']}"


@pytest.fixture
def url(superusers_url):
    """What web and workers would be given."""
    return dsn.acting_as(superusers_url, APP_ROLE, own_login=False)


async def test_it_is_refused_at_the_start(superusers_url, pooler):
    with pytest.raises(MomentumError) as caught:
        await prepare(superusers_url)

    assert pooler.dropped
    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    assert "DATABASE_URL" in caught.value.detail


async def test_each_transaction_takes_the_role_on(url, person):
    database = await Database.open(url, pool_size=1)
    try:
        for _ in range(2):
            async with database.nobody() as connection:
                role, session = (await connection.execute(text("select current_user, session_user"))).one()
                seen = await connection.scalar(text("select count(*) from profiles"))
            assert (role, session, seen) == ("momentum_app", "postgres", 0)
    finally:
        await database.aclose()


async def test_hot_look_ups_take_the_role_on(url, person, other_person):
    database = await Database.open(url)
    try:
        for _ in range(7):  # the server plans a prepared statement anew for the first five
            found = await database.hot.row(person, "select current_user as role, count(*) as seen from profiles")
            assert found == {"role": "momentum_app", "seen": 1}
    finally:
        await database.aclose()


async def test_a_heart_beats_in_the_role(url, owner_dsn):
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("revoke insert on worker_heartbeats from momentum_app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        Heart(url, "executor").start()
