from datetime import timedelta

import psycopg
import pytest

from momentum.store import heartbeats
from momentum.store.heartbeats import Heart

pytestmark = pytest.mark.anyio

SILENCE = timedelta(seconds=30)


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
    administrator.execute("insert into worker_heartbeats (executor_id) values ('alive'), ('silent')")
    administrator.execute("update worker_heartbeats set seen_at = now() - interval '31 s' where executor_id = 'silent'")
    async with database.nobody() as connection:
        assert sorted(await heartbeats.orphaned(connection, SILENCE)) == ["silent", "unknown"]
        await heartbeats.forget_silent(connection, SILENCE)

    assert administrator.execute("select executor_id from worker_heartbeats").fetchall() == [("alive",)]


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
        heart.stop()

    assert first is not None


def test_a_heart_beats_on_after_an_outage(app_dsn, administrator):
    heart = Heart(app_dsn, "worker-1", every=0.02)
    heart.start()
    try:
        administrator.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'momentum_app'")
        administrator.execute("delete from worker_heartbeats")
        while administrator.execute("select count(*) from worker_heartbeats").fetchone() == (0,):
            pass
    finally:
        heart.stop()
