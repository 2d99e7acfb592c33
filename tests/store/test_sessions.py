import asyncio
from datetime import timedelta

import psycopg
import pytest

from momentum.errors import NotFound
from momentum.store import sessions

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


@pytest.fixture
def link(database, person, now):
    """Makes a login link; gives a function that uses it."""

    async def make(token="link-token", expires_at=now + HOUR):
        async with database.person(person) as connection:
            await sessions.create_link(connection, user_id=person, token=token, expires_at=expires_at, next_path="/recordings")

    return make


@pytest.fixture
def use(database, now):
    async def run(token="link-token", at=now):
        async with database.nobody() as connection:
            return await sessions.use_link(connection, token, at)

    return run


async def test_a_link_opens_once(link, use, person):
    await link()

    assert await use() == (person, "/recordings")
    assert await use() is None


async def test_of_two_browsers_with_one_link_one_comes_in(link, use):
    await link()
    found = await asyncio.gather(*(use() for _ in range(4)))

    assert sum(opened is not None for opened in found) == 1


async def test_an_old_or_unknown_link_opens_nothing(link, use, now):
    await link()

    assert await use("other-token") is None
    assert await use(at=now + HOUR) is None


async def test_a_session_is_known_until_it_ends(database, person, now):
    async with database.person(person) as connection:
        await sessions.create(connection, user_id=person, token="t", expires_at=now + HOUR)
    async with database.nobody() as connection:
        assert await sessions.resolve(connection, "t", now) == person
        assert await sessions.resolve(connection, "t", now + HOUR) is None
        assert await sessions.resolve(connection, "\ud800\0", now) is None
    async with database.person(person) as connection:
        await sessions.end(connection, "t")
    async with database.nobody() as connection:
        assert await sessions.resolve(connection, "t", now) is None


async def test_nobody_ends_somebody_elses_session(database, person, other_person, now):
    async with database.person(person) as connection:
        await sessions.create(connection, user_id=person, token="t", expires_at=now + HOUR)
    async with database.person(other_person) as connection:
        await sessions.end(connection, "t")
    async with database.nobody() as connection:
        assert await sessions.resolve(connection, "t", now) == person


async def test_tokens_are_kept_as_hashes_alone(database, owner_dsn, link, person, now):
    await link("planted-link-token")
    async with database.person(person) as connection:
        await sessions.create(connection, user_id=person, token="planted-session-token", expires_at=now)
    with psycopg.connect(owner_dsn) as owner:
        rows = owner.execute("select s::text || encode(s.token_hash, 'escape') from sessions s union all select l::text || "
                             "encode(l.token_hash, 'escape') from login_links l").fetchall()  # fmt: skip

    assert len(rows) == 2
    assert not any("planted" in row for (row,) in rows)


async def test_what_has_expired_is_forgotten(database, link, person, now):
    await link()
    async with database.person(person) as connection:
        await sessions.create(connection, user_id=person, token="old", expires_at=now)
        await sessions.create(connection, user_id=person, token="new", expires_at=now + HOUR)
    async with database.nobody() as connection:
        assert await sessions.forget_expired(connection, now) == 1
        assert await sessions.forget_expired(connection, now) == 0
        assert await sessions.resolve(connection, "new", now) == person


async def test_a_person_sees_their_sessions_and_ends_one(database, person, other_person, now):
    minute = timedelta(minutes=1)
    async with database.person(person) as connection:
        for number, token in enumerate(("phone", "laptop", "old")):
            ends = now - minute if token == "old" else now + HOUR
            known = {"agent": f"Firefox on {token}", "now": now + number * minute}
            await sessions.create(connection, user_id=person, token=token, expires_at=ends, **known)
        phone, laptop = await sessions.listed(connection, person, now=now, token="phone")

    assert [(s.agent, s.here, s.created_at) for s in (phone, laptop)] == [
        ("Firefox on phone", True, now),
        ("Firefox on laptop", False, now + minute),
    ]
    async with database.person(other_person) as connection:
        with pytest.raises(NotFound):
            await sessions.end_one(connection, laptop.id)
    async with database.person(person) as connection:
        await sessions.end_one(connection, laptop.id)
    async with database.nobody() as connection:
        assert await sessions.resolve(connection, "laptop", now) is None
        assert await sessions.resolve(connection, "phone", now) == person


async def test_when_a_session_was_used_is_true_to_five_minutes(database, person, now):
    async def used_at(moment):
        async with database.nobody() as connection:
            await sessions.resolve(connection, "t", moment)
        async with database.person(person) as connection:
            return (await sessions.listed(connection, person, now=now))[0].last_used_at

    async with database.person(person) as connection:
        await sessions.create(connection, user_id=person, token="t", expires_at=now + HOUR, now=now)
    assert await used_at(now + timedelta(minutes=4)) == now
    assert await used_at(now + timedelta(minutes=5)) == now + timedelta(minutes=5)
