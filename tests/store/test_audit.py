import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from momentum.store import audit, keys
from momentum.store.audit import Act
from momentum.store.connection import sqlstate

pytestmark = pytest.mark.anyio

HERE = "203.0.113.7"


@pytest.fixture
def administrator(owner_dsn):
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def did(database, vault, now):
    """Somebody did something; chained at once unless told otherwise."""

    async def note(user_id, action="transcript.read", *, chained=True, at=now, **rest):
        async with database.person(user_id) as connection:
            await audit.note(connection, vault, user_id, Act(action, source=HERE, **rest), now=at)
        if chained:
            await audit.chain(database)

    return note


@pytest.fixture
def mine(database, vault):
    async def read(user_id, **page):
        async with database.person(user_id) as connection:
            return await audit.mine(connection, vault, user_id, **page)

    return read


async def test_an_entry_says_who_what_when_from_where_and_how_it_ended(did, mine, person, now):
    await did(person, "processing.asked", object="processing:1", outcome="not_connected")
    (entry,) = await mine(person)
    assert entry == audit.Entry(1, now, "person", "processing.asked", "processing:1", "not_connected", HERE)


async def test_people_read_their_own_entries_newest_first_and_by_pages(did, mine, person, other_person):
    for action in ("a", "b", "c"):
        await did(person, action)
    await did(other_person, "theirs")
    assert [e.action for e in await mine(person)] == ["c", "b", "a"]
    assert [e.action for e in await mine(person, before=3, size=1)] == ["b"]
    assert [e.action for e in await mine(other_person)] == ["theirs"]


async def test_the_trail_holds_no_id_and_no_address_of_anybody(did, administrator, person):
    await did(person)
    (entry, who), *_ = administrator.execute("select entry, person from audit_trail").fetchall()
    assert str(person) not in entry
    assert HERE not in entry
    assert who == json.loads(entry)["person"]
    assert who.startswith("person-")


async def test_an_entry_goes_with_the_act_it_tells_of(database, vault, now, mine, person):
    async def fail():
        async with database.person(person) as connection:
            await audit.note(connection, vault, person, Act("never.happened"), now=now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await audit.chain(database)
    assert await mine(person) == []


async def test_with_the_person_pseudonym_and_key_are_gone_and_the_chain_still_holds(database, did, administrator, person):
    await did(person)
    administrator.execute("delete from profiles where id = %s", [person])
    assert administrator.execute("select count(*) from audit_people").fetchone() == (0,)
    verdict = await audit.verify(database)
    assert (verdict.entries, verdict.broken_at) == (1, None)


async def test_operators_and_strangers_are_noted_without_a_person(database, now):
    async with database.nobody() as connection:
        await audit.note_without_person(connection, Act("keys.rotated", actor="operator"), now=now)
    await audit.chain(database)
    ((number, entry),) = [row async for row in audit.entries(database)]
    assert (number, entry["actor"], entry["person"]) == (1, "operator", None)


@pytest.mark.parametrize("table", ["audit_trail", "audit_inbox"])
@pytest.mark.parametrize("statement", ["update {} set entry = 'x'", "delete from {}", "truncate {}"])
async def test_the_app_can_change_nothing_that_is_written(database, did, person, table, statement):
    await did(person)
    await did(person, chained=False)
    with pytest.raises(DBAPIError) as caught:
        async with database.person(person) as connection:
            await connection.execute(text(statement.format(table)))
    assert sqlstate(caught.value) == "42501"


async def test_the_app_can_put_nothing_into_the_chain_itself_and_take_no_pseudonym(database, did, person):
    await did(person)
    forgery = "insert into audit_trail (sequence, entry, hash) values (2, '{}', 'x')"
    for statement in (forgery, "update audit_people set pseudonym = 'somebody else'", "delete from audit_people", "table audit_inbox"):
        with pytest.raises(DBAPIError) as caught:
            async with database.person(person) as connection:
                await connection.execute(text(statement))
        assert sqlstate(caught.value) == "42501"


async def test_nobody_sees_another_persons_entries_or_pseudonym(database, did, person, other_person):
    await did(person)
    for seen_by in (other_person, uuid4()):
        async with database.person(seen_by) as connection:
            assert await connection.scalar(text("select count(*) from audit_trail")) == 0
            assert await connection.scalar(text("select count(*) from audit_people")) == 0
    async with database.nobody() as connection:
        assert await connection.scalar(text("select count(*) from audit_trail")) == 0


async def test_many_writers_make_one_chain_without_a_gap(database, did, person, other_person):
    await asyncio.gather(*(did(who, f"act {n}") for n in range(10) for who in (person, other_person)))
    verdict = await audit.verify(database)
    assert (verdict.entries, verdict.broken_at, verdict.head.waiting) == (20, None, 0)


HASH_OF_ITS_OWN = """
    update audit_trail set entry = '{}', hash = sha256((select hash from audit_trail where sequence = 2)
        || int8send(3) || convert_to('{}', 'UTF8')) where sequence = 3
"""
OTHER_ORDER = """
    update audit_trail set sequence = 99 where sequence = 2; update audit_trail set sequence = 2 where sequence = 3;
    update audit_trail set sequence = 3 where sequence = 99
"""
TAMPERING = {
    "changed": ("update audit_trail set entry = replace(entry, 'act 2', 'act 9') where sequence = 3", 3),
    "changed, with a hash of its own": (HASH_OF_ITS_OWN, 4),
    "taken out": ("delete from audit_trail where sequence = 3", 3),
    "taken out and closed up": (
        "delete from audit_trail where sequence = 3; update audit_trail set sequence = sequence - 1 where sequence > 3",
        3,
    ),
    "put in another order": (OTHER_ORDER, 2),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_whoever_changes_the_trail_past_the_app_is_found_out(database, did, administrator, person, what):
    statement, first_wrong = TAMPERING[what]
    for n in range(5):
        await did(person, f"act {n}")
    administrator.execute(statement)
    assert (await audit.verify(database)).broken_at == first_wrong


async def test_a_cut_end_and_a_chain_made_anew_are_found_by_a_head_that_was_written_down(database, did, administrator, person):
    for n in range(5):
        await did(person, f"act {n}")
    async with database.nobody() as connection:
        known = await audit.head(connection)
    administrator.execute("delete from audit_trail where sequence > 3")
    assert (await audit.verify(database)).broken_at is None
    assert (await audit.verify(database, (known.sequence, known.hash.hex()))).broken_at == 4

    entries = administrator.execute("select entry from audit_trail order by sequence").fetchall()
    administrator.execute("delete from audit_trail")
    administrator.execute("insert into audit_inbox (entry) values ('{}')")
    for (entry,) in [*entries, ('{"more": 1}',)]:
        administrator.execute("insert into audit_inbox (entry) values (%s)", [entry])
    await audit.chain(database)
    assert (await audit.verify(database)).broken_at is None
    assert (await audit.verify(database, (known.sequence, known.hash.hex()))).broken_at == 5


async def test_the_seal_key_is_sealed_anew_when_keys_rotate(database, did, mine, vault, person):
    await did(person)

    async def at_once(_seconds):
        return None

    done = await keys.rotate(database, vault, drop=True, sleep=at_once)
    assert done.resealed == 1
    assert (await mine(person))[0].source == HERE


async def test_entries_keep_their_own_time(did, mine, person, now):
    await did(person, at=now - timedelta(days=3))
    assert (await mine(person))[0].at == now - timedelta(days=3)
