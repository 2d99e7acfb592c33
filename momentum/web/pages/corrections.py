"""Putting right who said what, and what was said: first what it would change, then the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from momentum.app import App
from momentum.corrections import Layer, body
from momentum.errors import ErrorCode, Invalid, MomentumError, NotFound
from momentum.languages import N_
from momentum.pipeline import correct, elsewhere
from momentum.store import corrections, transcripts
from momentum.web.api.correction_models import AskedOfTranscript, layer_of
from momentum.web.door import World
from momentum.web.pages import shown, words
from momentum.web.view import Acting, Reading, see_other
from momentum.web.witness import audited

router = APIRouter(include_in_schema=False)

MOST_SHOWN = 200
"""Differences that a page shows; how many more there are is told."""
_ASKED: TypeAdapter[Any] = TypeAdapter(AskedOfTranscript)
NOT_READABLE = N_("Fill in both fields with something that can be read.")

Text = Annotated[str | None, Query(max_length=5_000)]
Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


class CorrectionForm:
    """A correction as the fields of a form, in an address or in a body: those that are empty are left out."""

    def __init__(self, kind: str | None, **fields: Any) -> None:
        self.fields = {"kind": kind} | {name: value for name, value in fields.items() if value not in {None, ""}}

    def layer(self) -> Layer:
        """Raises Invalid."""
        try:
            return layer_of(_ASKED.validate_python(self.fields))
        except ValidationError:
            raise Invalid(ErrorCode.INVALID_REQUEST, NOT_READABLE) from None


@router.get("/transcripts/{transcript_id}/correct", dependencies=[audited("transcript.read", "transcript")])
async def look(
    world: World,
    view: Reading,
    transcript_id: UUID,
    kind: Annotated[str | None, Query(max_length=30)] = None,
    speaker: Text = None,
    name: Text = None,
    term: Text = None,
    replacement: Text = None,
    segment: Number = None,
    text: Text = None,
    first: Number = None,
    last: Number = None,
) -> Response:
    """The forms; with one of them filled in, what it would change. Nothing is changed here."""
    found = await correct.read_meeting(world.database, view.person, transcript_id)
    fields = {"speaker": speaker, "name": name, "term": term, "replacement": replacement}
    wanted = CorrectionForm(kind, **fields, segment=segment, text=text, first=first, last=last)
    differences: Sequence[correct.Difference] = ()
    problem = None
    if kind is not None:
        try:
            differences = await correct.preview(world.database, view.person, transcript_id, wanted.layer())
        except MomentumError as error:
            problem = error.detail
    return view.page(
        "correct.html",
        summary=found.transcript.shown.summary,
        speakers=found.transcript.shown.transcript.speakers,
        kind=kind,
        fields=wanted.fields,
        given={name: value or "" for name, value in fields.items()},
        differences=differences[:MOST_SHOWN],
        more=max(0, len(differences) - MOST_SHOWN),
        count=len(differences),
        problem=problem,
        place=segment if segment is not None else first,
        names=words.CORRECTIONS,
    )


@router.post("/transcripts/{transcript_id}/correct", dependencies=[audited("transcript.correct", "transcript")])
async def accept(
    world: World,
    view: Acting,
    transcript_id: UUID,
    kind: Annotated[str, Form(max_length=30)],
    speaker: Annotated[str | None, Form(max_length=1_000)] = None,
    name: Annotated[str | None, Form(max_length=1_000)] = None,
    term: Annotated[str | None, Form(max_length=1_000)] = None,
    replacement: Annotated[str | None, Form(max_length=1_000)] = None,
    segment: Annotated[int | None, Form()] = None,
    text: Annotated[str | None, Form(max_length=5_000)] = None,
    first: Annotated[int | None, Form()] = None,
    last: Annotated[int | None, Form()] = None,
) -> Response:
    """The button under what would change."""
    fields = {"speaker": speaker, "name": name, "term": term, "replacement": replacement}
    layer = CorrectionForm(kind, **fields, segment=segment, text=text, first=first, last=last).layer()
    try:
        made, _ = await correct.correct(world.database, view.person, transcript_id, layer, now=world.clock())
    except correct.NothingChanges:  # pressed twice
        return see_other(await _meeting_of(world, view.person, transcript_id))
    if elsewhere.is_general(layer):
        return see_other(f"/corrections/{made.id}/elsewhere")
    at = urlencode({"at": segment if segment is not None else first or 0})
    return see_other(f"/meetings/{made.recording_id}?{at}#transcript")


async def _meeting_of(world: App, user_id: UUID, transcript_id: UUID) -> str:
    async with world.database.person(user_id) as connection:
        return f"/meetings/{(await transcripts.about(connection, transcript_id)).recording_id}"


@router.get("/transcripts/{transcript_id}/segments/{segment}", dependencies=[audited("transcript.read", "transcript")])
async def stretch(world: World, view: Reading, transcript_id: UUID, segment: int, last: Number = None) -> Response:
    """What somebody said in one go, a form for each sentence. Raises NotFound."""
    found = (await correct.read_meeting(world.database, view.person, transcript_id)).transcript.shown
    ids = [one.id for one in found.transcript.segments]
    if segment not in ids:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such segment.")
    begin = ids.index(segment)
    end = min(ids.index(last), begin + shown.WINDOW - 1) if last in ids else begin
    segments = found.transcript.segments[begin : end + 1]
    return view.page("segments.html", summary=found.summary, segments=segments, speakers=found.transcript.speakers)


@router.get("/transcripts/{transcript_id}/corrections", dependencies=[audited("transcript.read_corrections", "transcript")])
async def made_so_far(world: World, view: Reading, transcript_id: UUID) -> Response:
    """Every correction of a transcript and its documents, newest first."""
    async with world.database.person(view.person) as connection:
        about = await transcripts.about(connection, transcript_id)
        made = await corrections.of_transcript(connection, transcript_id)
    rows = [(one, body(one.layer), elsewhere.is_general(one.layer)) for one in reversed(made)]
    return view.page("corrections.html", summary=about, rows=rows, names=words.CORRECTIONS)


@router.post("/corrections/{correction_id}/undo", dependencies=[audited("correction.withdraw", "correction")])
async def undo(world: World, view: Acting, correction_id: UUID) -> Response:
    """The button that takes a correction away."""
    async with world.database.person(view.person) as connection:
        withdrawn = await corrections.withdraw(connection, correction_id, now=world.clock())
    return see_other(f"/transcripts/{withdrawn.transcript_id}/corrections")


@router.get("/corrections/{correction_id}/elsewhere", dependencies=[audited("correction.offer", "correction")])
async def offered(world: World, view: Reading, correction_id: UUID) -> Response:
    """Other meetings in which the same name or term would change."""
    async with world.database.person(view.person) as connection:
        made = await corrections.get(connection, correction_id)
    found = await elsewhere.offers(world.database, view.person, correction_id)
    if not found.offers:
        return see_other(f"/meetings/{made.recording_id}")
    return view.page("elsewhere.html", made=made, fields=body(made.layer), found=found, names=words.CORRECTIONS)


@router.post("/corrections/{correction_id}/elsewhere", dependencies=[audited("correction.carry_over", "correction")])
async def carry_over(
    world: World, view: Acting, correction_id: UUID, transcript_id: Annotated[list[UUID] | None, Form(max_length=50)] = None
) -> Response:
    """The button that makes it in those that are ticked."""
    async with world.database.person(view.person) as connection:
        made = await corrections.get(connection, correction_id)
    if transcript_id:
        await elsewhere.carry_over(world.database, view.person, correction_id, transcript_id, now=world.clock())
    return see_other(f"/meetings/{made.recording_id}")
