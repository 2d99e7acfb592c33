"""The words of a transcript in one row, in a form in which two transcripts can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from momentum.model import Segment, Word

_NO_LETTER = re.compile(r"[^\w%$€£]+")


@dataclass(frozen=True, slots=True)
class Said:
    """One word of ours: its segment's position, the word itself and what is compared of it. `plain` may be empty ("…")."""

    segment: int
    word: Word
    plain: str
    middle: float


def spoken(segments: Sequence[Segment]) -> list[Said]:
    """Every word in order. Where an engine gave no times, the words share the segment's time by their length."""
    return [
        Said(number, word, plain(word.text), (word.start + word.end) / 2)
        for number, segment in enumerate(segments)
        for word in segment.words or timed(segment)
    ]


def plain(text: str) -> str:
    """`text` without case and punctuation: "It's," and "its" are one word."""
    return _NO_LETTER.sub("", text.casefold())


def timed(segment: Segment) -> Iterator[Word]:
    """The words of a text that has a start and an end only, by the characters before them."""
    texts = segment.text.split()
    per_character = (segment.end - segment.start) / max(1, sum(map(len, texts)))
    start = segment.start
    for text in texts:
        end = start + len(text) * per_character
        yield Word(text, start, end)
        start = end
