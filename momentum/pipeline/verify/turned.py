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
    found = _told(text)
    if (part := _OF_THEM.search(text)) and any(n.value < found[-1][0] for n in numbers.find(text[: part.start()])[:1]):
        return f"{numbers.shown(found[0][0])} and {numbers.shown(found[-1][0])}"
    pair = next(((a, b) for a, b in pairwise(numbers.find(text)) if _are_turned(a, b, text, said)), None)
    return f"{numbers.shown(pair[0].value)} and {numbers.shown(pair[1].value)}" if pair else None


_OF_THEM = re.compile(r"\b[\w,]+ of (?:them|those|these|which|whom)\b")


def _are_turned(a: numbers.Number, b: numbers.Number, text: str, said: str) -> bool:
    first, second = _places(a.value, said), _places(b.value, said)
    if not first or not second:
        return False
    if _OF.fullmatch(text[a.end : b.start]):
        return a.value > b.value
    if change := _change(a, b, text):
        old, new = (first, second) if change == (a, b) else (second, first)
        goes = _goes(old, new, ordered=bool(_FROM.search(text[: a.start])))
        if goes is not None or not _fits(change[0].value, change[1].value, text):
            return not goes or not _fits(change[0].value, change[1].value, text)
    if a.value == b.value or _have_units(a.value, b.value, text, said):
        return False
    return _is_crossed(_beside(text, a), _beside(text, b), first, second, alike=_are_alike(a.value, b.value, text))


_OF = re.compile(r"\s+(?:out )?of (?:the |all )?")


def contradicted(text: str, quoted: str) -> list[Decimal]:
    """Numbers of `text` for whose thing the quote itself gives another: "two sets" where it says "one set, then"."""
    return [*_other_counts(text, quoted), *_other_ends(text, quoted), *_refused(text, quoted)]


def _other_counts(text: str, quoted: str) -> list[Decimal]:
    """Numbers with the same thing behind them as another number of the quote, which `text` does not hold."""
    values, ours, theirs = numbers.readings(quoted), _things(text), _things(quoted)
    told = {v for v, _ in ours} | numbers.numbers(text)
    return [v for v, thing in ours if v not in values and any(thing & other and q not in told for q, other in theirs)]


def _things(text: str) -> list[tuple[Decimal, frozenset[str]]]:
    """Each number, "one" too but no ordinal, with the stem of the word behind it."""
    cardinals = (n for n in numbers.find(text) if not _ORDINAL.search(text[n.start : n.end]))
    found = [(n.value, text[n.end :]) for n in cardinals] + [(Decimal(1), text[m.end() :]) for m in _ONE.finditer(text)]
    return [(value, language.stems(word[1])) for value, behind in found if (word := _NEXT.match(behind))]


_ORDINAL = re.compile(rf"\d(?:st|nd|rd|th)$|(?:{'|'.join(numbers.ORDINALS)})$", re.IGNORECASE)
_ONE = re.compile(r"\bone\b", re.IGNORECASE)
_NEXT = re.compile(r"[\s-]+([^\W\d_]+)")


def _other_ends(text: str, quoted: str) -> list[Decimal]:
    """Ends of a span, "ten to three", of which the quote has one end the same and the other not."""
    spans = _spans(quoted)
    ends = [(a, b, c, d) for a, b in _spans(text) for c, d in spans if (a, b) not in spans and (a == c) != (b == d)]
    return [b if a == c else a for a, b, c, _ in ends]


def _spans(text: str) -> list[tuple[Decimal, Decimal]]:
    return [(a.value, b.value) for a, b in pairwise(numbers.find(text)) if _SPAN.fullmatch(text[a.end : b.start])]


_SPAN = re.compile(r"\s*(?:to|until|till|-|\u2013)\s*")


def _refused(text: str, quoted: str) -> list[Decimal]:
    """A number that `text` says no to, where it is the only one of the quote, which does not."""
    found = numbers.find(quoted)
    stated = {n.value for n in found if not _OLD.search(quoted[: n.start])} if len(found) == 1 else set()
    return [n.value for n in numbers.find(text) if n.value in stated and _NO_LONGER.search(text[: n.start])]


def _have_units(a: Decimal, b: Decimal, text: str, said: str) -> bool:
    """Whether the two are told apart by their units, or one of them by the only unit."""
    ours, theirs = dict(pairs(text)), pairs(said)
    counted = [(n, ours[n]) for n in (a, b) if ours[n]]
    return bool(counted) and ours[a] != ours[b] and all(pair in theirs for pair in counted)


def _are_alike(a: Decimal, b: Decimal, text: str) -> bool:
    """Whether two numbers of `text` may stand for each other: of about one size, and in the same unit or in none."""
    ours = dict(pairs(text))
    return ours.get(a) == ours.get(b) and max(a, b) <= _SIZE * min(a, b)


_SIZE = 20


def _is_crossed(a: frozenset[str], b: frozenset[str], first: Sequence[_Place], second: Sequence[_Place], *, alike: bool) -> bool:
    """Whether each number stands with the words of the other; where no words tell, whether two `alike` stand in the other order."""
    if len(first) != 1 or len(second) != 1:
        return False
    straight = len(a & first[0].beside) + len(b & second[0].beside)
    crossed = len(a & second[0].beside) + len(b & first[0].beside)
    turned = first[0].start > second[0].start
    return crossed > straight + (0 if turned else 1) or (
        alike and crossed == straight and turned and first[0].sentence == second[0].sentence
    )


def _change(a: numbers.Number, b: numbers.Number, text: str) -> tuple[numbers.Number, numbers.Number] | None:
    """Which of two neighbours in `text` was and which is now: "from a to b", "a became b", "b instead of a", "no longer a, but b"."""
    between = text[a.end : b.start]
    if (_FROM.search(text[: a.start]) and _TO.search(between)) or _BECAME.search(between) or _NO_LONGER.search(text[: a.start]):
        return a, b
    return (b, a) if _INSTEAD.search(between) else None


_FROM = re.compile(r"\bfrom\W+$", re.IGNORECASE)
_TO = re.compile(r"\bto\W+$", re.IGNORECASE)
_BECAME = re.compile(r"\b(?:becom\w+|became|turned into|went (?:up |down )?to)\W+$", re.IGNORECASE)
_NO_LONGER = re.compile(r"\b(?:no longer|not|instead of|rather than)(?:\W+\w+)?\W+$", re.IGNORECASE)
_INSTEAD = re.compile(r"\b(?:instead of|rather than|no longer|(?:up|down) from)\W+(?:the \W*)?$", re.IGNORECASE)


def _fits(a: Decimal, b: Decimal, text: str) -> bool:
    """Whether a rise from `a` to `b` rises, and a fall falls."""
    rises, falls = _RISE.search(text), _FALL.search(text)
    return not ((rises and not falls and a > b) or (falls and not rises and a < b))


_RISE = re.compile(r"\b(?:rais\w+|ris\w+|rose|increas\w+|grow\w*|grew|up|climb\w*|extend\w*)\b", re.IGNORECASE)
_FALL = re.compile(r"\b(?:lower\w*|fall\w*|fell|decreas\w+|reduc\w+|drop\w*|down|cut\w*|shrink\w*|shorten\w*)\b", re.IGNORECASE)


def _goes(old: Sequence[_Place], new: Sequence[_Place], *, ordered: bool) -> bool | None:
    """Whether it went from the old to the new, by what stands beside them or, where they are `ordered`, by that; None if nothing tells."""
    fits = any(p.is_old for p in old) or any(p.is_new for p in new)
    turned = any(p.is_old for p in new) or any(p.is_new for p in old)
    if fits != turned:
        return fits
    return old[0].start < new[0].start if ordered else None


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
            bool(_OLD.search(said[: n.start]) or _BECOMES.match(said[n.end :])),
            bool(_NEW.search(said[: n.start])),
        )
        for n in exact
    ]


_OLD = re.compile(
    r"\b(?:from|was|were|used to be|had been|last (?:year|month|week)(?: it was)?|instead of|rather than|no longer|not|"
    r"said|planned|expected|wanted|promised|asked for|(?:should|supposed to|meant to|ought to) be)\W+(?:[\w']+\W+)?$",
    re.IGNORECASE,
)
_NEW = re.compile(r"\b(?:to|now|becomes?|became)\W+(?:it's\W+)?$", re.IGNORECASE)
_BECOMES = re.compile(r"(?:\W+[\w']+){0,2}\W+(?:becomes?|became|turned into)\b", re.IGNORECASE)
_UNIT_STEMS = frozenset(language.stem(name) for name in UNITS)
