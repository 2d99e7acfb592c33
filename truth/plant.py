"""Errors as a model makes them, planted into correct claims one at a time. Nothing here looks at the rules of the check.

A planter gives no claim where it finds nothing to spoil, and more than one where an error has more than one shape: an owner
changed in the field alone, or in the text too.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from momentum.model import Claim
from truth.meetings import Case, Correct

OFF = 10
"""Segments by which a pointer is moved."""
NEAR = 2
"""Segments around the evidence in which a wrong owner is looked for first."""


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted error: its kind, the spoilt claim, and the correct one it was made of (None: it was retracted)."""

    kind: str
    claim: Claim
    correct: Claim | None


@dataclass(frozen=True, slots=True)
class _Soil:
    """What a planter may use: the meeting, one of its claims, another meeting, and a source of chance that is always the same."""

    case: Case
    made: Correct
    stranger: Case
    chance: random.Random

    @property
    def claim(self) -> Claim:
        return self.made.claim


def plants(case: Case, others: Sequence[Case]) -> list[Plant]:
    """Every error that fits the meeting; the same ones on every run."""
    found = [Plant("retracted decision kept", claim, None) for claim in case.retracted]
    for number, made in enumerate(case.correct):
        for kind, planter in PLANTERS.items():
            chance = random.Random(f"{case.name} {number} {kind}")  # noqa: S311 -- chosen by chance, not kept secret
            soil = _Soil(case, made, chance.choice([c for c in others if c.name != case.name]), chance)
            found.extend(Plant(kind, claim, made.claim) for claim in planter(soil) if claim != made.claim)
    return found


# --- people -----------------------------------------------------------------------------------------

_STRANGERS = (
    "Marcus Feld",
    "Ingrid Tveit",
    "Rebecca Stone",
    "Tomasz Wolski",
    "Harold Finch",
    "Amara Nwosu",
    "Pilar Santos",
    "Dmitri Volkov",
)


def _wrong_owner(soil: _Soil) -> Iterator[Claim]:
    owner = soil.claim.owner
    if owner is None:
        return
    wrong = soil.chance.choice(_near_people(soil, owner)[:2])
    yield dataclasses.replace(soil.claim, owner=wrong)
    renamed = _renamed(soil.claim.text, owner, wrong)
    if renamed != soil.claim.text:
        yield dataclasses.replace(soil.claim, owner=wrong, text=renamed)


def _near_people(soil: _Soil, owner: str) -> list[str]:
    """The others of the meeting, those who speak or are named around the evidence first: they are mistaken most easily."""
    ids = soil.claim.segment_ids
    around = [s for s in soil.case.transcript.segments if min(ids) - NEAR <= s.id <= max(ids) + NEAR]
    said = " ".join(f"{s.speaker}: {s.text}" for s in around)
    others = [p for p in soil.case.meeting.participants if p != owner]
    return sorted(others, key=lambda p: not re.search(rf"\b(?:{'|'.join(map(re.escape, p.split()))})\b", said))


def _renamed(text: str, owner: str, wrong: str) -> str:
    if owner in text:
        return text.replace(owner, wrong)
    first, new = _first(owner), _first(wrong)
    return re.sub(rf"\b{re.escape(first)}\b", new, text)


def _first(person: str) -> str:
    return re.sub(r"^(?:Dr|Prof|Hr)\. ", "", person).split()[0]


def _invented_person(soil: _Soil) -> Iterator[Claim]:
    stranger = soil.chance.choice(_STRANGERS)
    claim, text = soil.claim, soil.claim.text
    if claim.owner:
        yield dataclasses.replace(claim, owner=stranger, text=_renamed(text, claim.owner, stranger))
    named = next((p for p in soil.case.meeting.participants if re.search(rf"\b{re.escape(_first(p))}\b", text)), None)
    if named:
        yield dataclasses.replace(claim, owner=None, due_words=None, due_date=None, text=_renamed(text, named, stranger))
    elif claim.owner:
        yield dataclasses.replace(claim, owner=None, text=f"{_first(stranger)} is to {text[0].lower()}{text[1:]}")
    else:
        yield dataclasses.replace(claim, text=f"{text.rstrip('.?')}, says {stranger}.")


# --- dates ------------------------------------------------------------------------------------------

_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_OTHER_TIMES = {
    "day after tomorrow": "day before yesterday",
    "tomorrow": "today",
    "today": "tomorrow",
    "tonight": "tomorrow night",
    "this afternoon": "tomorrow afternoon",
    "this morning": "tomorrow morning",
    "this week": "next week",
    "next week": "this week",
    "next sprint": "this sprint",
    "end of the month": "end of the week",
    "end of the week": "end of the month",
    "end of the day": "end of the week",
    "two weeks": "three weeks",
    "three weeks": "two weeks",
    "a week": "two weeks",
    "five days": "three days",
    "ten days": "twelve days",
    "mid-January": "mid-February",
}
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
]
_MONTH = "|".join(_MONTHS)


def _shifted_date(soil: _Soil) -> Iterator[Claim]:
    claim = soil.claim
    if claim.due_date:
        days = soil.chance.choice([-7, -3, -1, 1, 2, 7, 14, 30])
        yield dataclasses.replace(claim, due_date=claim.due_date + timedelta(days=days))
    if claim.due_words and (other := _other_time(claim.due_words, soil.chance)):
        text = claim.text.replace(claim.due_words, other)
        yield dataclasses.replace(claim, due_words=other, due_date=None, text=text)
    if other := _other_date(claim.text, soil.chance):
        yield dataclasses.replace(claim, text=other)


def _other_time(words: str, chance: random.Random) -> str | None:
    """Words for another time than `words`."""
    for said, other in _OTHER_TIMES.items():
        if re.search(rf"\b{said}\b", words, re.IGNORECASE):
            return re.sub(rf"\b{said}\b", other, words, flags=re.IGNORECASE)
    for name in (_WEEKDAYS, _MONTHS, sorted(_ORDINALS, key=len, reverse=True)):
        if match := re.search(rf"\b(?:{'|'.join(name)})\b", words):
            return words.replace(match[0], chance.choice([n for n in name if n != match[0]]))
    return None


def _other_date(text: str, chance: random.Random) -> str | None:
    """`text` with another day, weekday or month in it."""
    if match := re.search(rf"\b(\d{{1,2}})(?= (?:{_MONTH})\b)", text):
        day = int(match[1])
        return (
            text[: match.start()]
            + str(day + chance.choice([1, 2, 3]) if day < 25 else day - chance.choice([1, 2, 7]))
            + text[match.end() :]
        )
    for names in (_WEEKDAYS, _MONTHS):
        if match := re.search(rf"\b(?:{'|'.join(names)})\b", text):
            return text.replace(match[0], chance.choice([n for n in names if n != match[0]]))
    return None


# --- numbers and units ------------------------------------------------------------------------------

_NUMBER_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER = re.compile(rf"(?<![\w.])(?:\d[\d,]*(?:\.\d+)?|{'|'.join(_NUMBER_WORDS)})(?![\w-])(?!\.\d)")
_UNITS = {
    "euros": "dollars",
    "euro": "dollar",
    "dollars": "euros",
    "pounds": "euros",
    "francs": "euros",
    "kroner": "euros",
    "crowns": "euros",
    "yen": "dollars",
    "percent": "euros",
    "%": " euros",
    "hours": "days",
    "minutes": "hours",
    "days": "weeks",
    "weeks": "months",
    "months": "weeks",
    "years": "months",
    "a day": "a week",
    "a month": "a year",
    "per month": "per year",
    "kilos": "pounds",
    "gram": "milligram",
    "milligrams": "grams",
    "millimoles": "moles",
    "gigabytes": "terabytes",
    "kilometres": "miles",
    "metres": "feet",
    "inches": "feet",
    "feet": "metres",
    "square foot": "square metre",
}
_UNIT = re.compile(r"(?<![A-Za-z])(?:" + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True)) + r")(?!\w)")
_SYMBOLS = {"$": "€", "€": "$", "£": "$"}  # the sign is a unit too


def _changed_number(soil: _Soil) -> Iterator[Claim]:
    text = soil.claim.text
    found = [m for m in _NUMBER.finditer(text) if not _is_of_a_date(text, m)]
    if not found:
        return
    match = soil.chance.choice(found)
    yield _with_text(soil, text[: match.start()] + _another(match[0], soil.chance) + text[match.end() :])
    if len(found) > 1 and found[0][0] != found[1][0]:
        a, b = found[:2]
        yield _with_text(soil, text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :])


def _is_of_a_date(text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - 10) : match.start()], text[match.end() : match.end() + 16]
    is_year = re.fullmatch(r"20\d\d", match[0])
    return bool(is_year or re.match(rf" (?:and \d+ )?(?:{_MONTH})\b", around[1]) or re.search(rf"(?:{_MONTH}) $", around[0]))


def _another(number: str, chance: random.Random) -> str:
    """Another number, written in the same way: a neighbour, ten times as much, or the digits turned."""
    if number in _NUMBER_WORDS:
        return chance.choice([w for w in _NUMBER_WORDS if w != number])
    if "." in number:
        whole, _, rest = number.partition(".")
        return f"{int(whole.replace(',', '')) + 1}.{rest}"
    value = int(number.replace(",", ""))
    turned = int(str(value)[::-1])
    choices = [n for n in (value + 1, value * 10, turned, value + 5) if n != value and len(str(n)) >= len(str(value))]
    other = chance.choice(choices)
    return f"{other:,}" if "," in number or other >= 10_000 else str(other)


_COUNTED = re.compile(r"\d|\b(?:a|per|" + "|".join(_NUMBER_WORDS) + r")\b")


def _changed_unit(soil: _Soil) -> Iterator[Claim]:
    text = soil.claim.text
    found = [m for m in _UNIT.finditer(text) if _COUNTED.search(text[max(0, m.start() - 25) : m.start()] + m[0])]
    for match in found[:1]:
        yield _with_text(soil, text[: match.start()] + _UNITS[match[0]] + text[match.end() :])
    for sign, other in _SYMBOLS.items():
        if sign in text:
            yield _with_text(soil, text.replace(sign, other))


def _with_text(soil: _Soil, text: str) -> Claim:
    return dataclasses.replace(soil.claim, text=text)


# --- what is written by hand, and where it points ---------------------------------------------------


def _inverted(soil: _Soil) -> Iterator[Claim]:
    if soil.made.inverted:
        yield _with_text(soil, soil.made.inverted)


def _hedge_removed(soil: _Soil) -> Iterator[Claim]:
    if soil.made.certain:
        yield _with_text(soil, soil.made.certain)


def _pointer(soil: _Soil) -> Iterator[Claim]:
    right, last = set(soil.claim.segment_ids), soil.case.transcript.segments[-1].id
    for off in (OFF, -OFF):
        moved = tuple(i + off for i in soil.claim.segment_ids)
        if right.isdisjoint(moved) and max(moved) <= last and min(moved) > 0:
            yield dataclasses.replace(soil.claim, segment_ids=moved)
            return


def _foreign_quote(soil: _Soil) -> Iterator[Claim]:
    same = [c.claim for c in soil.stranger.correct if c.claim.kind == soil.claim.kind] or [c.claim for c in soil.stranger.correct]
    if same:
        yield dataclasses.replace(soil.claim, quote=soil.chance.choice(same).quote)


PLANTERS: dict[str, Callable[[_Soil], Iterator[Claim]]] = {
    "wrong owner": _wrong_owner,
    "shifted date": _shifted_date,
    "inverted decision": _inverted,
    "changed number": _changed_number,
    "changed unit": _changed_unit,
    "pointer off by ten": _pointer,
    "quote from another meeting": _foreign_quote,
    "invented person": _invented_person,
    "hedge removed": _hedge_removed,
}
KINDS = (*PLANTERS, "retracted decision kept")
