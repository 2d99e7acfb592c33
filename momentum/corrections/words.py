"""What became of a text, told by its words: a text of minutes is compared in milliseconds, letter by letter it takes seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby

from momentum.corrections.terms import is_letter

Stretch = tuple[bool, int, int, int, int]
_ASCII_WORD = re.compile(r"[A-Za-z0-9_]+|[^\sA-Za-z0-9_]")


def compared(before: str, after: str) -> list[Stretch]:
    """(same, start, end, start, end) of each stretch, in characters of `before` and of `after`: in order, without holes."""
    found: list[Stretch] = []
    for same, a, b, c, d in _stretches(before, after):
        if found and found[-1][0] == same:
            found[-1] = (same, found[-1][1], b, found[-1][3], d)
        elif b > a or d > c:
            found.append((same, a, b, c, d))
    return found


def _stretches(before: str, after: str) -> Iterator[Stretch]:
    """Each word that stayed, and what stands between it and the last one."""
    old, new = _words(before), _words(after)
    texts = [before[a:b] for a, b in old], [after[c:d] for c, d in new]
    former, position = 0, 0
    for i, j, size in SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks():
        for (a, b), (c, d) in zip(old[i : i + size], new[j : j + size], strict=True):
            yield before[former:a] == after[position:c], former, a, position, c
            yield True, a, b, c, d
            former, position = b, d
    yield before[former:] == after[position:], former, len(before), position, len(after)


def _words(text: str) -> list[tuple[int, int]]:
    """Where each word stands; every other character but spaces is one by itself."""
    if text.isascii():
        return [match.span() for match in _ASCII_WORD.finditer(text)]
    found: list[tuple[int, int]] = []
    at = 0
    for inside, run in groupby(text, key=is_letter):
        start, at = at, at + sum(1 for _ in run)
        found += [(start, at)] if inside else [(n, n + 1) for n in range(start, at) if not text[n].isspace()]
    return found
