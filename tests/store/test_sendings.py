"""What was sent: kept for its person alone, and never changed."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from momentum.outbound.sent import Sending
from momentum.redaction import NOTHING, RECOGNISED, Redaction
from momentum.store import redactions
from momentum.store.sendings import StoredSendings

pytestmark = pytest.mark.anyio


@pytest.fixture
def log_of(database):
    return lambda processing: StoredSendings(database, processing.user_id, processing.id, processing.recording_id)


def sending(now, purpose="minutes", **changes):
    return Sending(**({"at": now, "host": "api.example", "what": "text", "purpose": purpose, "model": "m", "size": 12} | changes))


async def test_what_any_processing_of_a_recording_sent_is_found_by_purpose(person, keep_processing, log_of, now):
    first = await keep_processing(person, key="one")
    second = await keep_processing(person, key="two")
    await log_of(first).note(sending(now))
    await log_of(second).note(sending(now, "openai:whisper-1", what="audio", size=3 * 2**32))
    await log_of(second).note(sending(now, "action_items"))

    found = await log_of(second).of("minutes", "openai:whisper-1")
    assert [(s.purpose, s.size, s.earlier) for s in found] == [("minutes", 12, True), ("openai:whisper-1", 3 * 2**32, False)]
    assert [s.earlier for s in await log_of(first).of("minutes")] == [False]


async def test_nobody_else_sees_it_and_nobody_changes_it(database, person, other_person, keep_processing, log_of, now):
    await log_of(await keep_processing(person)).note(sending(now))
    for user_id, seen in ((person, 1), (other_person, 0)):
        async with database.person(user_id) as connection:
            assert await connection.scalar(text("select count(*) from sendings")) == seen
        for change in ("update sendings set size = 0", "delete from sendings"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with database.person(user_id) as connection:
                    await connection.execute(text(change))


async def test_it_goes_with_its_person(database, person, keep_processing, log_of, now, owner_dsn):
    await log_of(await keep_processing(person)).note(sending(now))
    async with database.person(person) as connection:
        await connection.execute(text("delete from profiles"))
    async with database.person(person) as connection:
        assert await connection.scalar(text("select count(*) from sendings")) == 0


async def test_the_last_word_of_a_person_on_what_to_mask_holds(database, person, other_person):
    async with database.person(person) as connection:
        assert await redactions.get(connection, person) == NOTHING
        await redactions.put(connection, person, Redaction.of(RECOGNISED, ["Dana  Lee", "Dana Lee", " "]))
        await redactions.put(connection, person, Redaction.of(["iban", "card"], ["Dana Lee", "Ém\0ile"]))
        assert await redactions.get(connection, person) == Redaction.of(["card", "iban"], ["Dana Lee", "Émile"])
    async with database.person(other_person) as connection:
        assert await redactions.get(connection, other_person) == NOTHING
