"""When something is due, in the words people use: found in English speech, and worked out against the meeting's date."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from momentum.languages.translator import ENGLISH
from momentum.model import Meeting
from momentum.writers import daytimes
from momentum.writers.numbers import CARDINALS, ORDINALS

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_MONTH_NUMBERS = {m: i for i, m in enumerate(MONTHS, 1)} | {m[:3]: i for i, m in enumerate(MONTHS, 1)} | {"sept": 9}

_DAY = "|".join(WEEKDAYS)
# "Nobody under 16 may come" names no day: that month is told by its capital.
_MONTH = "|".join("(?-i:May)" if m == "may" else m for m in sorted(_MONTH_NUMBERS, key=len, reverse=True))
# "May" and "March" name a month only where they are written like a name.
_MONTH_NAME = "|".join(m for m in MONTHS if m not in {"may", "march"}) + "|(?-i:May|March)"
_COUNT = r"\d{1,3}|an?|a couple of|a few|" + "|".join(w for w in CARDINALS if w != "zero")
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)|" + "|".join(sorted(ORDINALS, key=len, reverse=True))
_SATURDAY = 5
_NUMBER = rf"{_ORDINAL}|\d{{1,2}}"
_YEAR = r"(?:,?\s+(?P<year>20\d\d))?"

_CLOSE = r"(?:the )?(?:end|close) of (?:the )?(?:day|business|play)|eod|cob"

Resolver = Callable[[re.Match[str], date], date | None]


def local_date(meeting: Meeting) -> date | None:
    """The calendar day of the meeting where it was held; None where its start is not known."""
    if meeting.started_at is None:
        return None
    return meeting.started_at.astimezone(_zone(meeting)).date()


def local_start(meeting: Meeting) -> datetime | None:
    """The start in the meeting's own zone, UTC where it names none that exists."""
    return meeting.started_at.astimezone(_zone(meeting)) if meeting.started_at else None


def _zone(meeting: Meeting) -> ZoneInfo:
    try:
        return ZoneInfo(meeting.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _weekday(said_on: date, name: str) -> date:
    """The first such day after the day it was said: who means the same day says "today"."""
    ahead = (WEEKDAYS.index(name.casefold()) - said_on.weekday() - 1) % 7 + 1
    return said_on + timedelta(days=ahead)


def _weekday_of_next_week(said_on: date, name: str) -> date:
    monday = said_on + timedelta(days=7 - said_on.weekday())
    return monday + timedelta(days=WEEKDAYS.index(name.casefold()))


def _count(words: str) -> int | None:
    words = words.casefold()
    if words.isdigit():
        return int(words)
    return {"a": 1, "an": 1, "a couple of": 2}.get(words, CARDINALS.get(words))


def _in(match: re.Match[str], said_on: date) -> date | None:
    count, unit = _count(match["count"]), match["unit"].casefold()
    if count is None:
        return None  # "a few" is no number
    if unit == "month":
        return _add_months(said_on, count)
    return said_on + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[unit])


def _add_months(day: date, count: int) -> date:
    years, month = divmod(day.month - 1 + count, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def _end_of(match: re.Match[str], said_on: date) -> date:
    unit, ahead = match["unit"].casefold(), int((match["which"] or "").casefold() == "next")
    if unit == "week":
        last = 4 if said_on.weekday() <= 4 or ahead else 6  # on a weekend the week ends with it
        return said_on + timedelta(days=last - said_on.weekday() + 7 * ahead)
    if unit == "year":
        return date(said_on.year + ahead, 12, 31)
    month = _add_months(said_on.replace(day=1), ahead if unit == "month" else 2 - (said_on.month - 1) % 3 + 3 * ahead)
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def _day_number(words: str) -> int:
    return ORDINALS.get(words.casefold()) or int(re.sub(r"\D", "", words))


def _day_of_month(match: re.Match[str], said_on: date) -> date | None:
    month, day = _MONTH_NUMBERS[match["month"].casefold()], _day_number(match["day"])
    year = int(match["year"]) if match["year"] else said_on.year
    try:
        found = date(year, month, day)
        return found if match["year"] or found >= said_on else found.replace(year=year + 1)
    except ValueError:
        return None


def _end_of_month(match: re.Match[str], said_on: date) -> date:
    """The last day of the named month, the next one that is not over."""
    month, year = _MONTH_NUMBERS[match["month"].casefold()], said_on.year
    year = int(match["year"]) if match["year"] else year + (month < said_on.month)
    return date(year, month, calendar.monthrange(year, month)[1])


def _end_of_quarter(match: re.Match[str], said_on: date) -> date:
    month = 3 * int(match["number"])
    year = said_on.year + (month < said_on.month)
    return date(year, month, calendar.monthrange(year, month)[1])


def _end_of_year(match: re.Match[str], _said_on: date) -> date:
    return date(int(match["year"]), 12, 31)


def _working_days(match: re.Match[str], said_on: date) -> date | None:
    """That many days from Monday to Friday later; nobody's holidays are known."""
    count = _count(match["count"])
    if count is None:
        return None
    weeks, rest = divmod(count, 5)
    day = said_on + timedelta(weeks=weeks)
    while rest or day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
        rest -= rest > 0 and day.weekday() < _SATURDAY
    return day


def _nth_weekday(match: re.Match[str], said_on: date) -> date | None:
    """The next such day that is not over: "the first Monday in January", "the last Friday of the month"."""
    named = match["month"] or match["month2"]
    step = 12 if match["month"] else 1
    first = said_on.replace(day=1)
    if match["month"]:
        first = first.replace(month=_MONTH_NUMBERS[named.casefold()])
    elif "next" in match[0].casefold():
        first = _add_months(first, 1)
    for _ in range(2):
        found = _weekday_in(first, match["which"].casefold(), WEEKDAYS.index(match["weekday"].casefold()))
        if found is None or found >= said_on:
            return found
        first = _add_months(first, step)
    return None


def _weekday_in(first: date, which: str, weekday: int) -> date | None:
    days = [first + timedelta(days=n) for n in range(31)]
    found = [d for d in days if d.month == first.month and d.weekday() == weekday]
    number = len(found) if which == "last" else ORDINALS[which]
    return found[number - 1] if number <= len(found) else None


def _week_after(match: re.Match[str], said_on: date) -> date:
    """Seven days after the day that is named: "Monday week", "a week today"."""
    word = (match["weekday"] or match["day"] or match["weekday2"]).casefold()
    ahead = {"today": 0, "tomorrow": 1}
    day = said_on + timedelta(days=ahead[word]) if word in ahead else _weekday(said_on, word)
    return day + timedelta(days=7)


def _the_nth(match: re.Match[str], said_on: date) -> date | None:
    day = _day_number(match["day"])
    for months in range(3):
        first = _add_months(said_on.replace(day=1), months)
        if day <= calendar.monthrange(first.year, first.month)[1] and first.replace(day=day) >= said_on:
            return first.replace(day=day)
    return None


def _iso(match: re.Match[str], _said_on: date) -> date | None:
    try:
        return date.fromisoformat(match[0])
    except ValueError:
        return None


def _weeks_from(match: re.Match[str], said_on: date) -> date | None:
    weeks = _count(re.split(r"\s+weeks?\s", match[0], maxsplit=1, flags=re.IGNORECASE)[0])
    return None if weeks is None else _weekday(said_on, match["weekday"]) + timedelta(weeks=weeks)


def _next(match: re.Match[str], said_on: date) -> date:
    return _weekday_of_next_week(said_on, match["weekday"] or match["weekday2"] or match["weekday3"])


def _days(count: int) -> Resolver:
    return lambda _match, said_on: said_on + timedelta(days=count)


def _vague(_match: re.Match[str], _said_on: date) -> None:
    """Words that name a time but no day: kept as said, no date made up."""
    return


_WHICH = "first|second|third|fourth|last"
_SPAN = "beginning|start|middle|first half|second half|first week|last week"
_PERIOD = "week(?:end)?|month|quarter|year|sprint|meeting|spring|summer|autumn|fall|winter"
_THING = "one|thing|time|point|part|half|item|option|version|draft|week|day|person|question|of"  # "the second draft" is no day
# Longest reading first: "a week from Monday" before "Monday". Deadline words in front belong to what was said.
_PATTERNS: list[tuple[str, Resolver]] = [
    (r"\d{4}-\d\d-\d\d", _iso),
    (rf"(?:{_COUNT}) weeks? (?:from|on) (?P<weekday>{_DAY})", _weeks_from),
    (rf"(?P<count>{_COUNT}) (?P<unit>week)s? (?:from )?today", _in),
    (rf"(?:the )?(?P<weekday>{_DAY})(?P<weekday2>)(?P<day>) after next", _week_after),
    (rf"(?P<weekday>{_DAY}) week|a week (?:on )?(?P<weekday2>{_DAY})|(?:a week )?(?P<day>today|tomorrow)(?: week)", _week_after),
    (r"a week (?P<weekday>)(?P<weekday2>)(?P<day>today|tomorrow)", _week_after),
    (
        rf"(?:the )?(?P<which>{_WHICH}) (?P<weekday>{_DAY}) (?:of|in) (?:(?P<month>{_MONTH})|(?P<month2>(?:the|this|next) month))",
        _nth_weekday,
    ),
    (rf"(?:in|within) (?P<count>{_COUNT}) (?:working|business) days?", _working_days),
    (rf"(?:the )?(?:very end|end|last day|last) of (?P<month>{_MONTH}){_YEAR}", _end_of_month),
    (r"(?:the )?end of q(?P<number>[1-4])", _end_of_quarter),
    (r"(?:the )?end of (?P<year>20\d\d)", _end_of_year),
    (rf"(?:the )?(?:{_SPAN}) of (?:{_MONTH})|(?:mid|early|late)[- ](?:{_MONTH})", _vague),
    (r"(?:the )?(?:beginning|start|middle) of (?:the|this|next) (?:week|month|quarter|year)", _vague),
    (rf"(?:(?:{_DAY}),? )?(?P<month>{_MONTH})\.? (?:the )?(?P<day>{_NUMBER}){_YEAR}", _day_of_month),
    (rf"(?:(?:{_DAY}),? )?(?:the )?(?P<day>{_NUMBER})(?: of)? (?P<month>{_MONTH})\b{_YEAR}", _day_of_month),
    (rf"(?P<weekday>{_DAY}) (?:of )?next week|next week(?: on)? (?P<weekday2>{_DAY})|next (?P<weekday3>{_DAY})", _next),
    (r"(?:the )?day after tomorrow", _days(2)),
    (r"(?:the )?day before yesterday", _days(-2)),
    (r"yesterday", _days(-1)),
    (rf"(?:{_CLOSE})(?: on| of)? (?P<weekday>{_DAY})", lambda m, d: _weekday(d, m["weekday"])),
    (rf"(?:(?:{_CLOSE})(?: of)? )?tomorrow(?: morning| afternoon| evening| night)?", _days(1)),
    (r"(?:the )?(?:end|last day|last) of (?:(?P<which>the|this|next) )?(?P<unit>week|month|quarter|year)", _end_of),
    (rf"(?:(?:{_CLOSE})(?: of)? )?(?:today|tonight)|this (?:morning|afternoon|evening)|(?:{_CLOSE})", _days(0)),
    (rf"(?:in|within)(?: the next)? (?P<count>{_COUNT}) (?P<unit>day|week|fortnight|month)s?(?: time)?", _in),
    (rf"(?P<count>{_COUNT}) (?P<unit>day|week|fortnight|month)s? from (?:now|today)", _in),
    (rf"(?:(?:{_DAY}),? )?the (?P<day>{_ORDINAL})(?! (?:{_THING})\b)", _the_nth),
    (
        rf"(?:this |the coming |coming )?(?P<weekday>{_DAY})(?: (?:morning|afternoon|evening|night)s?)?",
        lambda m, d: _weekday(d, m["weekday"]),
    ),
    (rf"(?:this|next|last|the coming|the next) (?:{_PERIOD})", _vague),
    (rf"(?:{_MONTH_NAME})", _vague),
]
_LEAD = r"(?:(?:by|before|until|till|on|no later than|not later than|at the latest by|due(?: on| by)?)\s+)?"
_COMPILED = [(re.compile(rf"\b(?:{p})\b".replace(" ", r"\s+"), re.IGNORECASE), r) for p, r in _PATTERNS]
_LED = [(re.compile(rf"\b{_LEAD}(?:{p})\b".replace(" ", r"\s+"), re.IGNORECASE), r) for p, r in _PATTERNS]
# "the second", "this week" and "today" name a time far more often than a deadline; alone they prove none.
_PAST = re.compile(r"\byesterday\b|^(?:\w+ )?last (?!\w+ (?:of|in)\b)", re.IGNORECASE)
_MONTH_ALONE = _LED[-1][0]
_LEADING = re.compile(r"(?:.*\s)?(?:by|before|until|till|on|than|for|from|since|after|due|and|to)\s+$", re.IGNORECASE | re.DOTALL)
_DEADLINE = re.compile(r"\b(?:by|before|until|till|no later than|not later than|due)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that say when, the characters they take, and the day they name (None: no single day, or no day to count from).

    `led` is true where a word such as "by" or "on" stands in front.
    """

    words: str
    start: int
    end: int
    day: date | None
    led: bool


def find(text: str) -> str | None:
    """The first words in `text` that say when, verbatim, with their "by" or "before"; None when there are none."""
    best: re.Match[str] | None = None
    for pattern, resolver in _LED:
        for match in pattern.finditer(text):
            if (resolver is _the_nth and not _DEADLINE.search(match[0])) or pattern is _MONTH_ALONE or _PAST.search(match[0]):
                continue
            if best is None or match.start() < best.start() or (match.start() == best.start() and match.end() > best.end()):
                best = match
    return best[0] if best else None


@lru_cache(maxsize=2_048)  # a check reads the same sentences for every claim
def mentions(text: str, said_on: date | None) -> tuple[Mention, ...]:
    """Everything in `text` that says when, in order; of two that overlap, the one that begins first, then the longer one."""
    found = sorted(_matches(text), key=lambda pair: (pair[0].start(), -pair[0].end()))
    kept: list[Mention] = []
    for match, resolver in found:
        if not kept or match.start() >= kept[-1].end:
            led = bool(_LEADING.match(text[: match.start()]))
            kept.append(Mention(match[0], match.start(), match.end(), _day(match, resolver, said_on), led))
    return tuple(kept)


def _matches(text: str) -> Iterator[tuple[re.Match[str], Resolver]]:
    return ((match, resolver) for pattern, resolver in _COMPILED for match in pattern.finditer(text))


def _day(match: re.Match[str], resolver: Resolver, said_on: date | None) -> date | None:
    if said_on is None:
        return None
    try:
        return resolver(match, said_on)
    except (OverflowError, ValueError):
        return None


def resolve(words: str, said_on: date, at: time | None = None) -> date | None:
    """The day that `words` name when said on `said_on`; None where they name no single day. Never raises.

    A time of day alone ("at nine", "before lunch") names that day, or the next where it was over `at` the start of the meeting.
    """
    found = mentions(words, said_on)
    if not found:
        return _time_of_day(words, said_on, at)
    return next((m.day for m in found if m.day), None)


def _time_of_day(words: str, said_on: date, at: time | None) -> date | None:
    try:
        return daytimes.resolve(words, said_on, at)
    except OverflowError:
        return None


def day_in_words(day: date) -> str:
    """As in "Friday 27 November 2026"."""
    return ENGLISH.day(day)
