"""What a meeting's page shows, put together from what was read; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from momentum.analysis import talk
from momentum.analysis.turns import UNKNOWN, speaker_of
from momentum.corrections import ClaimLayer, machine_id
from momentum.languages.translator import Translator
from momentum.model import Claim, ClaimState, Deliverable, Ruling, Segment, Transcript
from momentum.pipeline.correct import ReadDeliverable
from momentum.store.corrections import Correction
from momentum.store.recordings import StoredRecording
from momentum.web.pages.evidence import Piece, marked
from momentum.writers.markdown import outline

WINDOW = 80
"""Segments of the transcript on one page."""
BEFORE = 15
"""Of these, how many stand before the one that was asked for."""
COLOURS = 8
"""Of the palette in momentum.css; more speakers than that share them."""
BAR = 1000
"""Units of the coverage bar's width."""


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """One claim. `before`: as the machine left it, where it reads otherwise now; `undo`: the correction that can be withdrawn."""

    number: int
    claim: Claim
    state: str
    said_by: str
    before: Claim | None
    undo: UUID | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Speaker:
    """`share` is of all talk time, 0..1."""

    name: str
    colour: int
    seconds: float
    share: float
    estimated: bool
    known: bool


@dataclass(frozen=True, slots=True)
class ShownSegment:
    """A segment in pieces, the quote of the chosen claim marked."""

    id: int
    start: float
    pieces: list[Piece]
    marks: tuple[str, ...]
    cited: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """Segments of one speaker in a row."""

    speaker: str
    colour: int
    start: float
    first: int
    last: int
    estimated: bool
    segments: list[ShownSegment]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the transcript; `earlier` and `later` are the segments to ask for next."""

    turns: list[Turn]
    earlier: int | None
    later: int | None


# --- claims ---------------------------------------------------------------------------------------


def sections(read: ReadDeliverable, made: Iterable[Correction], chosen: int | None, t: Translator) -> list[tuple[str, list[ShownClaim]]]:
    """(heading, claims) in the document's order."""
    shown, undo = read.shown.deliverable, _undo(made, read.shown.id)
    numbers = {id(claim): number for number, claim in enumerate(shown.claims)}
    return [(heading, [_claim(numbers[id(c)], read, undo, chosen) for c in claims]) for heading, claims in outline(shown, t)]


def left_out(read: ReadDeliverable, made: Iterable[Correction], chosen: int | None) -> list[ShownClaim]:
    """Claims that stand in no section: dropped by the check, or rejected by the person."""
    undo = _undo(made, read.shown.id)
    gone = [n for n, c in enumerate(read.shown.deliverable.claims) if c.state is ClaimState.DROPPED or c.ruling is Ruling.REJECTED]
    return [_claim(n, read, undo, chosen) for n in gone]


def _undo(made: Iterable[Correction], deliverable_id: UUID) -> dict[int, UUID]:
    """Place of a claim -> the last correction of it."""
    return {one.layer.claim: one.id for one in made if one.deliverable_id == deliverable_id and isinstance(one.layer, ClaimLayer)}


def _claim(number: int, read: ReadDeliverable, undo: Mapping[int, UUID], chosen: int | None) -> ShownClaim:
    claim, was = read.shown.deliverable.claims[number], read.original.deliverable.claims[number]
    edited = claim.ruling is Ruling.EDITED
    return ShownClaim(
        number=number,
        claim=claim,
        state=str(claim.ruling or claim.state),
        said_by=_said_by(claim, read.shown.deliverable),
        before=was if edited else None,
        undo=undo.get(number),
        chosen=number == chosen,
    )


def _said_by(claim: Claim, deliverable: Deliverable) -> str:
    speakers = deliverable.extra.get("speakers")
    known: dict[str, Any] = speakers if isinstance(speakers, dict) else {}
    return ", ".join(dict.fromkeys(str(known[str(i)]) for i in claim.segment_ids if str(i) in known))


# --- who spoke ------------------------------------------------------------------------------------


def speakers(transcript: Transcript) -> list[Speaker]:
    """Most talk time first; their place gives their colour."""
    talked = talk.seconds_of(transcript)
    whole = sum(talked.values()) or 1.0
    estimated = {s.speaker for s in transcript.segments if s.estimated}
    return [
        Speaker(name, place % COLOURS, seconds, seconds / whole, name in estimated, name != UNKNOWN)
        for place, (name, seconds) in enumerate(talked.items())
    ]


# --- what was said --------------------------------------------------------------------------------


def window(transcript: Transcript, found: Sequence[Speaker], *, at: int | None, claim: Claim | None) -> Window:
    """The stretch around the segment `at`, or from the beginning, in turns."""
    segments = transcript.segments
    place = next((n for n, s in enumerate(segments) if s.id == at), 0)
    first = max(0, min(place - BEFORE, len(segments) - WINDOW))
    last = min(len(segments), first + WINDOW)
    colours = {speaker.name: speaker.colour for speaker in found}
    return Window(
        turns=list(_turns(segments[first:last], colours, claim)),
        earlier=segments[max(0, first - WINDOW + BEFORE)].id if first else None,
        later=segments[min(len(segments) - 1, last + BEFORE)].id if last < len(segments) else None,
    )


def _turns(segments: Sequence[Segment], colours: Mapping[str, int], claim: Claim | None) -> Iterator[Turn]:
    group: list[Segment] = []
    for segment in segments:
        if group and segment.speaker != group[-1].speaker:
            yield _turn(group, colours, claim)
            group = []
        group.append(segment)
    if group:
        yield _turn(group, colours, claim)


def _turn(group: Sequence[Segment], colours: Mapping[str, int], claim: Claim | None) -> Turn:
    first, name = group[0], speaker_of(group[0])
    shown = [_segment(one, claim) for one in group]
    return Turn(name, colours.get(name, 0), first.start, first.id, group[-1].id, first.estimated, shown)


def _segment(segment: Segment, claim: Claim | None) -> ShownSegment:
    cited = claim is not None and machine_id(segment.id) in {machine_id(i) for i in claim.segment_ids}
    pieces = marked(segment.text, claim.quote) if claim is not None and cited else [(segment.text, False)]
    return ShownSegment(segment.id, segment.start, pieces, segment.marks, cited)


# --- what was read --------------------------------------------------------------------------------


def coverage(deliverable: Deliverable, transcript: Transcript) -> list[tuple[int, int, str]]:
    """(x, width, "sent", "cited" or "unread") of stretches of the recording, in units of BAR; nothing where no model was sent any."""
    cover = deliverable.coverage
    if not cover.sent or not transcript.seconds:
        return []
    sent, cited = set(cover.sent), set(cover.cited)
    stretches: list[tuple[float, float, str]] = []
    for segment in transcript.segments:
        kind = _kind(machine_id(segment.id), sent, cited)
        if stretches and stretches[-1][2] == kind:
            stretches[-1] = (stretches[-1][0], segment.end, kind)
        else:
            stretches.append((segment.start, segment.end, kind))
    each = BAR / transcript.seconds
    return [(int(a * each), max(1, round((b - a) * each)), kind) for a, b, kind in stretches]


def _kind(segment_id: int, sent: set[int], cited: set[int]) -> str:
    if segment_id in cited:
        return "cited"
    return "sent" if segment_id in sent else "unread"


# --- elsewhere ------------------------------------------------------------------------------------


def player_link(recording: StoredRecording, seconds: float | None) -> str | None:
    """The provider's player at that second; Zoom's takes the moment in milliseconds since 1970 (`startTime` of its own share links)."""
    if not recording.share_url or not recording.share_url.startswith("https://"):
        return None
    began = _began(recording)
    if began is None or seconds is None:
        return recording.share_url
    moment = round((began + timedelta(seconds=seconds)).timestamp() * 1000)
    parts = urlsplit(recording.share_url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "startTime"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("startTime", moment)])))


def _began(recording: StoredRecording) -> datetime | None:
    """When the first file begins: what the transcript counts from."""
    starts = [file.started_at for file in recording.files if file.started_at is not None]
    return min(starts, default=recording.started_at)
