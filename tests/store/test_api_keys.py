import asyncio
from datetime import timedelta

import psycopg
import pytest

from momentum.errors import Conflict, NotFound
from momentum.store import api_keys, profiles
from momentum.store.api_keys import Scope

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


@pytest.fixture
def make(database, person, now):
    async def keep(*scopes, key=None, **changes):
        key = key or api_keys.fresh()
        values = {"name": "Report", "scopes": scopes, "now": now, "expires_at": None} | changes
        async with database.person(person) as connection:
            return key.text, await api_keys.create(connection, person, key, **values)

    return keep


@pytest.fixture
def use(database, now):
    async def run(text, at=now):
        async with database.nobody() as connection:
            return await api_keys.use(connection, text, at)

    return run


@pytest.fixture
def listed(database, person):
    async def run():
        async with database.person(person) as connection:
            return await api_keys.listed(connection, person)

    return run


async def test_a_key_names_its_person_and_what_it_may(make, use, person):
    text, kept = await make(Scope.ACCOUNT)
    opened = await use(text)

    assert text.startswith(f"mm_{kept.prefix}_")
    assert len(text) >= 50
    assert (opened.user_id, opened.id, opened.scopes) == (person, kept.id, {Scope.READ, Scope.ACCOUNT})
    assert await use(text[:-1]) is None
    assert await use("mm_\ud800\0") is None


async def test_when_a_key_was_used_is_true_to_a_minute_and_an_expired_one_is_not_used(make, use, listed, now):
    text, _ = await make(expires_at=now + 5 * MINUTE)
    assert (await listed())[0].last_used_at is None
    for at, noted in ((now, now), (now + MINUTE / 2, now), (now + MINUTE, now + MINUTE), (now + 6 * MINUTE, now + MINUTE)):
        assert (await use(text, at)).expires_at == now + 5 * MINUTE
        assert (await listed())[0].last_used_at == noted


async def test_a_revoked_key_opens_nothing_and_is_listed_no_more(database, make, use, listed, person, other_person, now):
    text, kept = await make()
    async with database.person(other_person) as connection:
        with pytest.raises(NotFound):
            await api_keys.revoke(connection, kept.id, now=now)
    assert await use(text)
    async with database.person(person) as connection:
        await api_keys.revoke(connection, kept.id, now=now)
        with pytest.raises(NotFound):
            await api_keys.revoke(connection, kept.id, now=now)

    assert await use(text) is None
    assert await listed() == []


async def test_keys_go_with_their_person(database, make, use, person):
    text, _ = await make()
    async with database.person(person) as connection:
        await profiles.delete(connection, person)

    assert await use(text) is None


async def test_there_is_an_end_to_keys_that_open(make, monkeypatch, now):
    monkeypatch.setattr(api_keys, "MOST", 1)
    await make(expires_at=now + MINUTE)
    with pytest.raises(Conflict):
        await make()
    await make(now=now + MINUTE)


async def test_keys_made_at_once_are_counted_too(database, person, now, monkeypatch):
    all_here = asyncio.Barrier(4)

    async def make():
        async with database.person(person) as connection:
            await all_here.wait()
            return await api_keys.create(connection, person, api_keys.fresh(), name="Report", scopes=(), now=now, expires_at=None)

    monkeypatch.setattr(api_keys, "MOST", 1)
    made = await asyncio.gather(*(make() for _ in range(4)), return_exceptions=True)
    assert sorted(isinstance(one, Conflict) for one in made) == [False, True, True, True]


async def test_keys_are_kept_as_hashes_alone(make, owner_dsn):
    await make(key=api_keys.NewKey("planted1", "a-planted-secret"))
    with psycopg.connect(owner_dsn) as owner:
        row = owner.execute("select k::text || encode(k.key_hash, 'escape') from api_keys k").fetchone()[0]

    assert "planted1" in row
    assert "a-planted-secret" not in row
