"""Who has the floor: stretches of speech, turns, monologues, and who cuts whom short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from momentum.languages import N_
from momentum.model import Segment
from momentum.writers.spoken import TURN_GAP

Span = tuple[float, float]

REMARK_WORDS, REMARK_SECONDS = 3, 2.0
"""Up to so much is a remark ("yes, exactly"): it takes the floor from nobody."""
OVERLAP = 0.3
"""Seconds two people speak at once before one has cut in; less is the coarseness of times."""
AT_ONCE = 0.3
"""Seconds between a sentence that breaks off and the next speaker who is taken to have cut it off."""
UNKNOWN = N_("Unknown speaker")

_ENDS = tuple(".!?…。！？؟।\"”')]")  # noqa: RUF001 - full-width marks end sentences too


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person says in one go, pauses of up to two seconds included."""

    speaker: str
    start: float
    end: float
    text: str

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def is_remark(self) -> bool:
        return len(self.text.split()) <= REMARK_WORDS and self.seconds <= REMARK_SECONDS


def said(segments: Iterable[Segment]) -> list[Segment]:
    """What somebody said and an engine understood, in order of time; times never run backwards."""
    return sorted((s for s in segments if s.text.strip() and not s.unsaid and s.end >= s.start), key=lambda s: (s.start, s.end))


def speaker_of(segment: Segment) -> str:
    """Their name, or `UNKNOWN`."""
    return segment.speaker or UNKNOWN


def turns(segments: Sequence[Segment]) -> list[Turn]:
    """Turns in order."""
    found: list[Turn] = []
    for segment in segments:
        who, last = speaker_of(segment), found[-1] if found else None
        if last and last.speaker == who and segment.start - last.end <= TURN_GAP:
            found[-1] = Turn(who, last.start, max(last.end, segment.end), f"{last.text} {segment.text}")
        else:
            found.append(Turn(who, segment.start, segment.end, segment.text))
    return found


def monologues(found: Sequence[Turn]) -> dict[str, Span]:
    """Each person's longest stretch, remarks of others passed over."""
    longest: dict[str, Span] = {}
    running: Turn | None = None
    for turn in found:
        if running and turn.speaker == running.speaker and turn.start - running.end <= TURN_GAP + REMARK_SECONDS:
            running = Turn(turn.speaker, running.start, max(running.end, turn.end), "")
        elif running is None or not turn.is_remark:
            running = turn
        best = longest.get(running.speaker)
        if best is None or running.seconds > best[1] - best[0]:
            longest[running.speaker] = (running.start, running.end)
    return longest


def interruptions(found: Sequence[Turn]) -> list[tuple[str, str, float]]:
    """(who cuts in, on whom, when), by the rule of `docs/reference/analysis.md`."""
    punctuated = is_punctuated(found)
    return [(b.speaker, a.speaker, b.start) for a, b in pairwise(found) if _cuts_in(a, b, punctuated=punctuated)]


def _cuts_in(before: Turn, after: Turn, *, punctuated: bool) -> bool:
    if before.speaker == after.speaker or after.is_remark or before.is_remark:
        return False
    if before.end - after.start >= OVERLAP:
        return after.end > before.end
    return punctuated and after.start - before.end <= AT_ONCE and not before.text.rstrip().endswith(_ENDS)


def is_punctuated(found: Sequence[Turn]) -> bool:
    """Whether most turns end as sentences do: without marks, nothing can be told from a missing one."""
    long = [turn for turn in found if not turn.is_remark]
    return sum(turn.text.rstrip().endswith(_ENDS) for turn in long) > len(long) / 2


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that neither touch nor overlap."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def between(spans: Sequence[Span], until: float) -> Iterator[Span]:
    """What `merged` spans leave free from 0 on."""
    at = 0.0
    for start, end in spans:
        if start > at:
            yield at, start
        at = max(at, end)
    if until > at:
        yield at, until
