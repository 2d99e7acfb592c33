"""Remarks on steps, and how long they took before."""

import pytest

from momentum.model import Remark
from momentum.store import processings, steps

pytestmark = pytest.mark.anyio


async def test_paces_are_the_median_of_what_was_really_done(database, person, other_person, running_processing, now):
    for user_id, number, seconds, why in (
        (person, 1, 10.0, None),
        (person, 2, 20.0, None),
        (person, 3, 60.0, Remark.NO_MODEL),
        (person, 4, 0.1, Remark.TAKEN_OVER),
        (other_person, 1, 500.0, None),
    ):
        made = await running_processing(user_id, key=str(number))
        async with database.person(user_id) as connection:
            await processings.set_made(connection, made.id, transcript_id=None, audio_seconds=100.0)
            await processings.finish_step(connection, made.id, "generate", seconds=seconds, now=now)
            if why:
                await steps.remark(connection, made.id, "generate", why)
            await processings.set_done(connection, made.id, now=now)
    async with database.person(person) as connection:
        assert await steps.paces(connection, person) == {"generate": pytest.approx(0.2)}


async def test_a_remark_is_forgotten_when_its_step_begins_anew(database, person, running_processing, now):
    made = await running_processing(person)
    async with database.person(person) as connection:
        await steps.remark(connection, made.id, "transcribe", Remark.CAPTIONS)
        await steps.remark(connection, made.id, "attribute", Remark.NO_NAMES)
        assert (await processings.get(connection, made.id)).remarks == {"transcribe": "captions", "attribute": "no_names"}
        assert (await processings.start_step(connection, made.id, "attribute", now=now)).remarks == {"transcribe": "captions"}
