"""The captions' words laid upon ours: the heaviest chain of equal words that run in both orders, within windows of time.

Each speaker's captions are aligned by themselves, so that people who speak at once do not hinder each other. A caption's word
may only meet a word of ours that is near in time; a chain is found by dynamic programming over those pairs alone, so the work
grows with the length of the meeting and not with its square.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from momentum.model import Segment
from momentum.pipeline.attribute.said import Said, plain, timed
from momentum.pipeline.attribute.witnesses import NOBODY

WINDOW = 3.0
"""Seconds between a caption's word and ours, beside what the caption's own length leaves open."""
_SHARE_OF_CUE = 0.2
_MOST_PLACES = 64
"""Of one word within its window: an engine that loops, or gives a thousand words one time, must not cost minutes."""
_PER_SECOND = 0.15  # what a second of distance takes from a pair's weight of 1 to 3


@dataclass(frozen=True, slots=True)
class CaptionWord:
    """A word of the provider's, when it may have been said, and its caption."""

    text: str
    plain: str
    middle: float
    window: float
    cue: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """A word of ours that stands in a caption too. `support`: on how many of its sides (0 to 2) both transcripts agree."""

    word: int
    caption_word: int
    support: int


Stream = list[CaptionWord]
Index = tuple[dict[str, list[int]], dict[str, list[float]]]


def streams(captions: Sequence[Segment]) -> dict[str, Stream]:
    """Each speaker's words in order; those of captions without a name under NOBODY."""
    found: dict[str, Stream] = defaultdict(list)
    for number, caption in enumerate(captions):
        window = WINDOW + _SHARE_OF_CUE * (caption.end - caption.start)
        for word in timed(caption):
            one = CaptionWord(word.text, plain(word.text), (word.start + word.end) / 2, window, number)
            found[caption.speaker or NOBODY].append(one)
    return found


def anchors(stream: Stream, said: Sequence[Said], index: Index) -> list[Anchor]:
    """The heaviest chain of equal words, in order of both. `index` is that of `said`."""
    return _heaviest(_pairs(stream, said, index), stream, said)


def _pairs(stream: Stream, said: Sequence[Said], index: Index) -> Iterator[Anchor]:
    """Equal words within reach; for each word of the captions, ours from the last to the first."""
    places, times = index
    for number, word in enumerate(stream):
        at = places.get(word.plain)
        if not word.plain or at is None:
            continue
        first = bisect_left(times[word.plain], word.middle - word.window)
        last = bisect_right(times[word.plain], word.middle + word.window)
        for place in reversed(at[first : min(last, first + _MOST_PLACES)]):
            yield Anchor(place, number, _support(stream, said, number, place))


def index_of(said: Sequence[Said]) -> Index:
    """Where each word stands, and when it was said."""
    places: dict[str, list[int]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    for number, word in enumerate(said):
        places[word.plain].append(number)
        times[word.plain].append(word.middle)
    return places, times


def _support(stream: Stream, said: Sequence[Said], number: int, place: int) -> int:
    return _both_begin(stream, said, number, place) + _both_begin(stream, said, number + 1, place + 1)


def _both_begin(stream: Stream, said: Sequence[Said], number: int, place: int) -> bool:
    """Whether the two places agree about what stands before them: the same word, or a caption begins and so does a sentence of ours."""
    inside = 0 < number < len(stream) and stream[number - 1].cue == stream[number].cue
    if not inside:
        return not 0 < place < len(said) or said[place - 1].segment != said[place].segment
    return 0 < place < len(said) and stream[number - 1].plain == said[place - 1].plain and stream[number].plain == said[place].plain


def _heaviest(pairs: Iterable[Anchor], stream: Stream, said: Sequence[Said]) -> list[Anchor]:
    """The chain: of all chains that end at a word, only the heaviest can become part of the whole.

    `ends` and `weights` both rise: a chain that ends later and weighs no more is of no use.
    """
    ends: list[int] = []
    weights: list[float] = []
    chains: list[_Chain] = []
    for pair in pairs:
        distance = abs(said[pair.word].middle - stream[pair.caption_word].middle)
        at = bisect_left(ends, pair.word)
        former = chains[at - 1] if at else None
        weight = 1 + pair.support - _PER_SECOND * distance + (weights[at - 1] if at else 0.0)
        if at < len(ends) and ends[at] == pair.word and weights[at] >= weight:
            continue
        until = at
        while until < len(ends) and weights[until] <= weight:
            until += 1
        if at and weights[at - 1] >= weight:
            continue
        ends[at:until], weights[at:until], chains[at:until] = [pair.word], [weight], [_Chain(pair, former)]
    return list(_links(chains[-1])) if chains else []


@dataclass(frozen=True, slots=True)
class _Chain:
    last: Anchor
    former: _Chain | None


def _links(chain: _Chain) -> list[Anchor]:
    links: list[Anchor] = []
    walked: _Chain | None = chain
    while walked is not None:
        links.append(walked.last)
        walked = walked.former
    return links[::-1]
