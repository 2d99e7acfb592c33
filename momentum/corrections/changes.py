"""What differs between two readings of a transcript or a deliverable: for a person to accept, or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from momentum.corrections.cuts import machine_id
from momentum.model import Claim, Deliverable, Segment, Transcript

_CLAIM_FIELDS = ("text", "quote", "owner", "due_words", "due_date", "state", "ruling")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that reads differently. `where` is "segment", "claim", "title", "summary" or "details"; `id` the segment's or claim's.

    `start`: second of the recording. `said`: the words of a segment whose speaker changes.
    """

    where: str
    field: str
    before: str | None
    after: str | None
    id: int | None = None
    start: float | None = None
    said: str | None = None


def changes(before: Transcript | Deliverable, after: Transcript | Deliverable) -> list[Change]:
    """In reading order. Both are of one kind and of one origin."""
    if isinstance(before, Transcript) and isinstance(after, Transcript):
        return list(_of_transcripts(before, after))
    if isinstance(before, Deliverable) and isinstance(after, Deliverable):
        return list(_of_deliverables(before, after))
    raise TypeError("a transcript cannot be compared with a deliverable")


def _of_transcripts(before: Transcript, after: Transcript) -> Iterator[Change]:
    former = {s.id: s for s in before.segments}
    said_before, said_after = _letters_of(before), _letters_of(after)
    for segment in after.segments:
        was = former.get(segment.id) or _whole(before, segment)
        if was is None or was == segment:
            continue
        if segment.speaker != was.speaker:
            yield Change("segment", "speaker", was.speaker, segment.speaker, segment.id, segment.start, segment.text)
        # A segment that was only cut says the same as before, in two parts.
        if segment.text != was.text and said_before[machine_id(segment.id)] != said_after[machine_id(segment.id)]:
            yield Change("segment", "text", was.text, segment.text, segment.id, segment.start)


def _letters_of(transcript: Transcript) -> dict[int, str]:
    """What each of the machine's segments says, however it was cut."""
    said: dict[int, str] = {}
    for segment in transcript.segments:
        origin = machine_id(segment.id)
        said[origin] = said.get(origin, "") + "".join(segment.text.split())
    return said


def _whole(before: Transcript, part: Segment) -> Segment | None:
    """The segment that a part was cut from: the last one that begins no later."""
    return next((s for s in reversed(before.segments) if machine_id(s.id) == machine_id(part.id) and s.id <= part.id), None)


def _of_deliverables(before: Deliverable, after: Deliverable) -> Iterator[Change]:
    for field in ("title", "summary"):
        if getattr(before, field) != getattr(after, field):
            yield Change(field, field, getattr(before, field), getattr(after, field))
    for number, (was, now) in enumerate(zip(before.claims, after.claims, strict=True)):
        yield from _of_claims(number, was, now)
    former = dict(_texts(before.extra))
    for name, text in _texts(after.extra):
        if name in former and former[name] != text and not name.startswith("speakers."):
            yield Change("details", name, former[name], text)


def _of_claims(number: int, was: Claim, now: Claim) -> Iterator[Change]:
    for field in _CLAIM_FIELDS:
        before, after = getattr(was, field), getattr(now, field)
        if before != after:
            yield Change("claim", field, _plain(before), _plain(after), number, now.start)


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in `extra`, named by the way to it: "keywords.3"."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _texts(item, f"{name}.{number}")
