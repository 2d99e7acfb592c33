"""Where two transcripts disagree about a number or a name: both readings, for a person to listen to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from momentum.model import LISTEN_HERE, Reading, Segment
from momentum.pipeline.attribute.align import Anchor, Stream
from momentum.pipeline.attribute.said import Said, plain
from momentum.pipeline.attribute.witnesses import NOBODY
from momentum.writers.numbers import CARDINALS, ORDINALS, SCALES, numbers

_MOST_WORDS = 6
"""Of one reading: longer stretches are no misheard word but people who speak at once."""
_ALIKE = 0.85
"""From here on two spellings of a name are one ("Katherine", "Catherine" are 0.89)."""
_SENTENCE_END = re.compile(r"[.!?…:]$")
_PUNCTUATION = "\"'\u201c\u201d\u2018\u2019(),.;:!?…"
_NUMERALS = CARDINALS.keys() | ORDINALS.keys() | SCALES.keys()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Words of ours [first, last) and of the captions [low, high) that stand between two equal words."""

    first: int
    last: int
    low: int
    high: int


def with_readings(
    segments: Sequence[Segment],
    said: Sequence[Said],
    streams: Mapping[str, Stream],
    aligned: Mapping[str, Sequence[Anchor]],
    roster: Sequence[str],
) -> tuple[Segment, ...]:
    """`segments`, which hold the words of `said` in that order, with the readings that differ."""
    names = {plain(part) for name in roster for part in name.split() if len(part) > 2}
    found: dict[int, list[Reading]] = defaultdict(list)
    place = [number for number, segment in enumerate(segments) for _ in segment.words or segment.text.split()]
    speakers = [segments[number].speaker for number in place]
    for name, anchors in aligned.items():
        # Between two words of one person's captions somebody else may speak: that stands in their captions.
        others = streams.keys() - {name} if name != NOBODY else set()
        mine = [speaker not in others for speaker in speakers]
        stream = streams[name]
        for stretch in _stretches(anchors, said, stream):
            ours = [at for at in range(stretch.first, stretch.last) if mine[at]]
            if reading := _reading(stretch, ours, said, stream, names):
                found[place[min(ours[0] if ours else stretch.first, len(place) - 1)]].append(reading)
    return tuple(_marked(segment, found.get(number, [])) for number, segment in enumerate(segments))


def _marked(segment: Segment, readings: list[Reading]) -> Segment:
    if not readings or segment.unsaid:
        return segment
    ordered = tuple(sorted(readings, key=lambda reading: reading.start))
    return replace(segment, readings=ordered, marks=tuple(dict.fromkeys((*segment.marks, LISTEN_HERE))))


def _stretches(anchors: Sequence[Anchor], said: Sequence[Said], stream: Stream) -> Iterator[_Stretch]:
    """What stands between neighbouring anchors, widened by the number words around it: "fifty" of "fifty thousand" is no number yet."""
    for before, after in pairwise(anchors):
        stretch = _Stretch(before.word + 1, after.word, before.caption_word + 1, after.caption_word)
        ours, theirs = stretch.last - stretch.first, stretch.high - stretch.low
        if (ours or theirs) and max(ours, theirs) <= _MOST_WORDS:
            yield _widened(stretch, said, stream)


def _widened(stretch: _Stretch, said: Sequence[Said], stream: Stream) -> _Stretch:
    first, last, low, high = stretch.first, stretch.last, stretch.low, stretch.high
    if not any(map(_is_numeral, [*(w.plain for w in said[first:last]), *(w.plain for w in stream[low:high])])):
        return stretch
    while first > 0 and low > 0 and _is_numeral(said[first - 1].plain) and said[first - 1].plain == stream[low - 1].plain:
        first, low = first - 1, low - 1
    while last < len(said) and high < len(stream) and _is_numeral(said[last].plain) and said[last].plain == stream[high].plain:
        last, high = last + 1, high + 1
    return _Stretch(first, last, low, high)


def _is_numeral(word: str) -> bool:
    return word in _NUMERALS or any(c.isdigit() for c in word)


def _reading(stretch: _Stretch, places: Sequence[int], said: Sequence[Said], stream: Stream, roster: set[str]) -> Reading | None:
    """`places`: those of our words in the stretch that may be this person's."""
    ours, theirs = [said[at] for at in places], stream[stretch.low : stretch.high]
    our_texts, their_texts = [w.word.text for w in ours], [w.text for w in theirs]
    our_text, their_text = " ".join(our_texts), " ".join(their_texts)
    if numbers(_with_units(our_text)) != numbers(_with_units(their_text)):
        kind = "number"
    elif _names_differ(
        _names(our_texts, said[stretch.first - 1].word.text if stretch.first else ".", roster),
        _names(their_texts, stream[stretch.low - 1].text if stretch.low else ".", roster),
        [w.plain for w in ours],
        [w.plain for w in theirs],
    ):
        kind = "name"
    else:
        return None
    start = ours[0].word.start if ours else said[max(0, stretch.first - 1)].word.end
    end = ours[-1].word.end if ours else said[min(stretch.first, len(said) - 1)].word.start
    return Reading(kind, our_text, their_text, start, max(start, end))


def _with_units(text: str) -> str:
    return text.replace("$", " ").replace("€", " ").replace("£", " ")


def _names(texts: Sequence[str], before: str, roster: set[str]) -> list[str]:
    """Those of `texts` that are names: of the roster, or with a capital where no sentence begins."""
    found = []
    for former, text in pairwise([before, *texts]):
        bare = text.strip(_PUNCTUATION)
        capital = bare[:1].isupper() and bare[1:2].islower() and not _SENTENCE_END.search(former)
        if plain(text) in roster or capital:
            found.append(plain(text))
    return found


def _names_differ(our_names: Sequence[str], their_names: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether a name of one side has nothing like it on the other; what only one of them heard is an omission."""
    if not ours or not theirs:
        return False
    return any(not _like(name, theirs) for name in our_names) or any(not _like(name, ours) for name in their_names)


def _like(name: str, words: Sequence[str]) -> bool:
    joined = "".join(words)
    return name in joined or any(SequenceMatcher(None, name, word).ratio() >= _ALIKE for word in words)
