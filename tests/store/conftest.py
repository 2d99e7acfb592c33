"""Builders with defaults for what the store keeps."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from momentum.model import (
    Claim,
    ClaimState,
    Coverage,
    Deliverable,
    Options,
    Recording,
    RecordingFile,
    Segment,
    Tokens,
    Transcript,
    Usage,
    Word,
)
from momentum.store import deliverables, processings, recordings, transcripts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def a_file():
    def build(file_id="f1", **values):
        defaults = {
            "kind": "audio", "file_type": "M4A", "recording_type": "audio_only", "extension": "m4a", "size": 1000,
            "started_at": NOW, "ended_at": NOW, "ready": True, "download_url": "https://zoom.example/secret-url",
        }  # fmt: skip
        return RecordingFile(file_id=file_id, **{**defaults, **values})

    return build


@pytest.fixture
def a_recording(a_file):
    def build(instance_id="uuid-1==", **values):
        defaults = {
            "meeting_number": "85550001234", "topic": "Weekly planning", "started_at": NOW, "timezone": "Europe/Berlin",
            "duration_minutes": 30, "size": 1000, "host_email": "ada@example.org", "files": (a_file(),), "download_token": "secret-token",
        }  # fmt: skip
        return Recording(instance_id=instance_id, **{**defaults, **values})

    return build


@pytest.fixture
def a_transcript():
    words = (Word("Hello", 0.0, 0.5, 0.9), Word("there.", 0.5, 1.0, 0.8))
    segments = (Segment(0, 0.0, 1.0, "Hello there.", speaker="Ada", words=words), Segment(1, 2.0, 3.5, "We ship on Friday."))
    return Transcript(segments, language="en", seconds=4.0, source="own", engine="local:base")


@pytest.fixture
def a_deliverable():
    claims = (
        Claim("decision", "Ship on Friday", "We ship on Friday.", (1,), state=ClaimState.VERIFIED, start=2.0),
        Claim("action", "Tell the customer", "tell them", (0, 1), owner="Ada", due_words="by Friday", due_date=NOW.date()),
    )
    coverage = Coverage(sent=(0, 1), cited=(1,), unread=((5, 7, "the model did not answer"),), missing=(5, 6, 7), tokens=Tokens(9, 9, 1))
    return Deliverable(
        "minutes",
        "1",
        "Planning",
        "en",
        "We ship.",
        claims,
        model="m",
        usage=Usage(10, 5, 1, 0.5),
        coverage=coverage,
        extra={"topics": ["a"]},
        prompt_hash="p",
        input_hash="i",
        usd=0.25,
    )


@pytest.fixture
def do(database):
    """Runs one statement as a person; gives its result."""

    async def run(user_id, statement, **values):
        async with database.person(user_id) as connection:
            return await connection.execute(text(statement), values)

    return run


@pytest.fixture
def keep_recording(database, a_recording):
    """Stores a recording of a person; gives its id."""

    async def keep(user_id, **values):
        async with database.person(user_id) as connection:
            recording = a_recording(**values)
            await recordings.upsert(connection, user_id, "zoom", [recording], now=NOW)
            return (await recordings.find(connection, user_id, "zoom", recording.instance_id)).id

    return keep


@pytest.fixture
def keep_processing(database, keep_recording):
    """Stores a processing of a person's recording; gives it."""

    async def keep(user_id, key="key", **values):
        recording_id = await keep_recording(user_id, **values)
        async with database.person(user_id) as connection:
            processing, _ = await processings.create(connection, user_id, recording_id, "zoom", key, Options())
            return processing

    return keep


@pytest.fixture
def running_processing(database, keep_processing):
    """A processing whose transcription runs."""

    async def keep(user_id, **values):
        processing = await keep_processing(user_id, **values)
        async with database.person(user_id) as connection:
            return await processings.start_step(connection, processing.id, "transcribe", now=NOW)

    return keep


@pytest.fixture
def keep_results(database, a_transcript, a_deliverable):
    """Stores a transcript and a deliverable of a processing; gives their ids."""

    async def keep(processing, made_from="m1"):
        of = {
            "user_id": processing.user_id,
            "recording_id": processing.recording_id,
            "processing_id": processing.id,
            "made_from": made_from,
        }
        async with database.person(processing.user_id) as connection:
            transcript_id = await transcripts.save(connection, **of, transcript=a_transcript)
            return transcript_id, await deliverables.save(connection, **of, transcript_id=transcript_id, deliverable=a_deliverable)

    return keep
