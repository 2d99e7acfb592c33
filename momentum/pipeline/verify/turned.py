"""Two numbers that change places: of each other's things, or from the one to the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from momentum.pipeline.verify import language
from momentum.pipeline.verify.units import SENTENCE_END, UNITS, pairs
from momentum.writers import numbers


def turned(text: str, said: str) -> str | None:
    """Two numbers that `said` holds, but of each other's things, or from the one to the other."""
    if part := _PART_OF.search(text):
        some, whole = numbers.find(part[1]), numbers.find(part[2])
        if some and whole and some[0].value > whole[0].value:
            return f"{part[1]} and {part[2]}"
    found = _told(text)
    if (part := _OF_THEM.search(text)) and any(n.value < found[-1][0] for n in numbers.find(text[: part.start()])[:1]):
        return f"{numbers.shown(found[0][0])} and {numbers.shown(found[-1][0])}"
    for (a, a_beside), (b, b_beside) in pairwise(found):
        first, second = _places(a, said), _places(b, said)
        if a == b or not first or not second:
            continue
        if _have_units(a, b, text, said) or re.search(rf"{_written(text, a)}\W+(?:out )?of (?:the )?{_written(text, b)}", text):
            continue
        if _change(a, b, text):
            turned = not _fits(a, b, text) or not _changes(first, second)
        else:
            turned = _is_crossed(a_beside, b_beside, first, second)
        if turned:
            return f"{numbers.shown(a)} and {numbers.shown(b)}"
    return None


_OF_THEM = re.compile(r"\b[\w,]+ of (?:them|those|these|which|whom)\b")
_PART_OF = re.compile(r"\b([\d,]+) (?:out )?of ([\d,]+)\b")


def _have_units(a: Decimal, b: Decimal, text: str, said: str) -> bool:
    """Whether the two are told apart by their units, or one of them by the only unit."""
    ours, theirs = dict(pairs(text)), pairs(said)
    counted = [(n, ours[n]) for n in (a, b) if ours[n]]
    return bool(counted) and ours[a] != ours[b] and all(pair in theirs for pair in counted)


def _written(text: str, value: Decimal) -> str:
    number = next(n for n in numbers.find(text) if n.value == value)
    return re.escape(text[number.start : number.end])


def _is_crossed(a: frozenset[str], b: frozenset[str], first: Sequence[_Place], second: Sequence[_Place]) -> bool:
    """Whether each number stands with the words of the other; where no words tell, whether they stand in the other order."""
    if len(first) != 1 or len(second) != 1:
        return False
    straight = len(a & first[0].beside) + len(b & second[0].beside)
    crossed = len(a & second[0].beside) + len(b & first[0].beside)
    turned = first[0].start > second[0].start
    return crossed > straight + (0 if turned else 1) or (crossed == straight and turned and first[0].sentence == second[0].sentence)


def _change(a: Decimal, b: Decimal, text: str) -> bool:
    """Whether `text` says that something went from `a` to `b`."""
    places = {n.value: n for n in numbers.find(text)}
    return bool(re.search(r"\bfrom\W+$", text[: places[a].start])) and bool(re.search(r"\bto\W+$", text[: places[b].start]))


def _fits(a: Decimal, b: Decimal, text: str) -> bool:
    """Whether a rise from `a` to `b` rises, and a fall falls."""
    rises, falls = _RISE.search(text), _FALL.search(text)
    return not ((rises and not falls and a > b) or (falls and not rises and a < b))


_RISE = re.compile(r"\b(?:rais\w+|ris\w+|rose|increas\w+|grow\w*|grew|up|climb\w*|extend\w*)\b", re.IGNORECASE)
_FALL = re.compile(r"\b(?:lower\w*|fall\w*|fell|decreas\w+|reduc\w+|drop\w*|down|cut\w*|shrink\w*|shorten\w*)\b", re.IGNORECASE)


def _changes(first: Sequence[_Place], second: Sequence[_Place]) -> bool:
    """Whether it went from the first to the second: by what stands before them, else by their order."""
    fits = any(p.is_old for p in first) or any(p.is_new for p in second)
    turned = any(p.is_old for p in second) or any(p.is_new for p in first)
    return first[0].start < second[0].start if fits == turned else fits


def _told(text: str) -> list[tuple[Decimal, frozenset[str]]]:
    """Each number with the stems of the words beside it."""
    return [(n.value, _beside(text, n)) for n in numbers.find(text)]


def _beside(text: str, number: numbers.Number) -> frozenset[str]:
    others = [n for n in numbers.find(text) if n.start != number.start]
    begin = max((n.end for n in others if n.end <= number.start), default=0)
    end = min((n.start for n in others if n.start >= number.end), default=len(text))
    before, after = SENTENCE_END.split(text[begin : number.start])[-1], SENTENCE_END.split(text[number.end : end])[0]
    near = [*_AND.split(before)[-1].split()[-_NEAR:], *_AND.split(after)[0].split()[:_NEAR]]
    return language.stems(" ".join(near)) - _UNIT_STEMS


_AND = re.compile(r"[,;]|\b(?:and|but)\b")
_NEAR = 3
"""Words before and after a number that say what it counts."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a number stands and in which sentence, the stems beside it, and whether the words before it say that it was or is now."""

    start: int
    sentence: int
    beside: frozenset[str]
    is_old: bool
    is_new: bool


def _places(value: Decimal, said: str) -> list[_Place]:
    """Where `said` has this number, in one of its readings."""
    found = numbers.heard(said)
    exact = [n for n, _ in found if n.value == value] or [n for n, values in found if value in values]
    return [
        _Place(
            n.start,
            len(SENTENCE_END.findall(said[: n.start])),
            _beside(said, n),
            bool(_OLD.search(said[: n.start])),
            bool(_NEW.search(said[: n.start])),
        )
        for n in exact
    ]


_OLD = re.compile(r"\b(?:from|was|were|used to be|had been|last (?:year|month|week)(?: it was)?)\W+(?:\w+\W+)?$", re.IGNORECASE)
_NEW = re.compile(r"\b(?:to|now|becomes?)\W+$", re.IGNORECASE)
_UNIT_STEMS = frozenset(language.stem(name) for name in UNITS)
