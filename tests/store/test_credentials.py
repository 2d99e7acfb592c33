import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from momentum.errors import Conflict, ErrorCode, MomentumError
from momentum.model import Account, ConnectionState, Grant
from momentum.store import credentials
from momentum.store.keys import open_vault, rotate

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRANT = Grant("access-1", "refresh-1", NOW + HOUR, ("recording:read", "user:read"), "https://api-eu.zoom.us")
ACCOUNT = Account("zoom-user", "zoom-account", "ada@example.org", "Ada", "Europe/Berlin", can_record=True)


@pytest.fixture
def save(database, vault):
    async def run(user_id, grant=GRANT, account=ACCOUNT, now=NOW, **values):
        async with database.person(user_id) as connection:
            await credentials.save(connection, vault, "zoom", user_id=user_id, grant=grant, account=account, now=now, **values)

    return run


@pytest.fixture
def get(database, vault):
    async def run(user_id):
        async with database.person(user_id) as connection:
            return await credentials.get(connection, vault, "zoom", user_id)

    return run


async def test_a_connection_comes_back_as_it_was_saved(save, get, database, person):
    await save(person)

    found = await get(person)

    assert (found.access_token, found.refresh_token, found.expires_at) == ("access-1", "refresh-1", NOW + HOUR)
    assert (found.account, found.scopes, found.api_base) == (ACCOUNT, GRANT.scopes, GRANT.api_base)
    assert (found.state, found.state_reason, found.connected_at) == (ConnectionState.ACTIVE, None, NOW)
    assert "access-1" not in repr(found)
    assert "refresh-1" not in repr(found)
    async with database.person(person) as connection:
        status = await credentials.status(connection, "zoom", person)
    assert status.account == ACCOUNT
    assert not hasattr(status, "access_token")


async def test_tokens_stand_sealed_in_the_database(save, database, person):
    await save(person)

    async with database.person(person) as connection:
        row = (await connection.execute(text("select zoom_credentials::text from zoom_credentials"))).scalar_one()
    assert "access-1" not in row
    assert "refresh-1" not in row
    assert "ada@example.org" in row


async def test_a_sealed_token_moved_to_another_row_or_column_does_not_open(save, get, database, person, other_person, owner_dsn):
    await save(person)
    await save(other_person, account=Account("other", None, None))
    async with database.person(person) as connection:
        theirs = await connection.scalar(text("select access_token from zoom_credentials"))
    async with database.person(other_person) as connection:
        await connection.execute(text("update zoom_credentials set access_token = :sealed"), {"sealed": theirs})
    async with database.person(person) as connection:
        await connection.execute(text("update zoom_credentials set refresh_token = access_token"))

    for user_id in (person, other_person):
        with pytest.raises(MomentumError) as caught:
            await get(user_id)
        assert caught.value.code is ErrorCode.SEALED_VALUE_UNREADABLE


async def test_nobody_is_connected_before(get, person):
    assert await get(person) is None


async def test_connecting_again_replaces_and_reactivates(save, get, database, person):
    await save(person, state=ConnectionState.SCOPE_MISSING, reason="because")
    assert (await get(person)).state_reason == "because"

    await save(person, Grant("access-2", "refresh-2", NOW + 2 * HOUR), Account("another", None, None), now=NOW + HOUR)

    found = await get(person)
    assert (found.access_token, found.state, found.state_reason) == ("access-2", ConnectionState.ACTIVE, None)
    assert (found.account.user_id, found.account.email, found.scopes) == ("another", None, ())
    assert found.connected_at == NOW + HOUR


async def test_an_account_of_another_person_is_refused_and_nothing_stored(save, get, person, other_person):
    await save(person)

    with pytest.raises(Conflict) as caught:
        await save(other_person)

    assert caught.value.code is ErrorCode.ACCOUNT_TAKEN
    assert await get(other_person) is None
    assert (await get(person)).access_token == "access-1"


async def test_of_two_people_who_connect_one_account_at_once_one_gets_it(save, get, person, other_person):
    outcomes = await asyncio.gather(save(person), save(other_person), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
    assert len([found for found in (await get(person), await get(other_person)) if found]) == 1


async def test_the_owner_of_an_account_can_be_told_without_being_known(save, get, database, person):
    await save(person)

    async with database.nobody() as connection:
        assert await credentials.owner_of(connection, "zoom", "zoom-user") == person
        assert await credentials.owner_of(connection, "zoom", "nobody") is None
        assert await credentials.suspend_account(connection, "zoom", "zoom-user", reason="ended", now=NOW)
        assert not await credentials.suspend_account(connection, "zoom", "nobody", reason="ended", now=NOW)

    found = await get(person)
    assert (found.state, found.state_reason) == (ConnectionState.RECONNECT_REQUIRED, "ended")


async def test_the_first_reason_stays_and_only_the_connection_meant_is_marked(save, get, database, person):
    await save(person)

    async def mark(state, reason, **values):
        async with database.person(person) as connection:
            return await credentials.set_state(connection, "zoom", person, state=state, reason=reason, now=NOW, **values)

    assert not await mark(ConnectionState.FORBIDDEN, "of a connection before", connected_at=NOW - HOUR)
    assert await mark(ConnectionState.SCOPE_MISSING, "first", connected_at=NOW)
    assert not await mark(ConnectionState.FORBIDDEN, "second")
    assert ((await get(person)).state, (await get(person)).state_reason) == (ConnectionState.SCOPE_MISSING, "first")


async def test_a_renewal_keeps_what_the_answer_leaves_out(save, get, database, vault, person):
    await save(person)
    former = await get(person)

    async with database.person(person) as connection:
        assert await credentials.renew(connection, vault, former, Grant("access-2", "refresh-2", NOW + 2 * HOUR), now=NOW + HOUR)

    found = await get(person)
    assert (found.access_token, found.refresh_token, found.expires_at) == ("access-2", "refresh-2", NOW + 2 * HOUR)
    assert (found.scopes, found.api_base, found.connected_at, found.updated_at) == (GRANT.scopes, GRANT.api_base, NOW, NOW + HOUR)


async def test_a_renewal_of_a_former_connection_changes_nothing(save, get, database, vault, person):
    await save(person)
    former = await get(person)
    await save(person, Grant("access-new", "refresh-new", NOW + HOUR))

    async with database.person(person) as connection:
        assert not await credentials.renew(connection, vault, former, Grant("access-2", "refresh-2", NOW + HOUR), now=NOW)

    assert (await get(person)).access_token == "access-new"


async def test_removing_gives_what_it_was(save, get, database, vault, person):
    await save(person)

    async with database.person(person) as connection:
        gone = await credentials.remove(connection, vault, "zoom", person)
        assert await credentials.remove(connection, vault, "zoom", person) is None

    assert gone.refresh_token == "refresh-1"
    assert await get(person) is None


async def test_tokens_that_no_key_opens_can_be_removed_and_replaced(save, get, database, vault, person):
    await save(person)
    async with database.person(person) as connection:
        await connection.execute(text("update zoom_credentials set access_token = 'broken'"))

    async with database.person(person) as connection:
        gone = await credentials.remove(connection, vault, "zoom", person)
    assert (gone.access_token, gone.refresh_token) == ("", "")
    await save(person)
    assert (await get(person)).access_token == "access-1"


async def test_another_process_reads_tokens_of_a_key_it_has_not_met(save, database, vault, kek_settings, person):
    elsewhere = await open_vault(database, kek_settings)

    async def at_once(_seconds):
        pass

    await rotate(database, vault, sleep=at_once, drop=True)
    await save(person)

    async with database.person(person) as connection:
        assert (await credentials.get(connection, elsewhere, "zoom", person)).access_token == "access-1"
