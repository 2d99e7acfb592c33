"""Meetings written for the score, with correct claims written by hand.

A file of `truth/meetings/` holds three parts, divided by lines of three hyphens:

    title: Planning                        what the provider knows of the meeting; the date is local time
    date: 2026-11-25 10:00 Europe/Berlin
    people: Dana Lee, Sam Ode
    ---
    Dana: Then let's release it on the ninth.        one turn a line; the first word or words of a name are enough
    ---
    decision: It is released on the ninth. a claim: its kind and its text, then what belongs to it
     quote: let's release it on the ninth  words of one turn, verbatim: they name the segments
     with: words of another turn           more evidence, verbatim; " | " between several
     owner: Dana Lee
     due: by Friday = 2026-11-27           the words, and the day they mean, where they mean one
     not: It is not released on the ninth. the same claim inverted: planted as an error
     sure: ...                             the same claim without its hedge: planted as an error
    gone decision: ...                     what somebody takes back later: planted as an error
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from momentum.model import Claim, Meeting, Segment, Transcript

FOLDER = Path(__file__).with_name("meetings")
WORDS_A_SECOND = 2.5
_SENTENCE = re.compile(r"\S.*?[.!?]+(?=\s|$)|\S.*$")


@dataclass(frozen=True, slots=True)
class Correct:
    """A claim that is right, and what a person wrote as its inversion and as the same claim without its hedge."""

    claim: Claim
    inverted: str | None = None
    certain: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A meeting with its correct claims; `retracted` are claims of what was said and taken back afterwards."""

    name: str
    meeting: Meeting
    transcript: Transcript
    correct: tuple[Correct, ...]
    retracted: tuple[Claim, ...] = ()


def read_all(part: str) -> list[Case]:
    """The cases of `part`, "dev" or "heldout", by name."""
    return [read(path) for path in sorted((FOLDER / part).glob("*.txt"))]


def read(path: Path) -> Case:
    """The case of one file. Raises ValueError, with the file's name, where a quote stands in no turn."""
    head, turns, claims = path.read_text(encoding="utf-8").split("\n---\n")
    meeting = _meeting(dict(line.split(": ", 1) for line in head.splitlines()))
    record = _Record(turns.splitlines(), meeting.participants)
    try:
        blocks = [_block(block, record) for block in re.split(r"\n(?=\S)", claims.strip())]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    return Case(
        path.stem,
        meeting,
        Transcript(tuple(record.segments), "en", record.segments[-1].end, "own", "written"),
        tuple(made for gone, made in blocks if not gone),
        tuple(made.claim for gone, made in blocks if gone),
    )


def _meeting(head: dict[str, str]) -> Meeting:
    day, time, zone = head["date"].split()
    start = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Meeting(head["title"], start, zone, tuple(head["people"].split(", ")))


class _Record:
    """The turns cut into segments of a sentence each, and where a verbatim piece of a turn stands."""

    def __init__(self, lines: Sequence[str], people: Sequence[str]) -> None:
        self.segments: list[Segment] = []
        self._turns: list[tuple[str, list[tuple[int, int, int]]]] = []
        for line in lines:
            name, text = line.split(": ", 1)
            self._turns.append((text, list(self._cut(text, _speaker(name, people)))))

    def _cut(self, text: str, speaker: str) -> Iterator[tuple[int, int, int]]:
        for sentence in _SENTENCE.finditer(text):
            number = len(self.segments) + 1
            start = self.segments[-1].end if self.segments else 0.0
            end = start + len(sentence[0].split()) / WORDS_A_SECOND
            self.segments.append(Segment(number, start, end, sentence[0], speaker))
            yield sentence.start(), sentence.end(), number

    def ids(self, piece: str) -> tuple[int, ...]:
        for text, spans in self._turns:
            at = text.find(piece)
            if at >= 0:
                return tuple(number for begin, end, number in spans if begin < at + len(piece) and end > at)
        raise ValueError(f"nobody says “{piece}”")


def _speaker(name: str, people: Sequence[str]) -> str:
    found = [p for p in people if p == name] or [p for p in people if re.search(rf"\b{re.escape(name)}\b", p)]
    if len(found) != 1:
        raise ValueError(f"{name} is not one person")
    return found[0]


def _block(block: str, record: _Record) -> tuple[bool, Correct]:
    first, *rest = block.splitlines()
    kind, text = first.split(": ", 1)
    parts = dict(line.strip().split(": ", 1) for line in rest)
    words, _, day = parts.get("due", "").partition(" = ")
    pieces = [parts["quote"], *(parts["with"].split(" | ") if "with" in parts else ())]
    ids = {i for piece in pieces for i in record.ids(piece)}
    claim = Claim(
        kind=kind.removeprefix("gone "),
        text=text,
        quote=parts["quote"],
        segment_ids=tuple(sorted(ids)),
        owner=parts.get("owner"),
        due_words=words or None,
        due_date=date.fromisoformat(day) if day else None,
    )
    return kind.startswith("gone "), Correct(claim, parts.get("not"), parts.get("sure"))
