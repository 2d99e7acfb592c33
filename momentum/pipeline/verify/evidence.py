"""What a claim may rely on: its quote in full sentences, the segments it names beside it, and what was said around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from momentum.model import Segment
from momentum.pipeline.verify import language, quotes

NEIGHBOURS = 8
"""Segments before and after the quote that still count as its evidence, if the claim names them."""
POINTED = 12
"""Segments that a claim may name as evidence wherever they stand; of more, only its quote's neighbours count."""
AROUND = 15
"""Segments before and after the quote in which a name must have been said: what is spoken of is not named in every sentence."""

BEFORE = 4
"""Segments before the quote that may name what it speaks of: "And the kiln?"."""


@dataclass(frozen=True)
class Evidence:
    """The words that can prove a claim.

    `quoted` are the whole sentences in which the quote stands. `segments` are those of the quote, which `quotes` are, and those the
    claim names beside it. `near` are those around them: they prove no more than that a name was said.
    """

    place: quotes.Place
    segments: tuple[Segment, ...]
    quotes: tuple[Segment, ...]
    near: tuple[Segment, ...]
    quoted: str
    said: str = field(default="")

    @cached_property
    def nearest(self) -> tuple[str, ...]:
        """What was said around the quote, the nearest first and what came before it sooner than what came after."""
        quoted = {s.id for s in self.quotes}
        at = [n for n, s in enumerate(self.near) if s.id in quoted] or [0]
        distance = {n: (at[0] - n, 0) if n < at[0] else (max(0, n - at[-1]), 1) for n in range(len(self.near))}
        return tuple(self.near[n].text for n in sorted(distance, key=lambda n: distance[n]))

    @property
    def around(self) -> str:
        """What was said around the quote, in order."""
        return " ".join(s.text for s in self.near)

    @property
    def present(self) -> list[str]:
        """Who speaks around the quote."""
        return [s.speaker for s in self.near if s.speaker]

    @property
    def topic(self) -> str:
        """The evidence with what was said just before the quote."""
        first = self.quotes[0].id
        at = next((n for n, s in enumerate(self.near) if s.id == first), 0)
        return " ".join([*(s.text for s in self.near[max(0, at - BEFORE) : at]), self.said])

    @property
    def speakers(self) -> list[str]:
        return [s.speaker for s in self.segments if s.speaker]


def gather(segments: Sequence[Segment], place: quotes.Place, named: Sequence[int]) -> Evidence:
    """The evidence of a quote at `place`: neither the whole meeting nor what nobody said is a proof."""
    first, last = min(place.positions), max(place.positions)
    around = [p for p in range(first - AROUND, last + AROUND + 1) if 0 <= p < len(segments) and not segments[p].unsaid]
    within = named if len(named) <= POINTED else [p for p in named if first - NEIGHBOURS <= p <= last + NEIGHBOURS]
    close = sorted({p for p in within if not segments[p].unsaid} | set(place.positions))
    return Evidence(
        place=place,
        segments=tuple(segments[p] for p in close),
        quotes=tuple(segments[p] for p in place.positions),
        near=tuple(segments[p] for p in around),
        quoted=_in_full([segments[p].text for p in place.positions], place),
        said=language.settled(" ".join(segments[p].text for p in close)),
    )


def _in_full(texts: Sequence[str], place: quotes.Place) -> str:
    """The sentences over which the quote runs."""
    counts = [len(quotes.spoken_words(t)) for t in texts]
    begin, end = place.begins * counts[0], sum(counts[:-1]) + place.ends * counts[-1]
    quoted: list[str] = []
    at = 0
    for sentence in language.sentences(" ".join(texts)):
        length = len(quotes.spoken_words(sentence))
        if at + length > begin + _ROUNDING and at < end - _ROUNDING:
            quoted.append(sentence)
        at += length
    return " ".join(quoted) or " ".join(texts)


_ROUNDING = 0.01
"""Shares of a segment are fractions: this much of a word is none."""
