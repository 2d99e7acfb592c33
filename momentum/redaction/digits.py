"""Runs of digits as they are written and spoken: card numbers by their checksum, phone numbers by their length."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FEWEST = 7
"""Digits from which on a run may be a phone number."""
CARD_DIGITS = range(13, 20)
"""ISO/IEC 7812 allows up to 19; no network issues fewer than 13."""

_SPOKEN = {w: str(i) for i, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])} | {
    "oh": "0",
    "o": "0",
}
_TIMES = {"double": 2, "triple": 3}
_WORD = "|".join(_SPOKEN)
_TOKEN = re.compile(
    rf"(?<![^\W\d_])(?:(?P<times>double|triple)\s+)?(?P<word>{_WORD})(?![^\W_])|(?P<plus>\+\s?)?(?P<number>\d+)(?:st|nd|rd|th)?",
    re.IGNORECASE,
)
# What may stand inside one number: marks, line breaks, and what people say between its groups. No square brackets: before the words
# of a line stands its number in them.
_BETWEEN = re.compile(
    r"(?:[\s\u200b.,;()/_\u00b7\u2010-\u2015-]{0,4}(?:\b(?:dash|hyphen|minus|space|uh|um|er)\b)?[\s,]{0,2}){1,2}", re.IGNORECASE
)

_UNIT = (
    r"(?:%|‰|percent|euros?|dollars?|pounds?|francs?|yen|cents?|eur|usd|gbp|chf|bucks|k|thousand|millions?|billions?|hours?|"
    r"minutes?|seconds?|days?|people|users?|customers?|units?|rows?|requests?|lines?|words?|tokens?|bytes?|[kmgt]b)(?![^\W_])"
)
_NO_NUMBER = re.compile(
    rf"""
      (?<!\d)(?<!\d[./-])\d{{4}}-\d\d-\d\d(?![./-]?\d)                  # 2026-11-27
    | (?<!\d)(?<!\d[./-])\d{{1,2}}([./-])\d{{1,2}}\1(?:19|20)?\d\d(?![./-]?\d)        # 27.11.2026, 11/27/26
    | [€$£¥]\s?\d[\d.,]*(?:\s\d{{3}}(?!\d))*                              # €1 250 000
    | (?<![\d.,])\d{{1,3}}([.,])\d{{3}}(?:\2\d{{3}})*(?![.,-]?\d)         # 1,250,000
    | (?<![\d.,])\d{{1,3}}(?:[\s.,]\d{{3}}){{0,6}}(?:[.,]\d+)?\s?[€$£¥]     # 1 250 000 €
    | (?<![\d.,+])(?<!\d[\s./-])\d+(?:[\s.,]\d{{3}})*(?:[.,]\d+)?\s?{_UNIT}             # 1250000 users
    """,
    re.VERBOSE | re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that are written or said in one go. `international`: with a plus before them."""

    start: int
    end: int
    digits: str
    international: bool = False


def cards(text: str) -> list[tuple[int, int, str]]:
    """(start, end, digits) of every card number: 13 to 19 digits whose Luhn checksum fits (ISO/IEC 7812-1)."""
    return [card for run in runs(text) for card in _cards_of(run)]


def phones(text: str) -> list[tuple[int, int, str]]:
    """(start, end, digits) of every run of seven digits or more that is no amount, no date and no row of years."""
    apart = [m.span() for m in _NO_NUMBER.finditer(text)]
    long = [run for run in runs(text, apart) if sum(len(g.digits) for g in run) >= FEWEST]
    return [_span(run) for run in long if not all(_YEAR.fullmatch(g.digits) for g in run)]


def _span(run: Sequence[Group]) -> tuple[int, int, str]:
    return run[0].start, run[-1].end, "".join(group.digits for group in run)


def runs(text: str, apart: Sequence[tuple[int, int]] = ()) -> Iterator[list[Group]]:
    """Groups that follow one another with nothing but separators between; none touches the stretches `apart`, which are in order."""
    ends = [end for _, end in apart]
    run: list[Group] = []
    for group in _groups(text):
        nearest = bisect_right(ends, group.start)
        if nearest < len(apart) and apart[nearest][0] < group.end:
            if run:
                yield run
            run = []
            continue
        if run and (group.international or not _BETWEEN.fullmatch(text, run[-1].end, group.start)):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _groups(text: str) -> Iterator[Group]:
    for match in _TOKEN.finditer(text):
        if word := match["word"]:
            times = _TIMES.get((match["times"] or "").casefold(), 1)
            yield Group(match.start(), match.end(), _SPOKEN[word.casefold()] * times)
        else:
            digits = "".join(str(unicodedata.digit(c)) for c in match["number"])
            yield Group(match.start(), match.end("number"), digits, bool(match["plus"]))


def _cards_of(run: Sequence[Group]) -> Iterator[tuple[int, int, str]]:
    first = 0
    while first < len(run):
        # Each group has a digit at least: looking further than the longest card would take the cube of what people count aloud.
        furthest = min(len(run), first + CARD_DIGITS[-1])
        card = next((last for last in range(furthest, first, -1) if _is_card(run[first:last])), None)
        if card is None:
            first += 1
            continue
        yield _span(run[first:card])
        first = card


def _is_card(groups: Sequence[Group]) -> bool:
    digits = "".join(g.digits for g in groups)
    return len(digits) in CARD_DIGITS and digits[0] != "0" and not groups[0].international and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    doubled = [int(d) * 2 for d in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0
