"""Times for a text that came without any: its sentences laid over the spans in which the voice gate heard speech. Pure.

People speak a similar number of characters a second, and pause between sentences rather than inside them. The times are
estimates, right to a few seconds; they never lie in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from momentum.model import Segment

Spans = Sequence[tuple[float, float]]

_LONGEST_CHARACTERS = 240
_SNAP_SECONDS = 1.0
# The escapes are the full stop, exclamation and question mark of Chinese and Japanese.
_SENTENCE = re.compile("[^.!?…\u3002\uff01\uff1f]*(?:[.!?…]+[\"'”)\\]]*(?=\\s|$)|[\u3002\uff01\uff1f]+|[.!?…]+|$)")
_INITIAL = re.compile(r"(?:^|\s)(?:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|[^\W\d_])\.$", re.IGNORECASE)


def spread(text: str, speech: Spans) -> tuple[Segment, ...]:
    """The sentences of `text` as segments, each over its share of the speech; none when nothing was said."""
    pieces = split(text)
    if not pieces or not speech:
        return ()
    total = sum(end - start for start, end in speech)
    lengths = list(accumulate(len(piece) for piece in pieces))
    pauses = list(accumulate(end - start for start, end in speech))
    cuts = [0.0, *_snapped([total * length / lengths[-1] for length in lengths[:-1]], pauses[:-1]), total]
    return tuple(
        Segment(i, _moment(cuts[i], speech, at_start=True), _moment(cuts[i + 1], speech, at_start=False), piece)
        for i, piece in enumerate(pieces)
    )


def split(text: str) -> list[str]:
    """A text's sentences, whole and in order; one that runs on for very long is parted at a space."""
    sentences: list[str] = []
    open_end = False
    for match in _SENTENCE.finditer(" ".join(text.split())):
        if not (piece := match[0]):
            continue
        if open_end:
            sentences[-1] += piece
        else:
            sentences.append(piece)
        # "3.5" and "Dr. Roe" hold a full stop that ends nothing.
        follows = match.string[match.end() : match.end() + 1]
        ideographic = piece[-1] in "\u3002\uff01\uff1f"
        open_end = not ideographic and bool((follows and not follows.isspace()) or _INITIAL.search(piece))
    return [part for sentence in sentences for part in _parts(sentence.strip()) if part]


def _parts(sentence: str) -> list[str]:
    parts: list[str] = []
    while len(sentence) > _LONGEST_CHARACTERS:
        at = sentence.rfind(" ", 1, _LONGEST_CHARACTERS)
        at = at if at > 0 else _LONGEST_CHARACTERS
        parts.append(sentence[:at].strip())
        sentence = sentence[at:].strip()
    return [*parts, sentence]


def _snapped(cuts: list[float], pauses: Sequence[float]) -> list[float]:
    """Each pause draws the cut that is nearest to it, when that is near; both count seconds of speech only. Order stays."""
    drawn = list(cuts)
    for pause in pauses:
        nearest = min(range(len(cuts)), key=lambda i: abs(cuts[i] - pause), default=None)
        if nearest is not None and abs(cuts[nearest] - pause) <= _SNAP_SECONDS:
            drawn[nearest] = pause
    return drawn


def _moment(spoken: float, speech: Spans, *, at_start: bool) -> float:
    """Where in the chunk the given second of speech lies; at a pause, its end for a start and its beginning for an end."""
    before = 0.0
    for start, end in speech:
        length = end - start
        if spoken < before + length or (not at_start and spoken <= before + length):
            return start + max(0.0, spoken - before)
        before += length
    return speech[-1][1]
