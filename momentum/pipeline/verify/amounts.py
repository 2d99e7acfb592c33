"""Numbers and their units: what a claim counts must have been said, in the same unit and in the same order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

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
    times
"""
UNITS = {name: line.split()[0] for line in _NAMES.strip().splitlines() for name in line.split()}
COUNTS = frozenset(language.stem(w) for w in (*numbers.CARDINALS, *numbers.ORDINALS, *numbers.SCALES, *UNITS))
"""Stems of numbers and units: a text is not about these."""
_CURRENCIES = frozenset("euros dollars pounds francs kroner crowns yen reais rupees yuan won pesos zloty cents".split())  # noqa: SIM905 - read as a line
# Units that are no other word, even where they count nothing.
_EVIDENT = frozenset(
    {
        *[
            "euros",
            "euro",
            "€",
            "dollars",
            "dollar",
            "$",
            "£",
            "sterling",
            "¥",
            "percent",
            "%",
            "hourly",
            "nightly",
            "weekly",
            "monthly",
            "quarterly",
            "yearly",
            "annual",
            "annually",
        ]
    }
)
_WORD = re.compile(r"[^\W\d_]+|[€$£¥₹%]")
_RATE = re.compile(r"\b(?:a|an|per|each|every|and)\s+$", re.IGNORECASE)
_BETWEEN = 2
"""Words between a number and its unit: "120 cubic metres"."""


def unproven(text: str, quoted: str, said: str, meeting: str) -> list[str]:
    """Sentences that say which number or unit of `text` the words `said` do not hold. `meeting` is all that was said.

    A number that the evidence only asks for, and that the quote answers with another, is not held: "Thirty dollars?" - "Twenty-five."

    "Fifteen thousand" and 15,000 are the same. What money is counted in may be known from the rest of the meeting.
    """
    text, quoted, said, meeting = (_PER_CENT.sub("percent", t) for t in (text, quoted, said, meeting))
    counted, any_number = _counted(said), numbers.readings(said)
    scales = [scale for word, scale in numbers.SCALES.items() if scale >= 1_000 and word in text.casefold()]
    missing = [
        v
        for v, unit in pairs(text)
        if v not in (counted if unit else any_number) and not _is_year(v, meeting) and not any(v * s in counted for s in scales)
    ]
    missing += [v for v, _ in pairs(text) if v in _answered(quoted, said)]
    if missing:
        return [f"The quote does not hold the number {', '.join(dict.fromkeys(shown(n) for n in missing))}."]
    if units := [u for u in _units(text) if not _is_proven(u, said, meeting)]:
        return [f"The quote does not count in {', '.join(dict.fromkeys(units))}."]
    if pair := _other_unit(text, said) or _lent_unit(text, said):
        return [f"The quote does not say {pair}."]
    if turned := _turned(text, said):
        return [f"The quote names {turned} the other way round."]
    return []


_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)


def _answered(quoted: str, said: str) -> set[Decimal]:
    """Numbers asked for, to which the quote gives another one of the same size that stands alone."""
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
    return {v for _, values in numbers.heard(said) for v in values} | numbers.readings(" ".join(_PARTS.findall(said)))


_PARTS = re.compile(r"\b(?:half|quarter|third|noon|midday|midnight|fortnight|couple|one|single|once|twice|an?)\b", re.IGNORECASE)


def shown(number: Decimal) -> str:
    """As people write it: 15,000 and 2.5."""
    return f"{number:,f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:,f}"


def _units(text: str) -> list[str]:
    """The units of `text` that count or divide something, and those that are no other word."""
    found = []
    ends = [n.end for n in numbers.find(text)]
    for match in _WORD.finditer(text):
        unit = UNITS.get(match[0].casefold())
        if unit and (match[0].casefold() in _EVIDENT or _counts(text, match, ends)):
            found.append(unit)
    return found


def _counts(text: str, match: re.Match[str], ends: Sequence[int]) -> bool:
    before = text[: match.start()]
    return bool(_RATE.search(before)) or any(
        match.start() - end >= 0 and len(text[end : match.start()].split()) <= _BETWEEN for end in ends
    )


def _is_proven(unit: str, said: str, meeting: str) -> bool:
    if unit in {UNITS.get(w.casefold()) for w in _WORD.findall(said)}:
        return True
    if unit in _CURRENCIES:
        return {u for u in (UNITS.get(w.casefold()) for w in _WORD.findall(meeting)) if u in _CURRENCIES} == {unit}
    return False


def pairs(text: str) -> list[tuple[Decimal, str | None]]:
    """Each number with the unit that stands with it; "" where it counts something else, None where it stands alone."""
    found = numbers.find(text)
    pairs: list[tuple[Decimal, str | None]] = []
    for at, number in enumerate(found):
        end = found[at + 1].start if at + 1 < len(found) else len(text)
        pairs.append((number.value, _unit(text, number, text[number.end : end])))
    return pairs


def _unit(text: str, number: numbers.Number, behind: str) -> str | None:
    if text[number.start : number.end].endswith("%"):
        return "percent"
    behind = _SIGN_BEHIND.sub("", _RATE_BEHIND.split(behind)[0])  # "five thousand a day" counts no days, "9 costs $36" no dollars
    signs = _WORD.findall(text[max(0, number.start - 1) : number.start])
    after = _WORD.findall(_SENTENCE_END.split(behind)[0])[: _BETWEEN + 1]
    if unit := next((UNITS[w.casefold()] for w in (*signs, *after) if w.casefold() in UNITS), None):
        return unit
    return "" if after and language.stems(after[0]) else None


_SIGN_BEHIND = re.compile(r"[€$£¥₹]\s*$")
_RATE_BEHIND = re.compile(r"\b(?:an?|per|each|every)\b", re.IGNORECASE)


def _other_unit(text: str, said: str) -> str | None:
    """A number with a unit that it has nowhere in `said`, where it stands with other units only."""
    spoken: dict[Decimal, set[str | None]] = {}
    for value, unit in pairs(said):
        spoken.setdefault(value, set()).add(unit)
    for value, unit in pairs(text):
        if unit and value in spoken and None not in spoken[value] and unit not in spoken[value]:
            return f"{shown(value)} {unit}"
    return None


def _lent_unit(text: str, said: str) -> str | None:
    """A number with the unit that in `said` belongs to another number of `text`, which has none here."""
    ours, theirs = pairs(text), {(v, unit) for n, values in numbers.heard(said) for v in values for _, unit in [_pair_at(said, n)]}
    bare = {value for value, unit in ours if not unit}
    for value, unit in ours:
        owners = {v for v, u in theirs if u == unit and v in bare}
        if unit and owners and (value, unit) not in theirs and (value, None) not in theirs:
            return f"{shown(value)} {unit}"
    return None


def _pair_at(text: str, number: numbers.Number) -> tuple[Decimal, str | None]:
    behind = next((n.start for n in numbers.find(text) if n.start >= number.end), len(text))
    return number.value, _unit(text, number, text[number.end : behind])


def _turned(text: str, said: str) -> str | None:
    """Two numbers that `said` holds, but of each other's things, or from the one to the other."""
    if part := _PART_OF.search(text):
        some, whole = numbers.find(part[1]), numbers.find(part[2])
        if some and whole and some[0].value > whole[0].value:
            return f"{part[1]} and {part[2]}"
    found = _told(text)
    if (part := _OF_THEM.search(text)) and any(n.value < found[-1][0] for n in numbers.find(text[: part.start()])[:1]):
        return f"{shown(found[0][0])} and {shown(found[-1][0])}"
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
            return f"{shown(a)} and {shown(b)}"
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
    before, after = _SENTENCE_END.split(text[begin : number.start])[-1], _SENTENCE_END.split(text[number.end : end])[0]
    near = [*_AND.split(before)[-1].split()[-_NEAR:], *_AND.split(after)[0].split()[:_NEAR]]
    return language.stems(" ".join(near)) - _UNIT_STEMS


_AND = re.compile(r"[,;]|\b(?:and|but)\b")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
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
            len(_SENTENCE_END.findall(said[: n.start])),
            _beside(said, n),
            bool(_OLD.search(said[: n.start])),
            bool(_NEW.search(said[: n.start])),
        )
        for n in exact
    ]


_OLD = re.compile(r"\b(?:from|was|were|used to be|had been|last (?:year|month|week)(?: it was)?)\W+(?:\w+\W+)?$", re.IGNORECASE)
_NEW = re.compile(r"\b(?:to|now|becomes?)\W+$", re.IGNORECASE)
_UNIT_STEMS = frozenset(language.stem(name) for name in UNITS)
