"""Numbers and their units: what a claim counts must have been said, in the same unit and in the same order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from momentum.pipeline.verify import language, units
from momentum.pipeline.verify.turned import contradicted, turned
from momentum.pipeline.verify.units import COUNTS, pairs
from momentum.writers import dates, numbers

__all__ = ["COUNTS", "pairs", "unproven"]


def unproven(text: str, quoted: str, said: str, meeting: str, nearest: Sequence[str] = ()) -> list[str]:
    """Sentences that say which number or unit of `text` the words `said` do not hold. `meeting` is all that was said.

    A number that the evidence only asks for, and that the quote answers with another, is not held: "Thirty dollars?" - "Twenty-five."

    "Fifteen thousand" and 15,000 are the same. What money is counted in may be known from the rest of the meeting.
    """
    text, quoted, said, meeting = (_PER_CENT.sub("percent", t) for t in (text, quoted, said, meeting))
    if missing := _missing(text, quoted, said, meeting, nearest):
        return [f"The quote does not hold the number {', '.join(dict.fromkeys(numbers.shown(n) for n in missing))}."]
    if doubted := _uncounted(text, said, meeting, nearest):
        return [f"The quote does not count in {', '.join(dict.fromkeys(doubted))}."]
    if pair := _other_unit(text, said) or _lent_unit(text, said):
        return [f"The quote does not say {pair}."]
    if both := turned(text, said):
        return [f"The quote names {both} the other way round."]
    return []


def _missing(text: str, quoted: str, said: str, meeting: str, nearest: Sequence[str]) -> list[Decimal]:
    """Numbers of `text` that nobody said there, or that were answered with another one."""
    answered = _answered(quoted, said)
    missing = [v for v in _unheard(text, said, nearest) if not _is_year(v, meeting)]
    return [*missing, *(v for v, _ in pairs(text) if v in answered), *contradicted(text, quoted)]


def _unheard(text: str, said: str, nearest: Sequence[str]) -> list[Decimal]:
    """Numbers of `text` that `said` does not hold, be it in other words or as a part of thousands."""
    counted, any_number, understood = _counted(said), numbers.readings(said), _understood(said, nearest)
    scales = [scale for word, scale in numbers.SCALES.items() if scale >= _THOUSAND and word in text.casefold()]
    lacking = [v for v, unit in pairs(text) if v not in (counted if unit else any_number) | understood]
    return [v for v in lacking if not any(v * scale in counted for scale in scales)]


def _uncounted(text: str, said: str, meeting: str, nearest: Sequence[str]) -> list[str]:
    """Units that `text` counts in but `said` does not, unless they go without saying."""
    named = units.named(said)
    return [u for u in units.counted(text) if u not in named and not units.is_understood(u, text, said, nearest, meeting)]


def _understood(said: str, nearest: Sequence[str]) -> set[Decimal]:
    """What small numbers that stand alone mean in talk of larger ones: "And at eight?" behind "five thousand" is 8,000."""
    around = numbers.numbers(" ".join(nearest[:_CLOSE]))
    scales = {scale for scale in numbers.SCALES.values() if scale >= _THOUSAND and any(v >= scale for v in around)}
    return {v * scale for v, unit in pairs(said) if not unit and v < _THOUSAND for scale in scales}


_ANY_DAY = date(2000, 1, 1)
_THOUSAND = 1_000
_CLOSE = 9
"""Pieces of talk around a quote that tell what its numbers count."""
_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)


def _answered(quoted: str, said: str) -> set[Decimal]:
    """Numbers asked for, to which the quote gives another one of the same size that stands alone."""
    if dates.mentions(quoted, _ANY_DAY):
        return set()  # it answers with a day
    given = [n for n, unit in pairs(quoted) if unit is None]
    if len(given) != 1 or len(numbers.find(quoted)) != 1:
        return set()
    asked = {n.value for s in language.sentences(said) if s.endswith("?") and s not in quoted for n in numbers.find(s)}
    stated = {n.value for s in language.sentences(said) if not s.endswith("?") for n in numbers.find(s)}
    return {v for v in asked - stated if v not in numbers.readings(f"{quoted} {_SCALE_WORDS.sub('', said)}") and v < 10 * given[0]}


_SCALE_WORDS = re.compile(r"\b(?!thousand|million|billion)\w+\b", re.IGNORECASE)


def _is_year(value: Decimal, meeting: str) -> bool:
    """A year names what is spoken of, and need not be said again in the evidence."""
    return 1900 <= value < 2100 and value in numbers.numbers(meeting)


def _counted(said: str) -> set[Decimal]:
    """The numbers that may stand with a unit: "both" is two things, but no two weeks."""
    heard = {v for _, values in numbers.heard(said) for v in values}
    return heard | numbers.composed(said) | numbers.readings(" ".join(_PARTS.findall(said)))


_PARTS = re.compile(r"\b(?:half|quarter|third|noon|midday|midnight|fortnight|couple|one|single|once|twice|an?)\b", re.IGNORECASE)


def _other_unit(text: str, said: str) -> str | None:
    """A number with a unit that it has nowhere in `said`, where it stands with other units only."""
    spoken: dict[Decimal, set[str | None]] = {}
    for value, unit in pairs(said):
        spoken.setdefault(value, set()).add(unit)
    for value, unit in pairs(text):
        if unit and value in spoken and None not in spoken[value] and unit not in spoken[value]:
            return f"{numbers.shown(value)} {unit}"
    return None


def _lent_unit(text: str, said: str) -> str | None:
    """A number with the unit that in `said` belongs to another number of `text`, which has none here."""
    ours, theirs = pairs(text), {(v, unit) for n, values in numbers.heard(said) for v in values for _, unit in [_pair_at(said, n)]}
    bare = {value for value, unit in ours if not unit}
    for value, unit in ours:
        owners = {v for v, u in theirs if u == unit and v in bare}
        if unit and owners and (value, unit) not in theirs and ((value, None) not in theirs or _is_bereft(owners, unit, text, theirs)):
            return f"{numbers.shown(value)} {unit}"
    return None


def _is_bereft(owners: set[Decimal], unit: str, text: str, theirs: set[tuple[Decimal, str | None]]) -> bool:
    """Whether one of the owners counts other things in `text`, and in speech only ever counted in `unit`."""
    return any((v, "") in pairs(text) and {u for value, u in theirs if value == v} == {unit} for v in owners)


def _pair_at(text: str, number: numbers.Number) -> tuple[Decimal, str | None]:
    behind = next((n.start for n in numbers.find(text) if n.start >= number.end), len(text))
    return number.value, units.unit_at(text, number, text[number.end : behind])
