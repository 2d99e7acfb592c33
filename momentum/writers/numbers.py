"""Numbers as people say them: "fifteen thousand", "15,000", "1.5k", "twenty-third"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

_UNITS_TEXT = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_SMALL = _UNITS_TEXT.split()
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
CARDINALS = {w: i for i, w in enumerate(_SMALL)} | {w: 10 * i for i, w in enumerate(_TENS, 2)}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SUFFIXES = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "bn": 1_000_000_000, "million": 1_000_000, "billion": 1_000_000_000}

_ORDINALS_TEXT = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth"
)
_FIRST = _ORDINALS_TEXT.split()
ORDINALS = {w: i for i, w in enumerate(_FIRST, 1)} | {"twentieth": 20, "thirtieth": 30}
ORDINALS |= {f"{tens}{gap}{w}": CARDINALS[tens] + i for tens in ("twenty", "thirty") for gap in "- " for i, w in enumerate(_FIRST[:9], 1)}

_LONGEST = 24
"""Words of a spelt number."""
_DIGITS = re.compile(r"(\d[\d,]*(?:\.\d+)?)(k|mn|m|bn)?(st|nd|rd|th|s|%)?")
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?[a-z%]*|[a-z]+", re.IGNORECASE)


def numbers(text: str) -> set[Decimal]:
    """The values of all numbers in English or digits; "one" alone is a pronoun more often than a number and is left out."""
    tokens = [t.casefold() for t in _TOKEN.findall(text.replace("-", " "))]
    found: set[Decimal] = set()
    at = 0
    while at < len(tokens):
        value, used = _number(tokens[at : at + _LONGEST])
        if value is not None and tokens[at : at + used] not in (["one"], ["second"]):
            found.add(value)
        at += max(1, used)
    return found


def _number(tokens: Sequence[str]) -> tuple[Decimal | None, int]:
    if match := _DIGITS.fullmatch(tokens[0]):
        return _scaled(_decimal(match[1]) * _SUFFIXES.get(match[2] or "", 1), tokens, 1)
    if tokens[0] in CARDINALS:
        return _spelt(tokens)
    if tokens[0] in ORDINALS:
        return Decimal(ORDINALS[tokens[0]]), 1
    return None, 1


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits.replace(",", ""))
    except InvalidOperation:  # pragma: no cover - the pattern admits none
        return Decimal(0)


def _scaled(value: Decimal, tokens: Sequence[str], used: int) -> tuple[Decimal, int]:
    while used < len(tokens) and tokens[used] in SCALES:
        value *= SCALES[tokens[used]]
        used += 1
    return value, used


def _spelt(tokens: Sequence[str]) -> tuple[Decimal, int]:
    """A run of number words: hundreds multiply what stands before them, larger scales close a group."""
    total = group = used = 0
    previous = ""
    for token in tokens:
        if token in CARDINALS and _continues(previous, CARDINALS[token]):
            group += CARDINALS[token]
        elif token == "hundred" and group:
            group *= 100
        elif token in SCALES and group:
            total, group = total + group * SCALES[token], 0
        elif token == "and" and previous in SCALES and len(tokens) > used + 1 and tokens[used + 1] in CARDINALS:
            pass
        elif token in ORDINALS and previous in _TENS and ORDINALS[token] < 10:
            return Decimal(total + group + ORDINALS[token]), used + 1
        else:
            break
        used, previous = used + 1, token
    return Decimal(total + group), used


def _continues(previous: str, value: int) -> bool:
    """Whether a number word belongs to the same number: "twenty five", "two hundred five", never "five six"."""
    return not previous or previous in SCALES or previous == "and" or (previous in _TENS and 0 < value < 10)
