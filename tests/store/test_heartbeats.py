import threading
from datetime import timedelta

import psycopg
import pytest

from momentum.errors import Unavailable
from momentum.store import heartbeats
from momentum.store.heartbeats import Heart

pytestmark = pytest.mark.anyio

SILENCE = timedelta(seconds=0.5)


@pytest.fixture
def administrator(owner_dsn):
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def workflows(administrator):
    """Plants unfinished work of executors, as the job engine keeps it."""
    administrator.execute("create table dbos.workflow_status (executor_id text, status text)")
    administrator.execute("alter table dbos.workflow_status owner to momentum_app")

    def plant(*rows):
        for row in rows:
            administrator.execute("insert into dbos.workflow_status values (%s, %s)", row)

    return plant


async def test_work_of_silent_and_of_unknown_executors_is_orphaned(database, administrator, workflows):
    workflows(("alive", "PENDING"), ("silent", "PENDING"), ("silent", "PENDING"), ("unknown", "PENDING"), ("ended", "SUCCESS"))
    administrator.execute("select pg_sleep_for(pg_postmaster_start_time() + interval '1 s' - now())")  # no younger than silence
    administrator.execute("insert into worker_heartbeats (executor_id) values ('alive'), ('silent')")
    administrator.execute("update worker_heartbeats set seen_at = now() + interval '9 s' where executor_id = 'alive'")
    administrator.execute("update worker_heartbeats set seen_at = now() - interval '1 s' where executor_id = 'silent'")
    async with database.nobody() as connection:
        assert sorted(await heartbeats.orphaned(connection, SILENCE)) == ["silent", "unknown"]

    assert administrator.execute("select executor_id from worker_heartbeats").fetchall() == [("alive",)]


async def test_a_server_that_has_just_come_back_takes_nobody_for_dead(database, administrator, workflows):
    workflows(("silent", "PENDING"))
    up_for = administrator.execute("select now() - pg_postmaster_start_time()").fetchone()[0]
    administrator.execute("insert into worker_heartbeats (executor_id, seen_at) values ('silent', now() - interval '1 day')")
    async with database.nobody() as connection:
        assert await heartbeats.orphaned(connection, up_for + timedelta(minutes=5)) == []


async def test_one_worker_at_a_time_looks_for_orphans(database, workflows):
    workflows(("unknown", "PENDING"))
    async with database.nobody() as one, database.nobody() as two:
        assert await heartbeats.orphaned(one, SILENCE) == ["unknown"]
        assert await heartbeats.orphaned(two, SILENCE) == []


async def test_a_heart_beats_from_its_first_moment_and_while_the_loop_is_busy(app_dsn, administrator):
    heart = Heart(app_dsn, "worker-1", every=0.02)
    heart.start()
    try:
        query = "select seen_at from worker_heartbeats where executor_id = 'worker-1'"
        first = administrator.execute(query).fetchone()
        # The loop does nothing else in here: only the thread can move the time.
        while administrator.execute(query).fetchone() == first:
            pass
    finally:
        heart.stop(release=False)

    assert first is not None
    assert administrator.execute(query).fetchone() is not None


def test_a_heart_beats_on_after_an_outage(app_dsn, administrator):
    heart = Heart(app_dsn, "worker-1", every=0.02)
    heart.start()
    query = "select seen_at from worker_heartbeats where executor_id = 'worker-1'"
    try:
        administrator.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'momentum_app'")
        before = administrator.execute(query).fetchone()
        while administrator.execute(query).fetchone() == before:
            pass
    finally:
        heart.stop(release=True)

    assert administrator.execute(query).fetchone() is None


def test_a_worker_that_others_took_for_dead_does_not_come_back(app_dsn, administrator):
    told = threading.Event()
    heart = Heart(app_dsn, "worker-1", every=0.02, lost=told.set)
    heart.start()
    try:
        administrator.execute("delete from worker_heartbeats")
        assert told.wait(10)
    finally:
        heart.stop(release=True)

    assert administrator.execute("select count(*) from worker_heartbeats").fetchone() == (0,)


def test_a_heart_does_not_start_without_a_database():
    with pytest.raises(Unavailable):
        Heart("postgresql://nobody@127.0.0.1:1/none", "worker-1").start()
