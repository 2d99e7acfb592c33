import asyncio
import base64
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from momentum.errors import Conflict, ErrorCode, MomentumError
from momentum.model import Account, Grant
from momentum.settings import load_settings
from momentum.store import credentials, keys, oauth_states, profiles, tables
from momentum.store.keys import SEALED, open_vault, reseal, rewrap, rotate
from momentum.vault import KEK_FILE, Kek, key_id

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def settings(**values):
    return load_settings(_env_file=None, **values)


def kek_text():
    return base64.b64encode(os.urandom(32)).decode()


async def nap(_seconds):
    """No process has to be waited for."""


def grant(name):
    return Grant(f"access-{name}", f"refresh-{name}", NOW + timedelta(hours=1))


async def connect(database, vault, user_id, name="ada"):
    async with database.person(user_id) as connection:
        account = Account(f"zoom-{user_id}", None, None)
        await credentials.save(connection, vault, "zoom", user_id=user_id, grant=grant(name), account=account, now=NOW)


async def begin(database, vault, user_id, state="state-1"):
    async with database.person(user_id) as connection:
        await oauth_states.begin(
            connection,
            vault,
            user_id=user_id,
            provider="zoom",
            state=state,
            verifier=f"verifier-{state}",
            browser_hash=None,
            expires_at=NOW,
        )


async def read(database, vault, user_id):
    async with database.person(user_id) as connection:
        found = await credentials.get(connection, vault, "zoom", user_id)
    return found.access_token, found.refresh_token


async def sealed_with(owner_dsn, database, people):
    ids = set()
    for user_id in people:
        async with database.person(user_id) as connection:
            for table, columns in SEALED:
                for column in columns:
                    ids |= {key_id(value) for value in (await connection.execute(text(f"select {column} from {table.name}"))).scalars()}
    return ids


async def people_of(database, count):
    made = []
    for number in range(count):
        async with database.nobody() as connection:
            made.append((await profiles.resolve(connection, issuer="test", subject=f"p{number}", email=None, name=None)).id)
    return made


# --- first start --------------------------------------------------------------------------------------


async def test_the_first_start_makes_a_keyset_and_the_next_ones_find_it(database, person):
    given = settings(momentum_kek=kek_text())
    vaults = await asyncio.gather(*(open_vault(database, given) for _ in range(4)))

    await connect(database, vaults[0], person)

    assert len({v.keyset.ids for v in vaults}) == 1
    assert await read(database, vaults[3], person) == ("access-ada", "refresh-ada")


async def test_no_key_stands_in_the_database_unwrapped(database, vault):
    async with database.nobody() as connection:
        stored = await connection.scalar(text("select wrapped from keyset"))

    assert "encryptedKeyset" in stored
    assert "keyData" not in stored


@pytest.mark.parametrize("values", [{"database_url": "postgresql://db/x"}, {"host": "0.0.0.0", "jwt_secret": "x" * 32}])
async def test_outside_the_local_default_a_kek_must_be_given(database, tmp_path, values):
    with pytest.raises(MomentumError) as caught:
        await open_vault(database, settings(momentum_home=tmp_path, **values))

    assert caught.value.code is ErrorCode.KEY_MISSING
    assert "MOMENTUM_KEK" in caught.value.detail
    assert "openssl rand -base64 32" in caught.value.detail
    assert not list(tmp_path.iterdir())


async def test_the_local_default_makes_a_key_file_and_needs_it_from_then_on(database, person, tmp_path):
    local = settings(momentum_home=tmp_path / "home")
    await connect(database, await open_vault(database, local), person)
    assert await read(database, await open_vault(database, local), person) == ("access-ada", "refresh-ada")

    (tmp_path / "home" / KEK_FILE).unlink()
    with pytest.raises(MomentumError) as caught:
        await open_vault(database, local)

    assert caught.value.code is ErrorCode.KEY_MISSING
    assert "MOMENTUM_KEK" in caught.value.detail
    assert not (tmp_path / "home" / KEK_FILE).exists()


@pytest.mark.parametrize("values", [{"database_url": "postgresql://db/x"}, {"host": "0.0.0.0", "jwt_secret": "x" * 32}])
async def test_who_leaves_the_local_default_is_told_where_the_kek_is(database, tmp_path, values):
    async def advice():
        with pytest.raises(MomentumError) as caught:
            await open_vault(database, settings(momentum_home=tmp_path, **values))
        assert caught.value.code is ErrorCode.KEY_MISSING
        return caught.value.detail

    await open_vault(database, settings(momentum_home=tmp_path))
    assert f"set MOMENTUM_KEK to the content of {tmp_path / KEK_FILE}" in await advice()
    (tmp_path / KEK_FILE).unlink()
    assert (await advice()).endswith("Set it to the value it had.")


async def test_another_kek_refuses_to_start(database, tmp_path):
    right, wrong = kek_text(), kek_text()
    await open_vault(database, settings(momentum_kek=right))

    with pytest.raises(MomentumError) as caught:
        await open_vault(database, settings(momentum_kek=wrong))

    assert caught.value.code is ErrorCode.KEY_MISSING
    assert "MOMENTUM_KEK" in caught.value.detail
    assert wrong not in caught.value.detail
    assert caught.value.__cause__ is None


# --- rotation -----------------------------------------------------------------------------------------


async def test_every_sealed_column_is_known():
    secret = {"access_token", "refresh_token", "code_verifier", "seal_key", "vector"}
    found = {(t.name, c.name) for t in tables.metadata.tables.values() for c in t.c if c.name in secret}
    found -= {("vectors", "vector")}  # of a passage: tells no more than its words, which stand beside it

    assert {(table.name, column) for table, columns in SEALED for column in columns} == found


async def test_a_rotation_seals_everything_anew_and_drops_the_old_key(database, owner_dsn, vault):
    people = await people_of(database, 5)
    for user_id in people:
        await connect(database, vault, user_id, str(user_id))
        await begin(database, vault, user_id, f"state-{user_id}")
    old = vault.keyset.primary
    assert await sealed_with(owner_dsn, database, people) == {old}

    done = await rotate(database, vault, batch=2, sleep=nap, drop=True)

    assert (done.resealed, done.unreadable, done.dropped) == (15, 0, (old,))
    assert await sealed_with(owner_dsn, database, people) == {done.new_key}
    assert vault.keyset.ids == (done.new_key,)
    for user_id in people:
        assert await read(database, vault, user_id) == (f"access-{user_id}", f"refresh-{user_id}")


async def test_another_process_learns_a_new_key_when_it_meets_it(database, person, kek_settings, vault):
    elsewhere = await open_vault(database, kek_settings)
    await rotate(database, vault, sleep=nap, drop=True)
    await connect(database, vault, person)

    assert await read(database, elsewhere, person) == ("access-ada", "refresh-ada")
    assert elsewhere.keyset.primary == vault.keyset.primary


async def test_nobody_seals_with_a_former_key(database, owner_dsn, person, kek_settings, vault):
    elsewhere = await open_vault(database, kek_settings)
    await rotate(database, vault, sleep=nap)

    await connect(database, elsewhere, person)

    assert await sealed_with(owner_dsn, database, [person]) == {vault.keyset.primary}


async def test_a_value_read_before_its_key_was_dropped_still_opens(database, person, kek_settings, vault):
    elsewhere = await open_vault(database, kek_settings)
    await connect(database, vault, person)
    async with database.person(person) as connection:
        sealed = await connection.scalar(text("select access_token from zoom_credentials"))
    await rotate(database, vault, sleep=nap, drop=True)
    async with database.nobody() as connection:
        await keys.prepare(connection, elsewhere)

    cell = {"table": "zoom_credentials", "column": "access_token", "user_id": person}
    assert elsewhere.keyset.ids == vault.keyset.ids
    assert elsewhere.open(sealed, **cell) == "access-ada"


async def test_a_value_that_no_key_opens_stays_and_keeps_the_old_key(database, person, other_person, vault):
    await connect(database, vault, person, "ada")
    await connect(database, vault, other_person, "bob")
    async with database.person(person) as connection:
        damaged = (await connection.scalar(text("select access_token from zoom_credentials")))[:-8] + "AAAAAAAA"
        await connection.execute(update(tables.zoom_credentials).values(access_token=damaged))
    old = vault.keyset.primary

    done = await rotate(database, vault, sleep=nap, drop=True)

    assert (done.resealed, done.unreadable, done.dropped) == (3, 1, ())
    assert old in vault.keyset.ids
    assert await read(database, vault, other_person) == ("access-bob", "refresh-bob")
    async with database.person(person) as connection:
        assert await connection.scalar(text("select access_token from zoom_credentials")) == damaged
    with pytest.raises(MomentumError) as caught:
        await read(database, vault, person)
    assert caught.value.code is ErrorCode.SEALED_VALUE_UNREADABLE


async def test_a_rotation_that_was_killed_is_finished_by_the_next(database, owner_dsn, person, vault):
    await connect(database, vault, person)

    async def die(_seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotate(database, vault, sleep=die)
    assert await read(database, vault, person) == ("access-ada", "refresh-ada")

    done = await rotate(database, vault, sleep=nap, drop=True)

    assert len(done.dropped) == 2
    assert await sealed_with(owner_dsn, database, [person]) == {done.new_key}


async def test_of_two_rotations_the_overtaken_one_gives_way(database, person, kek_settings, vault):
    elsewhere = await open_vault(database, kek_settings)
    await connect(database, vault, person)

    async def other_comes_first(_seconds):
        await rotate(database, elsewhere, sleep=nap, drop=True)

    with pytest.raises(Conflict):
        await rotate(database, vault, sleep=other_comes_first, drop=True)

    assert await read(database, vault, person) == ("access-ada", "refresh-ada")


async def test_sealing_anew_twice_changes_nothing(database, person, vault):
    await connect(database, vault, person)
    await rotate(database, vault, sleep=nap)

    assert (await reseal(database, vault)).resealed == 0


async def test_a_refresh_under_way_is_waited_for_and_not_overwritten(database, person, vault):
    await connect(database, vault, person)
    async with database.person(person) as connection:
        held = await credentials.get(connection, vault, "zoom", person, lock=True)
        rotation = asyncio.create_task(rotate(database, vault, sleep=nap))
        # until the new key is promoted: from then on the rotation wants our row
        while vault.is_current(await connection.scalar(text("select access_token from zoom_credentials"))):
            pass
        await credentials.renew(connection, vault, held, grant("new"), now=NOW)
    await rotation

    assert await read(database, vault, person) == ("access-new", "refresh-new")


async def test_the_kek_can_be_changed(database, person, vault):
    await connect(database, vault, person)
    new = kek_text()

    await rewrap(database, vault, Kek.parse(new))

    assert await read(database, await open_vault(database, settings(momentum_kek=new)), person) == ("access-ada", "refresh-ada")
    assert await read(database, vault, person) == ("access-ada", "refresh-ada")


# --- many processes -----------------------------------------------------------------------------------

SEALER = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from uuid import UUID
from momentum.model import Account, Grant
from momentum.settings import load_settings
from momentum.store import credentials, oauth_states
from momentum.store.database import Database
from momentum.store.keys import open_vault

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
url, kek, me, *people = sys.argv[1:]
rounds = 0

async def work(database, vault, user_id, stop):
    global rounds
    while not stop.done():
        rounds += 1
        name = f"{user_id}-{me}-{rounds}"
        grant = Grant("access-" + name, "refresh-" + name, NOW + timedelta(hours=1))
        async with database.person(user_id) as connection:
            await credentials.save(
                connection, vault, "zoom", user_id=user_id, grant=grant, account=Account(f"zoom-{user_id}", None, None), now=NOW
            )
            await oauth_states.begin(
                connection, vault, user_id=user_id, provider="zoom", state=name, verifier=name, browser_hash=None,
                expires_at=NOW + timedelta(minutes=1),
            )
        async with database.person(user_id) as connection:
            found = await credentials.get(connection, vault, "zoom", user_id)
        assert found.access_token.removeprefix("access-") == found.refresh_token.removeprefix("refresh-"), "torn pair"
        assert str(user_id) in found.access_token
        async with database.person(user_id) as connection:
            taken = await oauth_states.take(connection, vault, name, NOW)
        assert taken.verifier == name

async def main():
    database = await Database.open(url, pool_size=4)
    vault = await open_vault(database, load_settings(_env_file=None, momentum_kek=kek))
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print("ready", flush=True)
    async with asyncio.TaskGroup() as group:
        for user_id in people:
            group.create_task(work(database, vault, UUID(user_id), stop))
    await database.aclose()
    print(rounds, flush=True)

asyncio.run(main())
"""


@asynccontextmanager
async def sealer(url, kek, me, people):
    """A process that seals and opens without a pause until its input ends; gives the process, `ready` read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SEALER, url, kek, me, *map(str, people), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_while_processes_seal_and_open_keys_are_rotated_and_nothing_is_unreadable(database, owner_dsn, app_dsn, kek_settings, vault):
    people = await people_of(database, 4)
    kek = kek_settings.momentum_kek.get_secret_value()
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(sealer(app_dsn, kek, f"process{n}", people)) for n in range(2)]
        rotations = [await rotate(database, vault, batch=2, wait=0.1, drop=True) for _ in range(3)]
        written = [(await process.communicate(b""))[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert all(int(rounds) > 10 for rounds in written)
    assert [r.unreadable for r in rotations] == [0] * 3
    assert all(r.dropped for r in rotations)
    assert await sealed_with(owner_dsn, database, people) == {rotations[-1].new_key}
    for user_id in people:
        access, refresh = await read(database, vault, user_id)
        assert access.removeprefix("access-") == refresh.removeprefix("refresh-")
