"""Enrolled voices: sealed, one for each name, gone when anybody asks."""

import pytest

from momentum.errors import Conflict, ErrorCode, NotFound
from momentum.model import Voice
from momentum.store import voices

pytestmark = pytest.mark.anyio

ADA = Voice("Ada", (0.6, 0.8))


@pytest.fixture
def keep(database, vault, running_processing, now):
    async def keep(user_id, voice=ADA, **facts):
        processing = await running_processing(user_id)
        about = {"recording_id": processing.recording_id, "encoder": "e", "seconds": 20.0, "now": now, **facts}
        async with database.person(user_id) as connection:
            return await voices.save(connection, vault, user_id, voice, **about)

    return keep


async def listed(database, user_id):
    async with database.person(user_id) as connection:
        return await voices.mine(connection, user_id)


async def test_a_voice_comes_back_and_is_sealed(database, vault, person, keep, do):
    voice_id = await keep(person)
    async with database.person(person) as connection:
        (known,) = await voices.known(connection, vault, person, encoder="e")
        assert await voices.known(connection, vault, person, encoder="another") == ()
    assert (known.name, known.vector) == ("Ada", pytest.approx(ADA.vector))
    assert "0.6" not in repr(known)
    stored = (await do(person, "select vector from voices where id = :them", them=voice_id)).scalar_one()
    assert vault.is_current(stored)


async def test_a_name_has_one_voice(database, person, keep, now):
    first, second = await keep(person), await keep(person, seconds=40.0)
    assert [(v.id, v.seconds, v.consented_at) for v in await listed(database, person)] == [(second, 40.0, now)]
    assert first == second


async def test_a_voice_is_deleted_by_its_person_alone(database, person, other_person, keep):
    voice_id = await keep(person)
    async with database.person(other_person) as connection:
        with pytest.raises(NotFound):
            await voices.delete(connection, voice_id)
    async with database.person(person) as connection:
        await voices.delete(connection, voice_id)
    assert await listed(database, person) == []


async def test_a_voice_goes_with_its_recording(database, person, keep, do):
    await keep(person)
    await do(person, "delete from recordings")
    assert await listed(database, person) == []


async def test_there_are_not_more_than_a_meeting_can_be_compared_with(database, person, keep, monkeypatch):
    monkeypatch.setattr(voices, "MOST", 1)
    await keep(person)
    await keep(person)
    with pytest.raises(Conflict) as caught:
        await keep(person, Voice("Ben", (1.0, 0.0)))
    assert caught.value.code == ErrorCode.CONFLICT
