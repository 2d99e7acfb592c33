"""Every document and transcript of a person in one ZIP file, which is written while it is sent: none of it waits anywhere."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from momentum.app import App
from momentum.errors import NotFound
from momentum.model import Meeting
from momentum.pipeline.correct import read_deliverable, read_transcript
from momentum.store import deliverables, transcripts
from momentum.store.pages import Page
from momentum.web.api.documents import meeting_of
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import audited
from momentum.writers import LABELS, dates
from momentum.writers.exports import FORMATS, disposition, file_name

router = APIRouter(prefix="/api/me", tags=["me"])

MEDIA_TYPE = "application/zip"
ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "The ZIP file."}
}
_PAGE = 100
_FORMS = (FORMATS["md"], FORMATS["json"])

Kept = tuple[str, bytes]
"""A file's name in the archive, and what it holds."""


class _Pipe(io.RawIOBase):
    """What is written to it, until it is taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


@router.get("/archive", responses=responses(401) | ARCHIVE, response_class=StreamingResponse, dependencies=[audited("person.export")])
async def my_archive(world: World, person: Asking) -> StreamingResponse:
    """All of your documents, each of their versions, and transcripts, under your corrections: as Markdown and as JSON, in a ZIP file."""
    headers = {"Content-Disposition": disposition(f"Momentum {world.clock().date().isoformat()}.zip")}
    return StreamingResponse(_zipped(_everything(world, person.user_id)), media_type=MEDIA_TYPE, headers=headers)


async def _zipped(files: AsyncIterator[list[Kept]]) -> AsyncIterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        async for some in files:
            for name, content in some:
                await asyncio.to_thread(archive.writestr, name, content)
            yield pipe.take()
    yield pipe.take()


async def _everything(world: App, user_id: UUID) -> AsyncIterator[list[Kept]]:
    """The files of one document or transcript after the other, each read when its turn comes."""

    async def written(after: str | None) -> Page[deliverables.DeliverableSummary]:
        async with world.database.person(user_id) as connection:
            return await deliverables.page(connection, user_id, size=_PAGE, after=after)

    async def heard(after: str | None) -> Page[transcripts.TranscriptSummary]:
        async with world.database.person(user_id) as connection:
            return await transcripts.page(connection, user_id, size=_PAGE, after=after)

    async for id_ in _ids(written):
        with suppress(NotFound):  # deleted meanwhile
            yield await _document(world, user_id, id_)
    async for id_ in _ids(heard):
        with suppress(NotFound):
            yield await _transcript(world, user_id, id_)


async def _ids(page: Callable[[str | None], Awaitable[Page[Any]]]) -> AsyncIterator[UUID]:
    token = None
    while True:
        found = await page(token)
        for row in found.rows:
            yield row.id
        if (token := found.next_token) is None:
            return


async def _document(world: App, user_id: UUID, deliverable_id: UUID) -> list[Kept]:
    found = (await read_deliverable(world.database, user_id, deliverable_id)).shown
    meeting = dataclasses.replace(meeting_of(found), title=found.deliverable.title or found.about.topic)
    label = found.about.label or LABELS.get(found.about.kind, found.about.kind)
    name = f"{label} {found.about.version} {str(found.id)[:8]}"
    made = [(form, form.of_deliverable) for form in _FORMS]
    return [
        (_place(meeting, found.about.recording_id, name, form.extension), await asyncio.to_thread(make, found.deliverable, meeting))
        for form, make in made
        if make is not None
    ]


async def _transcript(world: App, user_id: UUID, transcript_id: UUID) -> list[Kept]:
    found = (await read_transcript(world.database, user_id, transcript_id)).shown
    meeting = Meeting(found.summary.topic, found.summary.recorded_at, None)
    made = [(form, form.of_transcript) for form in _FORMS]
    return [
        (
            _place(meeting, found.summary.recording_id, f"Transcript {str(found.id)[:8]}", form.extension),
            await asyncio.to_thread(make, found.transcript, meeting),
        )
        for form, make in made
        if make is not None
    ]


def _place(meeting: Meeting, recording_id: UUID, name: str, extension: str) -> str:
    """A folder for each recording; the file's name has its day and title."""
    day = dates.local_date(meeting)
    return f"{recording_id}/{file_name(*([day.isoformat()] if day else []), meeting.title, name, extension=extension)}"
