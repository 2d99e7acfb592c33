"""Times of the words of a text that was edited: what stayed keeps its own, what is new shares the time between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from momentum.corrections.terms import is_letter
from momentum.corrections.words import compared
from momentum.model import Segment, Word

Span = tuple[int, int]


def spans(words: Sequence[Word], text: str) -> list[Span] | None:
    """Where each word stands in `text`, in order; None where one cannot be found."""
    found: list[Span] = []
    at = 0
    for word in words:
        start = text.find(word.text, at)
        if start < 0:
            return None
        at = start + len(word.text)
        found.append((start, at))
    return found


def retimed(segment: Segment, text: str) -> tuple[Word, ...]:
    """Words of `text`, which takes the place of the segment's; none where the segment has none."""
    if not segment.words:
        return ()
    kept = list(_kept(segment, text))
    made: list[Word] = []
    position, moment = 0, segment.start
    for start, end, word in kept:
        made += _between(text[position:start], moment, word.start)
        made.append(word)
        position, moment = end, word.end
    made += _between(text[position:], moment, segment.end)
    return tuple(made)


def _kept(segment: Segment, text: str) -> Iterator[tuple[int, int, Word]]:
    """Words that stand in both texts, with their place in the new one."""
    old = segment.text
    stayed = [(a, b, c) for same, a, b, c, _ in compared(old, text) if same]
    for (start, end), word in zip(spans(segment.words, old) or [], segment.words, strict=False):
        for first, last, place in stayed:
            at = start - first + place
            if first <= start and end <= last and _is_apart(old, (start, end), text, at):
                yield at, at + end - start, word


def _is_apart(old: str, span: Span, text: str, at: int) -> bool:
    """Whether it is still a word of its own: "ship" in "shipping" is none."""
    start, end = span
    before, after = text[at - 1 : at] if at else "", text[at + end - start : at + end - start + 1]
    joined_before = is_letter(before) and before != (old[start - 1 : start] if start else "")
    joined_after = is_letter(after) and after != old[end : end + 1]
    return not joined_before and not joined_after


def _between(text: str, start: float, end: float) -> Iterator[Word]:
    """The words of `text`, one after the other in the time there is, each as long as its letters."""
    tokens = text.split()
    letters = sum(map(len, tokens)) or 1
    length = max(0.0, end - start)
    said = 0
    for token in tokens:
        begin, said = said, said + len(token)
        yield Word(token, start + length * begin / letters, start + length * said / letters)
