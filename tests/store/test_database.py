import asyncio
from time import monotonic
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from momentum.errors import ErrorCode, Unavailable
from momentum.store.database import Database
from momentum.store.hot import HotPool

pytestmark = pytest.mark.anyio


@pytest.fixture
def outage(owner_dsn):
    """Ends every connection of the app and refuses new ones, until it is called with False."""
    name = psycopg.conninfo.conninfo_to_dict(owner_dsn)["dbname"]

    def switch(away):
        with psycopg.connect(owner_dsn.replace(f"/{name}?", "/postgres?"), autocommit=True) as owner:
            owner.execute(f"alter database {name} allow_connections {not away}")
            if away:
                owner.execute("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s", [name])

    return switch


@pytest.fixture
def notify(owner_dsn):
    def send(channel, payload):
        with psycopg.connect(owner_dsn, autocommit=True) as owner:
            owner.execute("select pg_notify(%s, %s)", [channel, payload])

    return send


async def _count_profiles(database, user_id):
    async with database.person(user_id) as connection:
        return await connection.scalar(text("select count(*) from profiles"))


async def test_the_app_is_no_superuser_and_cannot_bypass_policies(database):
    async with database.nobody() as connection:
        row = (await connection.execute(text("select * from pg_roles where rolname = current_user"))).one()

    assert (row.rolname, row.rolsuper, row.rolbypassrls) == ("momentum_app", False, False)


async def test_a_transaction_sees_its_person_and_nobody_sees_none(database, person, other_person):
    assert await _count_profiles(database, person) == 1
    assert await _count_profiles(database, uuid4()) == 0
    async with database.nobody() as connection:
        assert await connection.scalar(text("select count(*) from profiles")) == 0


async def test_the_person_ends_with_the_transaction(app_dsn, person):
    database = await Database.open(app_dsn, pool_size=1)
    try:
        async with database.person(person) as connection:
            first = await connection.scalar(text("select pg_backend_pid()"))
        async with database.nobody() as connection:
            second = await connection.scalar(text("select pg_backend_pid()"))
            left = await connection.scalar(text("select current_setting('momentum.user_id', true)"))
    finally:
        await database.aclose()

    assert (first, left) == (second, "")


async def test_an_exception_rolls_back(database, person):
    async def fail():
        async with database.person(person) as connection:
            await connection.execute(text("update profiles set display_name = 'gone'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.person(person) as connection:
        assert await connection.scalar(text("select display_name from profiles")) == "Ada"


async def test_connections_that_died_in_the_pool_are_replaced_unnoticed(database, person, outage):
    assert await _count_profiles(database, person) == 1
    outage(True)
    outage(False)

    assert await _count_profiles(database, person) == 1


async def test_a_database_that_is_away_is_unavailable_and_is_found_again(database, person, outage):
    outage(True)
    with pytest.raises(Unavailable) as caught:
        await _count_profiles(database, person)
    outage(False)

    assert caught.value.code is ErrorCode.DATABASE_UNAVAILABLE
    assert await _count_profiles(database, person) == 1


FULL = "do $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$"


async def test_a_full_disk_is_called_by_its_name_for_a_minute(database, person, monkeypatch):
    async def write():
        async with database.person(person) as connection:
            await connection.execute(text(FULL))

    await database.ping()
    with capture_logs() as logs, pytest.raises(Unavailable) as caught:
        await write()
    assert (caught.value.code, caught.value.after) == (ErrorCode.DISK_FULL, 60)
    assert "disk is full" in caught.value.detail
    assert [(entry["event"], entry["sqlstate"]) for entry in logs] == [("database_refused", "53100")]
    with pytest.raises(Unavailable) as caught:
        await database.ping()
    assert caught.value.code is ErrorCode.DISK_FULL
    assert await _count_profiles(database, person) == 1
    monkeypatch.setattr("momentum.store.database.monotonic", lambda: monotonic() + 61)
    await database.ping()


async def test_a_database_that_goes_away_inside_a_transaction_is_unavailable(database, person, outage):
    async def work():
        async with database.person(person) as connection:
            outage(True)
            await connection.execute(text("select 1"))

    with pytest.raises(Unavailable):
        await work()
    outage(False)


async def test_a_pool_without_a_free_connection_is_unavailable(app_dsn):
    database = await Database.open(app_dsn, pool_size=1, wait=0.05)
    try:
        async with database.nobody():
            with pytest.raises(Unavailable):
                await database.ping()
    finally:
        await database.aclose()


async def test_a_server_that_is_not_there_is_unavailable_and_its_password_stays_secret(tmp_path):
    database = await Database.open(f"postgresql://someone:hunter2@/momentum?host={tmp_path}")
    with pytest.raises(Unavailable) as caught:
        await database.ping()
    await database.aclose()

    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__} {database!r}"


async def test_mistakes_of_our_own_are_not_taken_for_an_outage(database):
    with pytest.raises(Exception, match="syntax error") as caught:
        async with database.nobody() as connection:
            await connection.execute(text("selekt 1"))

    assert not isinstance(caught.value, Unavailable)


async def test_the_hot_look_up_is_bound_to_its_person_too(database, person, other_person):
    query = "select count(*) as n, max(id::text) as id, current_setting('momentum.user_id', true) as person from profiles"

    assert await database.hot.row(person, query) == {"n": 1, "id": str(person), "person": str(person)}
    assert (await database.hot.row(uuid4(), query))["n"] == 0
    found = await asyncio.gather(*(database.hot.row(user_id, query) for user_id in (person, other_person) * 30))
    assert [row["id"] for row in found] == [str(person), str(other_person)] * 30
    assert await database.hot.row(person, "select id from profiles where id = %(id)s", {"id": other_person}) is None


async def test_the_person_of_a_hot_look_up_ends_with_it(app_dsn, person):
    pool = HotPool(app_dsn, size=1)
    asked = await pool.row(person, "select pg_backend_pid() as pid")
    async with pool._pool.connection() as connection:
        cursor = await connection.execute("select pg_backend_pid() as pid, current_setting('momentum.user_id', true) as person")
        left = await cursor.fetchone()
    await pool.aclose()

    assert left == {**asked, "person": ""}


async def test_the_hot_look_up_survives_a_restart(database, person, outage):
    await database.hot.row(person, "select 1 as one")
    outage(True)
    outage(False)
    assert await database.hot.row(person, "select 1 as one") == {"one": 1}


async def test_a_hot_look_up_without_a_server_is_unavailable(tmp_path):
    pool = HotPool(f"postgresql://u@/momentum?host={tmp_path}", wait=0.1)
    with pytest.raises(Unavailable):
        await pool.row(uuid4(), "select 1 as one")
    await pool.aclose()


async def _next(reader):
    async with asyncio.timeout(10):
        return await anext(reader)


async def test_every_reader_hears_every_notification_of_its_channels(database, notify):
    both, work = database.listen("processing", "work"), database.listen("work")
    assert {(await _next(both)).payload, (await _next(both)).payload, (await _next(work)).payload} == {""}

    notify("processing", "p u")
    notify("work", "p")

    assert [(await _next(both)).payload, (await _next(both)).payload] == ["p u", "p"]
    assert ((await _next(work)).channel, work._queue.empty()) == ("work", True)


async def test_one_connection_listens_for_all_readers(database, owner_dsn):
    readers = [database.listen("work") for _ in range(20)]
    await asyncio.gather(*(_next(reader) for reader in readers))

    with psycopg.connect(owner_dsn) as owner:
        listening = owner.execute("select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'")
        assert listening.fetchone() == (1,)


async def test_a_late_reader_is_told_to_look(database):
    await _next(database.listen("work"))

    assert (await _next(database.listen("processing"))).payload == ""


async def test_after_an_outage_readers_are_told_to_look_again(database, notify, outage):
    reader = database.listen("work")
    await _next(reader)
    outage(True)
    outage(False)

    assert (await _next(reader)).payload == ""
    notify("work", "p")
    assert (await _next(reader)).payload == "p"


async def test_a_slow_reader_holds_a_bounded_queue_and_is_told_to_look_again(database, owner_dsn):
    slow, quick = database.listen("work"), database.listen("work")
    await _next(slow), await _next(quick)
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("select pg_notify('work', n::text) from generate_series(1, 1000) n")
    heard = 0
    while heard < 1000:
        heard = int((await _next(quick)).payload or heard)

    assert slow._queue.qsize() <= 256
    assert (await _next(slow)).payload == ""


async def test_closing_the_database_ends_the_readers(app_dsn):
    database = await Database.open(app_dsn)
    reader = database.listen("work")
    await database.aclose()

    assert [notification async for notification in reader] == []


async def test_an_unknown_channel_is_refused(database):
    with pytest.raises(ValueError, match="nobody notifies"):
        database.listen("nothing")
