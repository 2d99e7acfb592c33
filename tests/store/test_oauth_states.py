import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from momentum.store import oauth_states
from momentum.store.database import Database

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def begin(database, person, vault):
    async def run(state="state-1", user_id=person, browser_hash=b"\x01" * 32):
        async with database.person(user_id) as connection:
            values = {"provider": "zoom", "state": state, "verifier": "the-verifier", "browser_hash": browser_hash, "expires_at": LATER}
            await oauth_states.begin(connection, vault, user_id=user_id, **values)

    return run


@pytest.fixture
def take(database, person, vault):
    async def run(state="state-1", now=NOW):
        async with database.person(person) as connection:
            return await oauth_states.take(connection, vault, state, now)

    return run


@pytest.fixture
def peek(database):
    async def run(state="state-1", now=NOW):
        async with database.nobody() as connection:
            return await oauth_states.peek(connection, state, now)

    return run


async def test_whoever_holds_the_state_learns_who_began(begin, take, peek, person):
    await begin()

    found = await peek()
    taken = await take()

    assert (found.user_id, found.provider, found.browser_hash) == (person, "zoom", b"\x01" * 32)
    assert (taken.user_id, taken.provider, taken.verifier) == (person, "zoom", "the-verifier")
    assert "the-verifier" not in repr(taken)


async def test_a_state_is_good_for_one_use(begin, take, peek):
    await begin()
    await peek()
    await take()

    assert (await take(), await peek()) == (None, None)


async def test_a_state_that_was_given_back_is_good_for_one_use_until_it_expires(begin, take, peek, database, person, vault):
    await begin()
    taken = await take()
    async with database.person(person) as connection:
        await oauth_states.give_back(connection, vault, taken)

    assert await peek(now=LATER) is None
    assert await take() == taken
    assert await take() is None


async def test_somebody_else_cannot_take_a_state(begin, database, other_person, vault, take):
    await begin()
    async with database.person(other_person) as connection:
        assert await oauth_states.take(connection, vault, "state-1", NOW) is None

    assert await take() is not None


async def test_of_many_takers_at_once_one_wins(begin, take):
    await begin()

    taken = await asyncio.gather(*(take() for _ in range(20)))

    assert len([one for one in taken if one]) == 1


async def test_a_state_is_good_for_ten_minutes(begin, take, peek):
    await begin()

    assert await peek(now=LATER) is None
    assert await take(now=LATER) is None
    assert await take(now=LATER - timedelta(seconds=1)) is not None


async def test_an_unknown_state_is_nobodys(take, peek):
    assert (await take("unknown"), await peek("unknown")) == (None, None)


async def test_neither_state_nor_verifier_stand_in_the_database(database, begin, person):
    await begin(state="a-secret-state")

    async with database.person(person) as connection:
        row = (await connection.execute(text("select oauth_states::text from oauth_states"))).scalar_one()
    assert "a-secret-state" not in row
    assert b"a-secret-state".hex() not in row
    assert "the-verifier" not in row


async def test_a_state_that_was_not_committed_as_taken_is_still_good(database, person, vault, begin, take):
    await begin()

    async def die_after_taking():
        async with database.person(person) as connection:
            await oauth_states.take(connection, vault, "state-1", NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await die_after_taking()
    assert await take() is not None


async def test_states_of_others_are_out_of_sight(begin, database, other_person):
    await begin()

    async with database.person(other_person) as connection:
        assert await connection.scalar(text("select count(*) from oauth_states")) == 0


async def test_a_state_survives_another_pool(begin, app_dsn, person, vault):
    await begin()
    elsewhere = await Database.open(app_dsn, pool_size=1)
    async with elsewhere.person(person) as connection:
        taken = await oauth_states.take(connection, vault, "state-1", NOW)
    await elsewhere.aclose()

    assert taken.verifier == "the-verifier"
