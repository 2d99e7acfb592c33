"""Words in one form, so that only what was heard counts: no case, no punctuation, numbers as they are said."""

from __future__ import annotations

import re

from momentum.writers.numbers import CARDINALS, ORDINALS, SCALES

_CARDINAL = {value: word for word, value in CARDINALS.items()}
_ORDINAL = {value: word for word, value in ORDINALS.items() if word.isalpha()}
_NUMBER = re.compile(r"\$?(\d[\d,]*)(?::(\d\d))?(st|nd|rd|th|%)?")
_APOSTROPHES = re.compile("['\u2019]")
_FILLERS = frozenset({"um", "uh", "er", "hm", "mm", "oh"})


def words(text: str) -> list[str]:
    """The words of `text`."""
    plain = _NUMBER.sub(lambda match: f" {_said(match)} ", _APOSTROPHES.sub("", text.lower()))
    return [word for word in re.findall(r"[a-z]+", plain) if word not in _FILLERS]


def _said(match: re.Match[str]) -> str:
    value = int(match[1].replace(",", ""))
    said = _ordinal(value) if match[3] in {"st", "nd", "rd", "th"} else _cardinal(value)
    said += f" {_cardinal(int(match[2]))}" if match[2] else ""
    said += " percent" if match[3] == "%" else ""
    return f"{said} dollars" if match[0].startswith("$") else said


def _cardinal(value: int) -> str:
    if value in _CARDINAL:
        return _CARDINAL[value]
    for name, size in sorted(SCALES.items(), key=lambda scale: -scale[1]):
        if value >= size:
            link = " and " if size == 100 else " "
            return f"{_cardinal(value // size)} {name}" + (f"{link}{_cardinal(value % size)}" if value % size else "")
    return f"{_CARDINAL[value // 10 * 10]} {_CARDINAL[value % 10]}"


def _ordinal(value: int) -> str:
    if value in _ORDINAL:
        return _ORDINAL[value]
    before, _, last = _cardinal(value).rpartition(" ")
    ended = _ORDINAL.get(CARDINALS.get(last, 0)) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{before} {ended}".strip()
