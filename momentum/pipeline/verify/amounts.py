"""Numbers and their units: what a claim counts must have been said, in the same unit and in the same order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise, zip_longest

from momentum.pipeline.verify import language
from momentum.writers import numbers

# One line for each unit: all its names, the first one for people to read.
_NAMES = """
    euros euro eur €
    dollars dollar usd bucks $
    pounds pound quid sterling gbp £ lb lbs
    francs franc chf
    kroner krone kronor krona nok sek dkk
    crowns crown czk
    yen jpy ¥
    reais real brl
    rupees rupee inr ₹
    yuan renminbi cny
    won krw
    pesos peso
    zloty zlotys pln
    cents cent pence penny
    percent % pct percentage
    points point
    seconds second secs
    minutes minute mins min
    hours hour hourly hrs
    days day daily
    nights night nightly
    weeks week weekly
    fortnights fortnight
    months month monthly
    quarters quarter quarterly
    years year yearly annual annually annum
    kilos kilo kilogram kilograms kilogramme kilogrammes kg
    grams gram gramme grammes g
    milligrams milligram mg
    tonnes tonne tons ton
    ounces ounce oz
    litres litre liters liter
    millilitres millilitre milliliters milliliter ml
    gallons gallon
    millimetres millimetre millimeters millimeter mm
    centimetres centimetre centimeters centimeter cm
    metres metre meters meter
    kilometres kilometre kilometers kilometer km
    inches inch
    feet foot ft
    yards yard
    miles mile
    hectares hectare
    acres acre
    kilobytes kilobyte kb
    megabytes megabyte mb megs
    gigabytes gigabyte gb gigs gig
    terabytes terabyte tb
    watts watt
    kilowatts kilowatt kw
    megawatts megawatt mw
    volts volt
    degrees degree
    moles mole
    millimoles millimole
"""
UNITS = {name: line.split()[0] for line in _NAMES.strip().splitlines() for name in line.split()}
_CURRENCIES = frozenset("euros dollars pounds francs kroner crowns yen reais rupees yuan won pesos zloty cents".split())  # noqa: SIM905 - read as a line
# Words that are units only where they count or divide something.
_ORDINARY = frozenset({"second", "point", "points", "real", "won", "day", "days", "g", "min", "crown", "quarter", "foot", "mole", "night"})
_WORD = re.compile(r"[^\W\d_]+|[€$£¥₹%]")
_RATE = re.compile(r"\b(?:a|an|per|each|every|and)\s+$", re.IGNORECASE)
_BETWEEN = 2
"""Words between a number and its unit: "120 cubic metres"."""


def unproven(text: str, said: str, meeting: str) -> list[str]:
    """Sentences that say which number or unit of `text` the words `said` do not hold. `meeting` is all that was said.

    "Fifteen thousand" and 15,000 are the same. What money is counted in may be known from the rest of the meeting.
    """
    missing = [n for n in numbers.find(text) if n.value not in numbers.readings(said)]
    if missing:
        return [f"The quote does not hold the number {', '.join(dict.fromkeys(shown(n.value) for n in missing))}."]
    if units := [u for u in _units(text) if not _is_proven(u, said, meeting)]:
        return [f"The quote does not count in {', '.join(dict.fromkeys(units))}."]
    if pair := _other_unit(text, said):
        return [f"The quote does not say {pair}."]
    if turned := _turned(text, said):
        return [f"The quote names {turned} the other way round."]
    return []


def shown(number: Decimal) -> str:
    """As people write it: 15,000 and 2.5."""
    return f"{number:,f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:,f}"


def _units(text: str) -> list[str]:
    """The units of `text` that count or divide something, and those that are no other word."""
    found = []
    ends = [n.end for n in numbers.find(text)]
    for match in _WORD.finditer(text):
        unit = UNITS.get(match[0].casefold())
        if unit and (match[0].casefold() not in _ORDINARY or _counts(text, match, ends)):
            found.append(unit)
    return found


def _counts(text: str, match: re.Match[str], ends: Sequence[int]) -> bool:
    before = text[: match.start()]
    return bool(_RATE.search(before)) or any(
        0 <= match.start() - end and len(text[end : match.start()].split()) <= _BETWEEN for end in ends
    )


def _is_proven(unit: str, said: str, meeting: str) -> bool:
    if unit in {UNITS.get(w.casefold()) for w in _WORD.findall(said)}:
        return True
    if unit in _CURRENCIES:
        return {u for u in (UNITS.get(w.casefold()) for w in _WORD.findall(meeting)) if u in _CURRENCIES} == {unit}
    return False


def _pairs(text: str) -> list[tuple[Decimal, str | None]]:
    """Each number with the unit that stands with it, if any."""
    found = numbers.find(text)
    pairs: list[tuple[Decimal, str | None]] = []
    for at, number in enumerate(found):
        end = found[at + 1].start if at + 1 < len(found) else len(text)
        behind = _WORD.findall(text[number.end : end])[: _BETWEEN + 1]
        sign = _WORD.findall(text[max(0, number.start - 1) : number.start])
        attached = [UNITS.get(w.casefold()) for w in (*sign, *([behind[0]] if text[number.end - 1] != "%" and behind else []), *behind[1:])]
        unit = "percent" if text[number.start : number.end].endswith("%") else next((u for u in attached if u), None)
        pairs.append((number.value, unit))
    return pairs


def _other_unit(text: str, said: str) -> str | None:
    """A number with a unit that it has nowhere in `said`, where it stands with other units only."""
    spoken: dict[Decimal, set[str | None]] = {}
    for value, unit in _pairs(said):
        spoken.setdefault(value, set()).add(unit)
    for value, unit in _pairs(text):
        if unit and value in spoken and None not in spoken[value] and unit not in spoken[value]:
            return f"{shown(value)} {unit}"
    return None


def _turned(text: str, said: str) -> str | None:
    """Two numbers that `said` holds once each, in the other order, with nothing beside them that explains it."""
    for (a, a_beside), (b, b_beside) in pairwise(_told(text)):
        first, second = _places(a, said), _places(b, said)
        if a == b or len(first) != 1 or len(second) != 1 or first[0][0] < second[0][0]:
            continue
        if not (a_beside & first[0][1] and b_beside & second[0][1]):
            return f"{shown(a)} and {shown(b)}"
    return None


def _told(text: str) -> list[tuple[Decimal, set[str]]]:
    """Each number with the stems of the words right behind it."""
    found = numbers.find(text)
    return [(n.value, _beside(text, n.end, after.start if after else len(text))) for n, after in zip_longest(found, found[1:]) if n]


def _beside(text: str, start: int, end: int) -> set[str]:
    return {s for s in language.stems(" ".join(text[start:end].split()[:3])) if s not in _UNIT_STEMS}


def _places(value: Decimal, said: str) -> list[tuple[int, set[str]]]:
    """Where `said` has this number, in one of its readings, and the stems behind it."""
    found = numbers.heard(said)
    exact = [n for n, _ in found if n.value == value] or [n for n, values in found if value in values]
    starts = sorted(n.start for n, _ in found)
    return [(n.start, _beside(said, n.end, next((s for s in starts if s > n.start), len(said)))) for n in exact]


_UNIT_STEMS = {language.stem(name) for name in UNITS}
