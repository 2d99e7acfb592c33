"""Deliverables and transcripts as files to keep, under the person's corrections."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from momentum.model import Meeting
from momentum.pipeline.correct import read_deliverable, read_transcript
from momentum.store import recordings
from momentum.web.api.documents import Original, meeting_of
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited
from momentum.writers import LABELS, dates
from momentum.writers.exports import FORMATS, Format, disposition, file_name

router = APIRouter(prefix="/api", tags=["documents"])

DeliverableFormat = Literal["md", "html", "docx", "pdf", "json", "txt"]
TranscriptFormat = Literal["md", "html", "docx", "pdf", "json", "txt", "vtt", "srt"]
T = TypeVar("T")

# A PDF takes a process of up to 250 MB, and a thread that waits for it.
_TYPESETTERS = asyncio.Semaphore(2)


_DATA = {"type": "object", "required": ["schema", "meeting"], "description": "Its schema stands in docs/reference."}


def _files(applicable: Any) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's 200 of a thing that comes in many forms."""
    kinds = sorted({FORMATS[name].media_type.partition(";")[0] for name in applicable.__args__})
    disposed = {"description": "`attachment`, with a file name of the meeting's day and title.", "schema": {"type": "string"}}
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds} | {"application/json": {"schema": _DATA}}
    return {200: {"description": "The file.", "content": content, "headers": {"Content-Disposition": disposed}}}


@router.get(
    "/deliverables/{deliverable_id}/export",
    responses=responses(401, 404) | _files(DeliverableFormat),
    response_class=Response,
    dependencies=[audited("deliverable.export", "deliverable")],
)
async def export_deliverable(
    world: World,
    person: Asking,
    deliverable_id: UUID,
    format: Annotated[DeliverableFormat, Query()],  # noqa: A002 -- the API's word
    original: Original = False,
) -> Response:
    """A deliverable as a file: Markdown, HTML in one file, Word, PDF, JSON or text."""
    found = await read_deliverable(world.database, person.user_id, deliverable_id)
    kept, form = found.original if original else found.shown, FORMATS[format]
    assert form.of_deliverable is not None  # noqa: S101 -- DeliverableFormat names those that have one
    meeting = dataclasses.replace(meeting_of(kept), title=kept.deliverable.title or kept.about.topic)
    content = await _made(form, form.of_deliverable, kept.deliverable, meeting)
    label = kept.about.label or LABELS.get(kept.about.kind, kept.about.kind.replace("_", " ").capitalize())
    return _file(content, form, meeting, label)


@router.get(
    "/transcripts/{transcript_id}/export",
    responses=responses(401, 404) | _files(TranscriptFormat),
    response_class=Response,
    dependencies=[audited("transcript.export", "transcript")],
)
async def export_transcript(
    world: World,
    person: Asking,
    transcript_id: UUID,
    format: Annotated[TranscriptFormat, Query()],  # noqa: A002 -- the API's word
    original: Original = False,
) -> Response:
    """A transcript as a file: captions (WebVTT, SubRip), Markdown, HTML in one file, Word, PDF, JSON or text."""
    found = await read_transcript(world.database, person.user_id, transcript_id)
    async with world.database.person(person.user_id) as connection:
        recording = await recordings.get(connection, found.shown.summary.recording_id)
    kept, form = found.original if original else found.shown, FORMATS[format]
    assert form.of_transcript is not None  # noqa: S101 -- TranscriptFormat names those that have one
    zone = recording.timezone if recording else None
    meeting = Meeting(kept.summary.topic, kept.summary.recorded_at, zone)
    content = await _made(form, form.of_transcript, kept.transcript, meeting)
    return _file(content, form, meeting, "Transcript")


async def _made(form: Format, make: Callable[[T, Meeting], bytes], what: T, meeting: Meeting) -> bytes:
    async with _TYPESETTERS if form is FORMATS["pdf"] else contextlib.nullcontext():
        return await asyncio.to_thread(make, what, meeting)


def _file(content: bytes, form: Format, meeting: Meeting, label: str) -> Response:
    day = dates.local_date(meeting)
    name = file_name(*([day.isoformat()] if day else []), meeting.title, label, extension=form.extension)
    return Response(content, media_type=form.media_type, headers={"Content-Disposition": disposition(name)})
