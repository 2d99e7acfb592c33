"""A meeting: what was written of it beside what was said, every claim with its evidence."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from markupsafe import Markup

from momentum.app import App
from momentum.errors import ErrorCode, NotFound
from momentum.languages.translator import Translator, into
from momentum.model import Deliverable
from momentum.pipeline.correct import ReadDeliverable, ReadMeeting, read_meeting
from momentum.store import deliverables, processings, recordings, templates, transcripts
from momentum.store.deliverables import DeliverableSummary
from momentum.store.recordings import StoredRecording
from momentum.store.templates import Template
from momentum.web.api import documents
from momentum.web.api.connections import PROVIDERS
from momentum.web.door import World
from momentum.web.pages import shown, words
from momentum.web.view import Reading, SignedIn, View, see_other
from momentum.web.witness import audited
from momentum.writers import LABELS, WRITERS, receipts
from momentum.writers.exports import DELIVERABLE_FORMATS, FORMATS, TRANSCRIPT_FORMATS
from momentum.writers.exports.web_page import rendered
from momentum.writers.markdown import counted, notices
from momentum.writers.own import PREFIX

router = APIRouter(include_in_schema=False)

MOST_DOCUMENTS = 100
"""Versions of a meeting's documents that are offered."""

Segment = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


@router.get("/deliverables/{deliverable_id}")
async def document(world: World, view: Reading, deliverable_id: UUID) -> Response:
    """Where links to a document lead: to its meeting, with that document open."""
    async with world.database.person(view.person) as connection:
        found = documents.delivered(await deliverables.get(connection, deliverable_id)).about
    return see_other(f"/meetings/{found.recording_id}?document={found.id}")


@router.get("/meetings/{recording_id}", dependencies=[audited("meeting.read", "recording")])
async def meeting(
    world: World,
    view: Reading,
    recording_id: UUID,
    document: UUID | None = None,
    at: Segment = None,
    claim: Segment = None,
) -> Response:
    """A document of the meeting (the newest, unless one is named) beside the transcript around a segment or around a claim's quote."""
    recording, written, transcript_id, forms = await _stored(world, view.person, recording_id, document)
    open_one = _opened(written, recording_id, document)
    of = open_one.transcript_id if open_one else transcript_id
    if of is None:
        return await _nothing_yet(world, view, recording)
    read = await read_meeting(world.database, view.person, of, open_one.id if open_one else None)
    written_of = _document(read, read.deliverable, claim, into(view.language)) if read.deliverable else {"read": None}
    values = _transcript(recording, read, at, claim) | written_of
    values |= {"sharing": world.settings.sharing == "on", "more": _more(world, view, written, forms)}
    opened = urlencode({name: place for name, place in {"at": at, "chosen": claim}.items() if place is not None})
    return view.page("meeting.html", recording=recording, written=_offered(written), about=open_one, opened=opened, **values, **_words())


async def _stored(
    world: App, user_id: UUID, recording_id: UUID, named: UUID | None
) -> tuple[StoredRecording, list[DeliverableSummary], UUID | None, list[Template]]:
    """The recording, its documents newest first and the one that is named, its newest transcript, and the person's own forms.

    Raises NotFound.
    """
    async with world.database.person(user_id) as connection:
        recording = await recordings.get(connection, recording_id)
        if recording is None:
            raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "There is no such recording.")
        written = await deliverables.page(connection, user_id, size=MOST_DOCUMENTS, recording_id=recording_id)
        rows = list(written.rows)
        if named is not None and all(one.id != named for one in rows):
            rows.append(documents.delivered(await deliverables.get(connection, named)).about)
        titled = await documents.retitled(connection, rows)
        heard = await transcripts.page(connection, user_id, size=1, recording_id=recording_id)
        forms = await templates.listed(connection, user_id)
    return recording, titled, heard.rows[0].id if heard.rows else None, forms


def _opened(written: list[DeliverableSummary], recording_id: UUID, wanted: UUID | None) -> DeliverableSummary | None:
    if wanted is None:
        return written[0] if written else None
    found = next((one for one in written if one.id == wanted), None)
    if found is None or found.recording_id != recording_id:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
    return found


def _offered(written: list[DeliverableSummary]) -> dict[UUID, list[DeliverableSummary]]:
    """Documents with their versions, the newest first, by series."""
    by_series: dict[UUID, list[DeliverableSummary]] = {}
    for one in sorted(written, key=lambda w: -w.version):
        by_series.setdefault(one.series, []).append(one)
    return dict(sorted(by_series.items(), key=lambda of: of[1][-1].created_at))


def _more(world: App, view: View, written: list[DeliverableSummary], forms: list[Template]) -> dict[str, str]:
    """Kinds of document that can be written of this meeting and were not yet: name -> label, as the reader reads it."""
    known = {name: view._(label) for name, label in LABELS.items() if name not in WRITERS or world.settings.openai_api_key}
    own_ones = {f"{PREFIX}{form.id}": form.form.name for form in forms} if world.settings.openai_api_key else {}
    there = {one.kind for one in written}
    return {name: label for name, label in (known | own_ones).items() if name not in there}


async def _nothing_yet(world: App, view: SignedIn, recording: StoredRecording) -> Response:
    """The page of a meeting of which nothing was heard or written."""
    processing = None
    if recording.processing is not None:
        async with world.database.person(view.person) as connection:
            processing = await processings.get(connection, recording.processing.id)
    return view.page("meeting_empty.html", recording=recording, p=processing, **_words())


def _transcript(recording: StoredRecording, read: ReadMeeting, at: int | None, claim: int | None) -> dict[str, Any]:
    transcript, document = read.transcript.shown.transcript, read.deliverable.shown.deliverable if read.deliverable else None
    chosen = document.claims[claim] if document and claim is not None and claim < len(document.claims) else None
    if chosen is not None and at is None:
        at = min(chosen.segment_ids, default=None)
    people = shown.speakers(transcript)
    return {
        "transcript": transcript,
        "transcript_id": read.transcript.shown.id,
        "speakers": people,
        "window": shown.window(transcript, people, at=at, claim=chosen),
        "at": at,
        "player": lambda seconds: shown.player_link(recording, seconds),
        "corrected": len(read.made),
    }


def _document(read: ReadMeeting, found: ReadDeliverable, claim: int | None, t: Translator) -> dict[str, Any]:
    deliverable = found.shown.deliverable
    receipt = deliverable.extra.get("receipt")
    return {
        "read": found,
        "deliverable": deliverable,
        "notices": [Markup(rendered(text)) for text in notices(deliverable, t)],  # noqa: S704 -- rendered with raw HTML off
        "counted": counted(deliverable.claims, t),
        "sections": shown.sections(found, read.made, claim, t),
        "left_out": shown.left_out(found, read.made, claim),
        "chapters": _chapters(deliverable),
        "coverage": shown.coverage(deliverable, read.transcript.shown.transcript),
        "bar": shown.BAR,
        "summary": deliverable.summary if deliverable.model else t.said(deliverable.summary),
        "receipt": receipts.in_words(receipt, t) if isinstance(receipt, dict) else None,
    }


def _chapters(deliverable: Deliverable) -> list[tuple[float, int, str]]:
    """(second, segment, title) of the document's topics, in the order of the recording."""
    topics = [c for c in deliverable.claims if c.kind == "topic" and c.start is not None and c.segment_ids]
    return sorted((c.start or 0.0, min(c.segment_ids), c.text) for c in topics if c.state != "dropped")


def _words() -> dict[str, Any]:
    return {
        "states": words.STATES,
        "steps": words.STEPS,
        "retryable": words.RETRYABLE,
        "marks": words.MARKS,
        "claim_states": words.CLAIM_STATES,
        "rulings": words.RULINGS,
        "labels": LABELS,
        "providers": PROVIDERS,
        "formats": FORMATS,
        "exports": DELIVERABLE_FORMATS,
        "transcript_exports": TRANSCRIPT_FORMATS,
    }
