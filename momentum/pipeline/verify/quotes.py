"""Where a quote stands in the transcript: compared word by word, without case, punctuation, fillers and stutters."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from momentum.model import Segment
from momentum.writers import spoken

FILLERS = frozenset({"um", "uh", "uhm", "er", "erm", "hmm", "hm", "mm", "mhm", "ah", "eh"})
SHORTEST = 3
"""Words of a quote that prove something; fewer stand in every meeting."""
ELISION = 3
"""Words that each side of a "..." inside a quote must have."""
APART = 3
"""Segments that may lie between two parts of one quote: a "yes" from somebody else, not another topic."""
_SEPARATOR, _BREAK = "\x1f", "\x1e"

_Spoken = tuple[int, float, float]
"""A word: the position of its segment, and the shares of that segment at which the word begins and ends."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote was found: positions of its segments in the transcript, and the second at which it begins.

    `begins` and `ends` are the shares (0..1) of the first and the last of these segments at which the quote begins and ends.
    """

    positions: tuple[int, ...]
    start: float
    begins: float = 0.0
    ends: float = 1.0


def spoken_words(text: str) -> list[str]:
    """Words without fillers."""
    return [w for w in spoken.words(text) if w not in FILLERS]


def normalised(text: str) -> list[str]:
    """Words as they are compared."""
    said = spoken_words(text)
    return [*said[:1], *(b for a, b in pairwise(said) if a != b)]


class Said:
    """All words of some segments, in one line that can be searched.

    No quote runs on over missing words: `resumed` are the positions before which some were not recorded or not understood.
    """

    def __init__(self, segments: Sequence[Segment], positions: Iterable[int], resumed: Collection[int] = ()) -> None:
        self._segments = segments
        self._owners: list[_Spoken] = []
        self._repeats: dict[int, _Spoken] = {}
        line: list[str] = []
        previous: int | None = None
        for position in positions:
            passed = range(position if previous is None else previous + 1, position + 1)
            if len(passed) > APART or any(p in resumed for p in passed):
                line.append(_BREAK)
                self._owners.append((position, 0.0, 0.0))
            previous = position
            words = spoken_words(segments[position].text)
            for number, word in enumerate(words):
                here = (position, number / len(words), (number + 1) / len(words))
                if line and line[-1] == word:
                    self._repeats[len(line) - 1] = here
                else:
                    line.append(word)
                    self._owners.append(here)
        self._line = _SEPARATOR + _SEPARATOR.join(line) + _SEPARATOR
        self._begins = list(accumulate((len(w) + 1 for w in line), initial=0))

    def find(self, quote: Sequence[str], near: Collection[int] = ()) -> Place | None:
        """The occurrence of `quote` nearest to the positions `near`; the last one without them, which is what was said in the end."""
        if not quote:
            return None
        wanted = _SEPARATOR + _SEPARATOR.join(quote) + _SEPARATOR
        places = list(self._occurrences(wanted, len(quote)))
        if not near:
            return places[-1] if places else None
        return min(places, key=lambda p: min((abs(p.positions[0] - n) for n in near), default=0), default=None)

    def _occurrences(self, wanted: str, length: int) -> Iterable[Place]:
        at = self._line.find(wanted)
        while at >= 0:
            first = bisect_right(self._begins, at) - 1
            owners = self._owners[first : first + length]
            # Of a word said twice, the quote begins with the later one: "we ask for two." "Two days is fine."
            begin, end = self._repeats.get(first, owners[0]) if length > 1 else owners[0], owners[-1]
            positions = tuple(dict.fromkeys(position for position, _, _ in (begin, *owners[1:])))
            yield Place(positions, self._second(begin[0], begin[1]), begin[1], end[2])
            at = self._line.find(wanted, at + 1)

    def _second(self, position: int, share: float) -> float:
        segment = self._segments[position]
        if segment.words:
            return segment.words[min(len(segment.words) - 1, int(share * len(segment.words)))].start
        return segment.start + share * max(0.0, segment.end - segment.start)


def pieces(quote: str) -> list[list[str]]:
    """The stretches of a quote between its "...", each normalised; one stretch where a side is too short to stand alone."""
    parts = [normalised(p) for p in quote.replace("[...]", "...").replace("…", "...").split("...")]
    parts = [p for p in parts if p]
    return parts if len(parts) > 1 and all(len(p) >= ELISION for p in parts) else [normalised(quote)]


def locate(said: Said, quote: str, near: Collection[int] = ()) -> Place | None:
    """The place of the whole quote: every stretch of it, in order."""
    found: list[Place] = []
    for piece in pieces(quote):
        place = said.find(piece, near=found[-1].positions if found else near)
        if place is None or (found and not 0 <= place.positions[0] - found[-1].positions[-1] <= APART):
            return None
        found.append(place)
    if not found:
        return None
    return Place(tuple(dict.fromkeys(p for f in found for p in f.positions)), found[0].start, found[0].begins, found[-1].ends)
