import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest

from momentum.embedded import launch, places, probe
from momentum.embedded.creation import why_not
from momentum.embedded.launch import Listening
from momentum.embedded.server import EmbeddedPostgres, running
from momentum.errors import Conflict, ErrorCode, Invalid, MomentumError, Unavailable

pytestmark = pytest.mark.anyio
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture(scope="module")
def folder():
    """A folder that the server's account may pass through, as most homes are."""
    made = Path(tempfile.mkdtemp(prefix="momentum-embedded-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def home(folder):
    """The home of one cluster, stopped in the end. Tests may stop it, and start it again."""
    yield folder / "home"
    asyncio.run(EmbeddedPostgres(folder / "home").stop())


@pytest.fixture
async def cluster(home):
    async with running(home) as started:
        yield started


@pytest.fixture
def stopped(home):
    """The server of a cluster that is there and does not run."""
    server = EmbeddedPostgres(home)
    asyncio.run(server.start())
    asyncio.run(server.stop())
    yield server
    asyncio.run(server.stop())


def test_a_start_that_is_given_up_leaves_nothing_running(stopped):
    async def give_up():
        starting = asyncio.create_task(stopped.start())
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    asyncio.run(give_up())
    assert not asyncio.run(stopped.ready())


@pytest.fixture
def place(home):
    return places.find(home)


def _asks(dsn, question):
    with psycopg.connect(dsn) as connection:
        return connection.execute(question).fetchone()


def _exists(path):
    return path.exists()


async def test_a_new_cluster_speaks_utf8_utc_and_no_tcp(cluster):
    question = """
        select current_database(), current_user, pg_encoding_to_char(encoding), datlocprovider, datlocale,
               current_setting('timezone'), current_setting('listen_addresses'), current_setting('fsync')
        from pg_database where datname = current_database()"""
    assert _asks(cluster.owner_dsn, question) == ("momentum", "postgres", "UTF8", "b", "C.UTF-8", "UTC", "", "on")


async def test_what_was_written_is_there_after_a_restart(home):
    server = EmbeddedPostgres(home)
    cluster = await server.start()
    with psycopg.connect(cluster.owner_dsn) as connection:
        connection.execute("drop table if exists kept; create table kept as select 'ä' as word")
    await server.stop()
    assert not await server.ready()
    cluster = await server.start()
    assert await server.ready()
    assert _asks(cluster.owner_dsn, "select word from kept") == ("ä",)
    await server.leave()


async def test_the_last_to_leave_stops_it(home):
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    await first.start()
    await second.start()
    await first.leave()
    assert await second.ready()
    await second.leave()
    assert not await second.ready()


async def test_it_can_be_kept_running(home):
    async with running(home, keep=True):
        pass
    server = EmbeddedPostgres(home)
    assert await server.ready()
    await server.start()
    await server.leave()
    assert not await server.ready()


async def test_one_that_is_killed_while_it_is_used_comes_back_by_itself(home, place):
    async with running(home) as cluster:
        os.kill(int((place.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        assert await asyncio.to_thread(_serves, cluster, tries=600)


def _serves(cluster, *, tries):
    for _ in range(tries):
        try:
            return _asks(cluster.owner_dsn, "select 1") == (1,)
        except psycopg.OperationalError:
            time.sleep(0.1)
    return False


async def test_one_that_is_told_to_stop_stays_away(home):
    async with running(home):
        other = EmbeddedPostgres(home)
        await other.stop()
        assert not await other.gone()


async def test_only_we_may_open_the_socket(cluster):
    assert cluster.sockets.stat().st_mode & 0o777 == 0o700
    assert (cluster.sockets / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


async def test_the_log_quotes_no_rows(cluster, place):
    secret = "what-was-said-in-the-meeting"
    with psycopg.connect(cluster.owner_dsn) as connection:
        connection.execute("create temp table once (word text primary key)")
        connection.execute("insert into once values (%s)", [secret])
        with pytest.raises(psycopg.errors.UniqueViolation, match=secret):
            connection.execute("insert into once values (%s)", [secret])
    with psycopg.connect(cluster.owner_dsn) as connection, pytest.raises(psycopg.Error, match=secret):
        connection.execute(f"select '{secret}'::uuid")
    assert secret not in place.log.read_text()


def test_a_pid_file_that_names_another_program_is_no_server(stopped, place):
    owner = place.data.stat()
    identity = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **identity) as other:
        for path in (place.data / "postmaster.pid", place.sockets / ".s.PGSQL.5432.lock"):
            path.write_text(f"{other.pid}\n{place.data}\n1\n5432\n\n\n")
        started = asyncio.run(stopped.start())
        assert _asks(started.owner_dsn, "select 1") == (1,)
        assert other.poll() is None
        other.kill()


def test_a_server_that_we_did_not_start_is_left_alone(stopped, place):
    program = "import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, str(place.data)]) as other:
        (place.data / "postmaster.pid").write_text(f"{other.pid}\n")
        with pytest.raises(Unavailable, match=str(other.pid)):
            asyncio.run(stopped.start())
        other.kill()


def test_a_server_that_cannot_start_says_why(stopped, place):
    settings = place.data / "postgresql.conf"
    before = settings.read_text()
    settings.write_text(before + "\nshared_preload_libraries = 'no_such_library'\n")
    with pytest.raises(Unavailable, match="no_such_library"):
        asyncio.run(stopped.start())
    settings.write_text(before)
    asyncio.run(stopped.start())


async def test_other_machines_come_in_with_a_password_and_never_as_superuser(home, cluster, place):
    await EmbeddedPostgres(home).stop()
    with socket.create_server(("127.0.0.1", 0)) as probe_socket:
        port = probe_socket.getsockname()[1]
    server = EmbeddedPostgres(home, listening=Listening(port, "127.0.0.1"))
    started = await server.start()
    with psycopg.connect(started.owner_dsn) as connection:
        connection.execute("create role far nologin")
    url = await server.admit("far")
    assert await server.admit("far") == url
    assert _asks(url, "select current_user, inet_server_port()") == ("far", port)
    password = (place.base / "network-password").read_text()
    assert (place.base / "network-password").stat().st_mode & 0o777 == 0o600
    for bad in (url.replace(password, "guess"), url.replace("//far:", "//postgres:")):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(bad)
    with pytest.raises(Invalid):
        await server.admit("postgres")
    await server.stop()


async def test_a_running_server_without_network_is_not_taken_for_one_with(home, cluster):
    with pytest.raises(Conflict):
        await EmbeddedPostgres(home, listening=Listening(5433, "127.0.0.1")).start()
    with pytest.raises(Conflict):
        await EmbeddedPostgres(home).admit("far")


async def test_a_long_home_gets_a_short_socket(folder):
    home = folder / ("long " * 30).strip()
    async with running(home) as cluster:
        assert _asks(cluster.owner_dsn, "select 1") == (1,)
        assert cluster.sockets.parent == Path("/tmp")
    await EmbeddedPostgres(home).remove()
    assert not cluster.sockets.exists()


async def test_a_home_with_a_comma_is_one_home(folder):
    home = folder / "a, b"
    async with running(home) as cluster:
        assert _asks(cluster.owner_dsn, "select 1") == (1,)
    await EmbeddedPostgres(home).remove()


@pytest.mark.parametrize("name", ["link", "long link " * 12])
async def test_a_home_is_the_same_by_another_spelling(folder, name):
    home = folder / f"of {name}".strip()
    home.mkdir(mode=0o711)
    link = folder / name.strip()
    link.symlink_to(home)
    async with running(link, keep=True):
        await EmbeddedPostgres(home).stop()
        assert not await EmbeddedPostgres(link).ready()
    async with running(home) as one, running(link) as other:
        assert one == other
    await EmbeddedPostgres(link).remove()


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"door": 1}'])
def test_a_damaged_record_of_the_port_counts_as_none(stopped, place, damage):
    (place.base / "server.json").write_text(damage)
    asyncio.run(stopped.start())
    assert json.loads((place.base / "server.json").read_text())["port"] == 5432


def test_what_was_started_in_vain_is_stopped(stopped, home):
    with psycopg.connect(asyncio.run(stopped.start()).dsn("postgres", "postgres"), autocommit=True) as owner:
        owner.execute("drop database momentum")
        owner.execute("alter system set default_transaction_read_only = on")
    asyncio.run(stopped.stop())
    with pytest.raises(Unavailable, match="would not make the database"):
        asyncio.run(EmbeddedPostgres(home).start())
    assert launch.ask(places.find(home), "postgres") is probe.Answer.NOBODY
    shutil.rmtree(places.find(home).base)  # the next test makes a new one


@as_root
@pytest.mark.parametrize("temporary", [True, False])
async def test_a_home_that_the_servers_account_cannot_enter_keeps_its_mode(folder, monkeypatch, temporary):
    far = folder / "far"
    monkeypatch.setattr(places, "FAR_FOLDER", far)
    if not temporary:
        monkeypatch.setattr(tempfile, "tempdir", "/elsewhere")
    closed = folder / f"closed-{temporary}"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "home")
    cluster = await server.start()
    assert _asks(cluster.owner_dsn, "select 1") == (1,)
    assert closed.stat().st_mode & 0o777 == 0o700
    recorded = Path((closed / "home" / "postgres.path").read_text().strip())
    assert recorded.parent == (Path(tempfile.gettempdir()) if temporary else far)
    assert cluster.sockets.is_relative_to(recorded)
    await server.remove()
    assert not _exists(recorded)
    assert not (closed / "home" / "postgres.path").exists()


async def test_a_home_that_is_no_folder_is_named(folder):
    (folder / "file").write_text("")
    with pytest.raises(MomentumError, match=r"MOMENTUM_HOME=.*Not a directory") as caught:
        await EmbeddedPostgres(folder / "file" / "home").start()
    assert caught.value.code is ErrorCode.SETTINGS_INVALID


async def test_a_cluster_of_another_version_is_left_alone(folder):
    data = folder / "old" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(Unavailable, match="made by PostgreSQL 9"):
        await EmbeddedPostgres(folder / "old").start()


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("creating\ninitdb: error: could not write file: No space left on device\ninitdb: removing", ErrorCode.DISK_FULL, "no room"),
        ("FATAL:  could not create shared memory\nchild process exited", ErrorCode.DATABASE_UNAVAILABLE, "could not create shared memory"),
        ("Killed", ErrorCode.DATABASE_UNAVAILABLE, "Killed"),
        ("", ErrorCode.DATABASE_UNAVAILABLE, "said nothing"),
    ],
)
async def test_why_a_cluster_could_not_be_made(said, code, words):
    error = why_not(said, Path("/home"))
    assert error.code is code
    assert words in error.detail


def test_an_initdb_that_fails_says_why_and_leaves_nothing(folder):
    script = """
import asyncio, json, resource, sys
from pathlib import Path
from momentum.embedded.server import EmbeddedPostgres
from momentum.errors import MomentumError
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))  # as good as a full disk, and needs no mount
try:
    asyncio.run(EmbeddedPostgres(Path(sys.argv[1])).start())
except MomentumError as error:
    print(json.dumps([error.code, error.detail]))
"""
    ended = subprocess.run([sys.executable, "-c", script, str(folder / "full")], capture_output=True, text=True, check=True)
    code, detail = json.loads(ended.stdout)
    assert code == "database_unavailable"
    assert "File too large" in detail
    assert not list((folder / "full" / "postgres").glob("data*"))


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (b"E\x00\x00\x00\x1dSFATAL\x00C57P03\x00Mstarting\x00\x00", probe.Answer.BUSY),
        (b"R\x00\x00\x00\x08\x00\x00\x00\x00E\x00\x00\x00\x0cC3D000\x00\x00", probe.Answer.NO_DATABASE),
        (b"E\x00\x00\x00\x0cC53300\x00\x00", probe.Answer.READY),
        (b"R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I", probe.Answer.READY),
        (b"HTTP/1.1 400 Bad Request", probe.Answer.BUSY),
        (b"", probe.Answer.BUSY),
    ],
)
async def test_what_a_server_answers(folder, reply, answer):
    path = folder / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve():
            line, _ = server.accept()
            with line:
                line.recv(1024)
                line.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        assert probe.ask(path, user="postgres", database="momentum") is answer
        thread.join()
    assert probe.ask(path, user="postgres", database="momentum") is probe.Answer.NOBODY
    path.unlink()


async def test_nobody_answers_where_no_socket_is(folder):
    assert probe.ask(folder / "none", user="postgres", database="momentum") is probe.Answer.NOBODY
    assert not await EmbeddedPostgres(folder / "nothing").ready()


async def test_a_socket_folder_that_somebody_else_made_is_refused(folder):
    trap = folder / "trap"
    trap.mkdir(mode=0o777)
    trap.chmod(0o777)
    with pytest.raises(Unavailable, match="made by somebody else"):
        places.make_private(trap, None)


async def test_stopping_twice_and_leaving_unasked_do_nothing(folder):
    server = EmbeddedPostgres(folder / "never")
    await server.stop()
    await server.leave()
    await server.remove()
    assert not (folder / "never").exists()


async def test_the_kernel_names_the_listening_process(cluster, place):
    listening = launch.listening(place)
    pid = probe.listener_pid(place.sockets / f".s.PGSQL.{listening.port}")
    assert pid is None or pid == int((place.data / "postmaster.pid").read_text().splitlines()[0])
