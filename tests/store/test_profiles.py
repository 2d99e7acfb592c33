import asyncio
from uuid import uuid4

import psycopg
import pytest

from momentum.errors import ErrorCode, NotFound, Unauthorized
from momentum.store import profiles, sessions
from momentum.store.tables import metadata

pytestmark = pytest.mark.anyio


@pytest.fixture
def resolve(database):
    async def run(subject="s", issuer="https://issuer.example", email=None, name=None):
        async with database.nobody() as connection:
            return await profiles.resolve(connection, issuer=issuer, subject=subject, email=email, name=name)

    return run


@pytest.fixture
def delete(database):
    async def run(user_id):
        async with database.person(user_id) as connection:
            return await profiles.delete(connection, user_id)

    return run


async def test_the_first_token_makes_a_profile_and_the_next_finds_it(resolve):
    first = await resolve(email="a@example.org", name="A")

    assert await resolve() == first
    assert (first.email, first.display_name, first.signed_out_at) == ("a@example.org", "A", None)


async def test_many_first_requests_at_once_make_one_profile(resolve):
    found = await asyncio.gather(*(resolve(email=f"{n}@example.org") for n in range(8)))

    assert len({profile.id for profile in found}) == 1


async def test_people_are_never_joined_by_their_address(resolve):
    same = {"email": "a@example.org"}

    assert (await resolve("s", "one", **same)).id != (await resolve("s", "two", **same)).id
    assert (await resolve("x", "one", **same)).id != (await resolve("s", "one", **same)).id


@pytest.mark.parametrize("odd", ["a\0b", "\0ab", "ab\ud800"])
async def test_a_name_that_cannot_be_stored_as_it_stands_is_nobodys(resolve, odd):
    await resolve("ab")
    for names in ({"subject": odd}, {"issuer": odd}):
        with pytest.raises(Unauthorized) as caught:
            await resolve(**names)
        assert caught.value.code is ErrorCode.TOKEN_INVALID


async def test_a_changed_name_is_taken_over_and_a_missing_one_is_not(resolve):
    await resolve(email="old@example.org", name="Old")
    await resolve(email="new@example.org")

    assert ((await resolve()).email, (await resolve()).display_name) == ("new@example.org", "Old")


async def test_a_deleted_persons_tokens_stay_refused(resolve, delete):
    profile = await resolve()
    await delete(profile.id)
    for _ in range(2):
        with pytest.raises(Unauthorized) as caught:
            await resolve()
        assert caught.value.code is ErrorCode.PERSON_DELETED

    assert (await resolve("somebody else")).id != profile.id


async def test_a_request_during_the_deletion_does_not_bring_the_person_back(database, resolve):
    profile = await resolve()
    async with database.person(profile.id) as connection:
        await profiles.delete(connection, profile.id)
        # A changed name makes the look-up write, so it waits for the deletion and decides after it.
        late = asyncio.create_task(resolve(name="New"))
        done, _ = await asyncio.wait([late], timeout=0.2)
        assert not done

    with pytest.raises(Unauthorized):
        await late


async def test_deleting_a_person_leaves_nothing_of_theirs_and_says_what_went(
    owner_dsn, person, other_person, running_processing, keep_results, delete
):
    for user_id in (person, other_person):
        await keep_results(await running_processing(user_id))
    summary = await delete(person)

    assert summary == profiles.PersonSummary(connections=0, recordings=1, processings=1, transcripts=1, deliverables=1)
    with psycopg.connect(owner_dsn) as owner:
        for table in metadata.sorted_tables:
            if "user_id" in table.c:
                assert owner.execute(f"select count(*) from {table.name} where user_id = %s", [person]).fetchone() == (0,)
        assert owner.execute("select count(*) from transcripts where user_id = %s", [other_person]).fetchone() == (1,)


async def test_somebody_else_cannot_delete_a_person(database, person, other_person):
    async with database.person(other_person) as connection:
        await profiles.delete(connection, person)

    async with database.person(person) as connection:
        assert (await profiles.get(connection, person)).id == person


async def test_signing_out_ends_sessions_and_remembers_when(database, person, now):
    async with database.person(person) as connection:
        await sessions.create(connection, user_id=person, token="t", expires_at=now)
        await profiles.sign_out(connection, person, now=now)
        assert (await profiles.get(connection, person)).signed_out_at == now
        assert await sessions.resolve(connection, "t", now.replace(year=2000)) is None


async def test_an_unknown_person_is_not_found(database):
    async with database.person(uuid4()) as connection:
        with pytest.raises(NotFound):
            await profiles.get(connection, uuid4())


async def test_a_failure_does_not_show_what_it_was_given(database):
    async with database.nobody() as connection:
        with pytest.raises(Exception, match="hidden due to hide_parameters") as caught:
            await profiles.resolve(connection, issuer=None, subject="planted-secret", email=None, name=None)

    assert "planted-secret" not in str(caught.value)
