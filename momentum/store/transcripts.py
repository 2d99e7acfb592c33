"""Transcripts: one artefact per processing and per what it was made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import ErrorCode, NotFound
from momentum.model import Transcript
from momentum.store import indexings, pages, serial, tables

_table = tables.transcripts
_order = pages.Order(_table.c.created_at, _table.c.id)
_SUMMARY = ("id", "recording_id", "processing_id", "source", "engine", "language", "seconds", "word_count", "created_at")


@dataclass(frozen=True, slots=True)
class TranscriptSummary:
    """A transcript without its words."""

    id: UUID
    recording_id: UUID
    processing_id: UUID
    topic: str
    recorded_at: datetime | None
    source: str
    engine: str
    language: str | None
    seconds: float
    word_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredTranscript:
    """A transcript and what it belongs to."""

    summary: TranscriptSummary
    transcript: Transcript

    @property
    def id(self) -> UUID:
        return self.summary.id


@dataclass(frozen=True, slots=True)
class KeptTranscript:
    """A transcript as the database gave it: the words of three hours are tenths of a second to parse, beside the event loop."""

    summary: TranscriptSummary
    segments: str
    """JSON."""
    gaps: Sequence[Sequence[Any]]
    participants: Sequence[str] | None

    @property
    def id(self) -> UUID:
        return self.summary.id

    def parsed(self) -> StoredTranscript:
        about = self.summary
        segments, gaps = serial.load_segments(json.loads(self.segments)), serial.load_gaps(self.gaps)
        participants = None if self.participants is None else tuple(self.participants)
        words = Transcript(segments, about.language, about.seconds, about.source, about.engine, gaps, participants)
        return StoredTranscript(about, words)


async def save(
    connection: AsyncConnection, *, user_id: UUID, recording_id: UUID, processing_id: UUID, made_from: str, transcript: Transcript
) -> UUID:
    """Keep a transcript; the same `made_from` of one processing is kept once. Gives its id."""
    values = {
        "user_id": user_id,
        "recording_id": recording_id,
        "processing_id": processing_id,
        "made_from": made_from,
        "source": transcript.source,
        "engine": serial.clean(transcript.engine),
        "language": serial.clean(transcript.language),
        "seconds": transcript.seconds,
        "word_count": transcript.word_count,
        "segments": serial.dump_segments(transcript.segments),
        "gaps": serial.dump_gaps(transcript.gaps),
        "participants": None if transcript.participants is None else [serial.clean(name) for name in transcript.participants],
    }
    statement = insert(_table).values(values).on_conflict_do_nothing(index_elements=["processing_id", "made_from"])
    made: UUID | None = await connection.scalar(statement.returning(_table.c.id))
    if made:
        await indexings.mark(connection, user_id, recording_id)
    return made or await _kept(connection, processing_id, made_from)


async def find(connection: AsyncConnection, processing_id: UUID, made_from: str) -> UUID | None:
    """Id of the transcript that this processing made from exactly this."""
    query = select(_table.c.id).where(_table.c.processing_id == processing_id, _table.c.made_from == made_from)
    found: UUID | None = await connection.scalar(query)
    return found


async def find_earlier(connection: AsyncConnection, recording_id: UUID, made_from: str) -> TranscriptSummary | None:
    """What another processing of the recording made from exactly this: the one that was corrected last, else the newest."""
    corrected = select(func.max(tables.corrections.c.made_at)).where(
        tables.corrections.c.transcript_id == _table.c.id, tables.corrections.c.withdrawn_at.is_(None)
    )
    order = (corrected.scalar_subquery().desc().nulls_last(), _table.c.created_at.desc(), _table.c.id)
    query = _select().where(_table.c.recording_id == recording_id, _table.c.made_from == made_from).order_by(*order).limit(1)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else TranscriptSummary(**row)


async def get(connection: AsyncConnection, transcript_id: UUID) -> StoredTranscript:
    """Raises NotFound, also for somebody else's."""
    return (await kept(connection, transcript_id)).parsed()


async def kept(connection: AsyncConnection, transcript_id: UUID, *, words: bool = True) -> KeptTranscript:
    """A transcript, not yet parsed; its segments without times of their words where `words` is False. Raises NotFound."""
    segments = cast(_table.c.segments if words else _WORDLESS, Text).label("segments")
    row = (await connection.execute(_select(segments, _table.c.gaps, _table.c.participants).where(_table.c.id == transcript_id))).mappings()
    found = row.one_or_none()
    if found is None:
        raise _unknown()
    values = dict(found)
    rest = {name: values.pop(name) for name in ("segments", "gaps", "participants")}
    return KeptTranscript(TranscriptSummary(**values), **rest)


async def about(connection: AsyncConnection, transcript_id: UUID) -> TranscriptSummary:
    """A transcript without its words. Raises NotFound, also for somebody else's."""
    row = (await connection.execute(_select().where(_table.c.id == transcript_id))).mappings().one_or_none()
    if row is None:
        raise _unknown()
    return TranscriptSummary(**row)


async def page(
    connection: AsyncConnection, user_id: UUID, *, size: int, after: str | None = None, recording_id: UUID | None = None
) -> pages.Page[TranscriptSummary]:
    """A person's transcripts without their words, newest first. Raises Invalid(INVALID_PAGE_TOKEN)."""
    query = _select().where(_table.c.user_id == user_id)
    if recording_id is not None:
        query = query.where(_table.c.recording_id == recording_id)
    rows = (await connection.execute(_order.apply(query, after=after, size=size))).mappings()
    return pages.page([TranscriptSummary(**row) for row in rows], size, lambda row: (row.created_at, row.id))


# A segment's words are four fifths of it.
_WORDLESS: ColumnElement[Any] = literal_column("""(
    select coalesce(jsonb_agg(segment - 'w' order by place), '[]')
    from jsonb_array_elements(transcripts.segments) with ordinality t(segment, place)
)""")


def _unknown() -> NotFound:
    return NotFound(ErrorCode.NOT_FOUND, "There is no such transcript.")


def _select(*more: Any) -> Select[Any]:
    recording = tables.recordings.c
    columns = (*(_table.c[name] for name in _SUMMARY), recording.topic, recording.started_at.label("recorded_at"), *more)
    return select(*columns).join(tables.recordings, recording.id == _table.c.recording_id)


async def _kept(connection: AsyncConnection, processing_id: UUID, made_from: str) -> UUID:
    found = await find(connection, processing_id, made_from)
    if found is None:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such processing.")
    return found
