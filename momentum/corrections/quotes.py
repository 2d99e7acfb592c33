"""A quote, once the segment it comes from was edited."""

from __future__ import annotations

from momentum.corrections.terms import is_letter
from momentum.corrections.words import compared

LEAST_OVERLAP = 6
"""Characters that a quote and a segment must share at their edges to be taken for the same words."""


def quote_under(quote: str, before: str, after: str) -> str:
    """`quote` as it reads now that `before` became `after`: what it quotes of the segment, and no more."""
    if not before or before == after:
        return quote
    if (at := _whole(quote, before)) is not None:
        return quote[:at] + after + quote[at + len(before) :]
    start = before.find(quote)
    if quote and start >= 0:
        return _stretch(before, after, start, start + len(quote))
    return _overlapping(quote, before, after)


def _whole(quote: str, before: str) -> int | None:
    """Where `before` stands in `quote` as whole words: "No" is no part of "Now"."""
    at = quote.find(before)
    while at >= 0:
        end = at + len(before)
        if _whole_words(quote, at, end) == before:
            return at
        at = quote.find(before, end)
    return None


def _stretch(before: str, after: str, start: int, end: int) -> str:
    """What became of `before[start:end]`, with the words at its edges whole."""
    first, last = len(after), 0
    for same, a, b, c, d in compared(before, after):
        if b <= start and (a, b) != (start, start):
            continue
        if a >= end:
            break
        first = min(first, c + max(0, start - a) if same else c)
        last = max(last, d - max(0, b - end) if same else d)
    return " ".join(_whole_words(after, first, last).split())


def _whole_words(text: str, start: int, end: int) -> str:
    while 0 < start < len(text) and is_letter(text[start - 1]) and is_letter(text[start]):
        start -= 1
    while 0 < end < len(text) and is_letter(text[end - 1]) and is_letter(text[end]):
        end += 1
    return text[start:end]


def _overlapping(quote: str, before: str, after: str) -> str:
    """A quote that begins or ends within the segment, and is no part of it: its overlap is exchanged."""
    for length in range(min(len(quote), len(before)), LEAST_OVERLAP - 1, -1):
        if quote.endswith(before[:length]):
            return quote[:-length] + _stretch(before, after, 0, length)
        if quote.startswith(before[-length:]):
            return _stretch(before, after, len(before) - length, len(before)) + quote[length:]
    return quote
