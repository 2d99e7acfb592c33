"""From words with times to segments of about a sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from momentum.model import Segment, Word

PAUSE = 1.2
"""Seconds without a word that end a segment, sentence or not."""
LONGEST = 20.0
MOST_WORDS = 50

# The escapes are the full-width forms of Chinese and Japanese: full stop, ! and ?; comma, ; and :.
_SENTENCE_END = re.compile("[.!?…\u3002\uff01\uff1f]+[\"'”\u2019)\\]]*$")
_CLAUSE_END = re.compile("[,;:\u3001\uff0c\uff1b\uff1a]$")
# "Dr. Roe", "J. Roe", "e.g. this": a full stop after these ends no sentence.
_ABBREVIATION = re.compile(r"^(?:mr|mrs|ms|dr|prof|st|vs|no|approx|e\.g|i\.e|[^\W\d_])\.$", re.IGNORECASE)


def sentences(words: Iterable[Word], *, seconds: float) -> tuple[Segment, ...]:
    """Segments in order, times within 0..`seconds` and never running backwards.

    A word's text keeps its leading space where the engine's tokens had one (languages without spaces have none); the
    segments' words come back stripped.
    """
    groups: list[list[Word]] = []
    for word in _in_order(words, seconds):
        if not groups or _ends(groups[-1], word):
            groups.append([])
        groups[-1].append(word)
    return tuple(_segment(i, group) for i, group in enumerate(groups))


def whole(pieces: Sequence[Word]) -> list[Word]:
    """Whisper's tokens joined to words, which begin with a blank: " $15" and ",000" are one."""
    if 2 * sum(piece.text.startswith(" ") for piece in pieces) <= len(pieces):  # stripped, or a script without blanks
        return list(pieces)
    words: list[Word] = []
    for piece in pieces:
        if words and not piece.text.startswith(" "):
            words[-1] = replace(words[-1], text=words[-1].text + piece.text, end=max(words[-1].end, piece.end))
        else:
            words.append(piece)
    return words


def _in_order(words: Iterable[Word], seconds: float) -> Iterable[Word]:
    latest = 0.0
    for word in words:
        if not word.text.strip():
            continue
        start = min(max(word.start, latest), seconds)
        end = min(max(word.end, start), seconds)
        latest = start
        yield Word(word.text, start, end, word.probability)


def _ends(group: Sequence[Word], following: Word) -> bool:
    last, text = group[-1], group[-1].text.strip()
    if following.start - last.end >= PAUSE:
        return True
    if _SENTENCE_END.search(text) and not _ABBREVIATION.match(text):
        return True
    long = last.end - group[0].start >= LONGEST or len(group) >= MOST_WORDS
    very_long = last.end - group[0].start >= 1.5 * LONGEST or len(group) >= 2 * MOST_WORDS
    return very_long or (long and bool(_CLAUSE_END.search(text)))


def _segment(number: int, group: Sequence[Word]) -> Segment:
    text = " ".join("".join(word.text for word in group).split())
    words = tuple(Word(w.text.strip(), w.start, w.end, w.probability) for w in group)
    return Segment(number, group[0].start, max(w.end for w in group), text, words=words)
