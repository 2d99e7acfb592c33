from dataclasses import replace
from uuid import uuid4

import pytest

from momentum.errors import NotFound
from momentum.model import Gap, Segment
from momentum.store import transcripts

pytestmark = pytest.mark.anyio


@pytest.fixture
def save(database):
    async def run(processing, transcript, made_from="m"):
        of = {"user_id": processing.user_id, "recording_id": processing.recording_id, "processing_id": processing.id}
        async with database.person(processing.user_id) as connection:
            return await transcripts.save(connection, **of, made_from=made_from, transcript=transcript)

    return run


@pytest.mark.parametrize("participants", [None, (), ("Lena Ortiz", "Sam Ode")])
async def test_a_transcript_comes_back_as_it_was(database, person, keep_processing, save, a_transcript, participants):
    given = replace(a_transcript, gaps=(Gap(1.0, 2.0),), participants=participants)
    kept = await save(await keep_processing(person), given)
    async with database.person(person) as connection:
        found = await transcripts.get(connection, kept)

    assert found.transcript == given
    assert (found.summary.topic, found.summary.word_count) == ("Weekly planning", 6)


async def test_a_transcript_comes_without_its_words_where_they_are_not_asked_for(database, person, keep_processing, save, a_transcript):
    processing = await keep_processing(person)
    given, empty = [await save(processing, one, str(n)) for n, one in enumerate((a_transcript, replace(a_transcript, segments=())))]
    async with database.person(person) as connection:
        found = (await transcripts.kept(connection, given, words=False)).parsed().transcript
        assert (await transcripts.kept(connection, empty, words=False)).parsed().transcript.segments == ()
        assert await transcripts.about(connection, given) == (await transcripts.get(connection, given)).summary

    assert any(segment.words for segment in a_transcript.segments)
    assert found == replace(a_transcript, segments=tuple(replace(segment, words=()) for segment in a_transcript.segments))


async def test_what_was_made_from_the_same_is_kept_once(database, person, keep_processing, save, a_transcript):
    processing = await keep_processing(person)
    first = await save(processing, a_transcript)

    assert await save(processing, replace(a_transcript, segments=())) == first
    assert await save(processing, a_transcript, "other") != first
    async with database.person(person) as connection:
        assert await transcripts.find(connection, processing.id, "m") == first
        assert await transcripts.find(connection, processing.id, "unknown") is None


async def test_words_that_postgresql_cannot_hold_are_cleaned(database, person, keep_processing, save, a_transcript):
    dirty = replace(a_transcript, segments=(Segment(0, 0.0, 1.0, "a\0\ud800", speaker="\0"),))
    kept = await save(await keep_processing(person), dirty)
    async with database.person(person) as connection:
        assert (await transcripts.get(connection, kept)).transcript.segments == (Segment(0, 0.0, 1.0, "a\ufffd", speaker=""),)


async def test_another_persons_transcript_is_not_found(database, person, other_person, keep_processing, save, a_transcript):
    kept = await save(await keep_processing(other_person), a_transcript)
    async with database.person(person) as connection:
        for transcript_id in (kept, uuid4()):
            with pytest.raises(NotFound):
                await transcripts.get(connection, transcript_id)
            with pytest.raises(NotFound):
                await transcripts.about(connection, transcript_id)


async def test_pages_hold_summaries_newest_first(database, person, keep_processing, save, a_transcript):
    processing = await keep_processing(person)
    made = [await save(processing, a_transcript, str(n)) for n in range(3)]
    async with database.person(person) as connection:
        first = await transcripts.page(connection, person, size=2)
        second = await transcripts.page(connection, person, size=2, after=first.next_token)
        nothing = await transcripts.page(connection, person, size=2, recording_id=uuid4())

    assert [row.id for row in (*first.rows, *second.rows)] == made[::-1]
    assert (second.next_token, nothing.rows) == (None, ())
