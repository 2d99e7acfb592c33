"""What a search finds: passages of a minute of talk or so, and the statements of a document. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from momentum.analysis.bigrams import length
from momentum.model import Claim, ClaimState, Deliverable, Ruling, Segment, Transcript

FEWEST, MOST = 50, 110
"""Words from which on a passage ends where the speaker changes, and those from which on it ends anyway."""
LONGEST = 150
"""Words of a sentence that is one passage; a longer one is cut."""
PAUSE = 45.0
"""Seconds of silence behind which something else is spoken of."""
_MARKS = dict.fromkeys(range(1, 5))
"""Characters that stand in or around what was found while it is looked for (`store.passages`), and in no text of ours."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to be found. `first` and `last` are ids of segments, `start` and `end` seconds; None where it points nowhere."""

    text: str
    speakers: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    start: float | None = None
    end: float | None = None


def passages_of(transcript: Transcript) -> list[Passage]:
    """The transcript in passages, in order: all that was said and understood is in exactly one."""
    said = [piece for segment in transcript.segments if not segment.unsaid for piece in _pieces(segment)]
    return [_passage(group) for group in _grouped(said)]


def passages_in(document: Deliverable) -> list[Passage]:
    """Title and summary of a document, then each of its claims that nobody dropped or rejected."""
    whole = Segment(0, 0.0, 0.0, "\n".join(filter(None, (document.title, document.summary))))
    return [*(Passage(_clean(piece.text)) for piece in _pieces(whole)), *map(_of_claim, _standing(document.claims))]


def _standing(claims: Iterable[Claim]) -> Iterator[Claim]:
    return (c for c in claims if c.state is not ClaimState.DROPPED and c.ruling is not Ruling.REJECTED and c.text.strip())


def _of_claim(claim: Claim) -> Passage:
    ids = claim.segment_ids
    speakers = (claim.owner,) if claim.owner else ()
    return Passage(_clean(claim.text), speakers, min(ids, default=None), max(ids, default=None), claim.start, claim.start)


def _grouped(said: Sequence[Segment]) -> Iterator[list[Segment]]:
    group: list[Segment] = []
    size = 0
    for segment in said:
        if group and _ends(group[-1], segment, size):
            yield group
            group, size = [], 0
        group.append(segment)
        size += length(segment.text)
    if group:
        yield group


def _ends(last: Segment, following: Segment, size: int) -> bool:
    """Whether a passage of so many words ends between these two."""
    if following.start - last.end > PAUSE or size >= MOST or size + length(following.text) > LONGEST:
        return True
    return size >= FEWEST and following.speaker != last.speaker


def _passage(group: Sequence[Segment]) -> Passage:
    speakers = tuple(dict.fromkeys(s.speaker for s in group if s.speaker))
    text = "\n".join(_clean(s.text) for s in group)
    return Passage(text, speakers, group[0].id, group[-1].id, group[0].start, group[-1].end)


def _pieces(segment: Segment) -> list[Segment]:
    """The segment, cut between words where it is longer than any passage should be."""
    if not segment.text.strip():
        return []
    if length(segment.text) <= LONGEST:
        return [segment]
    words = segment.text.split(" ")
    # A script without spaces is one long word.
    middle = len(" ".join(words[: len(words) // 2])) if len(words) > 1 else len(segment.text) // 2
    at = (segment.start + segment.end) / 2
    halves = replace(segment, text=segment.text[:middle], end=at), replace(segment, text=segment.text[middle:].lstrip(" "), start=at)
    return [piece for half in halves for piece in _pieces(half)]


def _clean(text: str) -> str:
    return text.translate(_MARKS).strip()
