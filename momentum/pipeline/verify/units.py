"""Units of measure: their names, which of them a number stands with, and which is meant where nobody says it again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from momentum.pipeline.verify import language
from momentum.writers import numbers

# One line for each unit: all its names, the first one for people to read. Units of one kind stand together.
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
    years year yearly annually annum

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

    times
"""
UNITS = {name: line.split()[0] for line in _NAMES.strip().splitlines() if line for name in line.split()}
_KINDS = {line.split()[0]: kind for kind, group in enumerate(_NAMES.split("\n\n")) for line in group.strip().splitlines()}
_MONEY = _KINDS["euros"]
COUNTS = frozenset(language.stem(w) for w in (*numbers.CARDINALS, *numbers.ORDINALS, *numbers.SCALES, *UNITS))
"""Stems of numbers and units: a text is not about these."""
_EVIDENT = re.compile(
    r"euros?|dollars?|sterling|percent|[€$£¥%]|hourly|nightly|weekly|monthly|quarterly|yearly|annual(?:ly)?", re.IGNORECASE
)
"""Units that are no other word, even where they count nothing."""
WORD = re.compile(r"[^\W\d_]+|[€$£¥₹%]")
SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
_RATE = re.compile(r"\b(?:a|an|per|each|every|and)\s+$", re.IGNORECASE)
_PER = re.compile(r"\b(?:a|an|per|each|every)\s+$", re.IGNORECASE)
_AGE = re.compile(r"^(?:-|\s+)(?:old\b|of age\b)", re.IGNORECASE)
_BETWEEN = 2
"""Words between a number and its unit: "120 cubic metres"."""


def pairs(text: str) -> list[tuple[Decimal, str | None]]:
    """Each number with the unit that stands with it; "" where it counts something else, None where it stands alone."""
    found = numbers.find(text)
    pairs: list[tuple[Decimal, str | None]] = []
    for at, number in enumerate(found):
        end = found[at + 1].start if at + 1 < len(found) else len(text)
        pairs.append((number.value, unit_at(text, number, text[number.end : end])))
    return pairs


def unit_at(text: str, number: numbers.Number, behind: str) -> str | None:
    """The unit of one number of `text`, which `behind` follows up to the next number; as in `pairs`."""
    if text[number.start : number.end].endswith("%"):
        return "percent"
    behind = _SIGN_BEHIND.sub("", _RATE_BEHIND.split(behind)[0])  # "five thousand a day" counts no days, "9 costs $36" no dollars
    signs = WORD.findall(text[max(0, number.start - 1) : number.start])
    after = WORD.findall(SENTENCE_END.split(behind)[0])[: _BETWEEN + 1]
    if unit := next((UNITS[w.casefold()] for w in (*signs, *after) if w.casefold() in UNITS), None):
        return unit
    return "" if after and language.stems(after[0]) else None


_SIGN_BEHIND = re.compile(r"[€$£¥₹]\s*$")
_RATE_BEHIND = re.compile(r"\b(?:an?|per|each|every)\b", re.IGNORECASE)


def counted(text: str) -> list[str]:
    """The units of `text` that count or divide something, and those that are no other word; an age needs none."""
    return [unit for unit, word in _counted(text) if not (unit == "years" and _AGE.match(text[word.end() :]))]


def _counted(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    ends = [n.end for n in numbers.find(text)]
    for match in WORD.finditer(text):
        unit = UNITS.get(match[0].casefold())
        if unit and (_EVIDENT.fullmatch(match[0]) or _counts(text, match, ends)):
            yield unit, match


def _counts(text: str, match: re.Match[str], ends: Sequence[int]) -> bool:
    before = text[: match.start()]
    return bool(_RATE.search(before)) or any(
        match.start() - end >= 0 and len(text[end : match.start()].split()) <= _BETWEEN for end in ends
    )


def named(text: str) -> set[str]:
    """Every unit that `text` names, whatever it counts there."""
    return {unit for word in WORD.findall(text) if (unit := UNITS.get(word.casefold()))}


def is_understood(unit: str, text: str, said: str, nearest: Sequence[str], meeting: str) -> bool:
    """Whether `unit`, which `text` counts in and `said` does not name, is what its bare numbers are counted in.

    It must count in the talk around, or divide there ("a day") where it does in `text`; where no unit of its kind does, be the only
    one of the meeting. Nothing in `said` may say otherwise.
    """
    kind, is_rate = _KINDS[unit], unit in _divisors(text)
    otherwise = {u for u in _divisors(said) - set(counted(text)) if _KINDS[u] == kind}
    if otherwise or _is_another(unit, text, said, nearest):
        return False
    around = {u for t in nearest for u in _used(t, kind, is_rate=is_rate)}
    return unit in around if around else _used(meeting, kind, is_rate=is_rate) - {"cents"} == {unit}


def _is_another(unit: str, text: str, said: str, nearest: Sequence[str]) -> bool:
    """Whether a number of `text` has another unit in `said`, or one of the same kind around it, and never this one."""
    values = _counted_in(unit, text)
    here = {u for value, u in pairs(said) if value in values and u}
    around = {u for t in nearest for value, u in pairs(t) if value in values and u and _KINDS[u] == _KINDS[unit]}
    return bool(here | around) and unit not in here | around


def _counted_in(unit: str, text: str) -> set[Decimal]:
    """The numbers of `text` with this unit, and those that share it: "six to four percent", "2,900 of 3,000 hours"."""
    found = pairs(text)
    shared = {a for (a, bare), (_, u) in pairwise(found) if u == unit and bare is None}
    return {value for value, u in found if u == unit} | shared


def _divisors(text: str) -> set[str]:
    """The units by which `text` divides: "a day", "per month"."""
    return {unit for unit, word in _counted(text) if _PER.search(text[: word.start()])}


def _used(text: str, kind: int, *, is_rate: bool) -> set[str]:
    """The units of one kind in which `text` counts, or which it names in the plural ("Hours?"); or those by which it divides."""
    plural = {u for w in WORD.findall(text) if (u := UNITS.get(w.casefold())) and w.casefold() == u and u.endswith("s")}
    used = _divisors(text) if is_rate else {*counted(text), *plural} - _divisors(text)
    return {u for u in used if _KINDS[u] == kind}
