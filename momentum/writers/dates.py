"""When something is due, in the words people use: found in English speech, and worked out against the meeting's date."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from momentum.model import Meeting
from momentum.writers.numbers import CARDINALS, ORDINALS

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_MONTH_NUMBERS = {m: i for i, m in enumerate(MONTHS, 1)} | {m[:3]: i for i, m in enumerate(MONTHS, 1)} | {"sept": 9}

_DAY = "|".join(WEEKDAYS)
_MONTH = "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True))
_COUNT = r"\d{1,3}|an?|a couple of|a few|" + "|".join(w for w in CARDINALS if w != "zero")
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)|" + "|".join(sorted(ORDINALS, key=len, reverse=True))
_NUMBER = rf"{_ORDINAL}|\d{{1,2}}"
_YEAR = r"(?:,?\s+(?P<year>20\d\d))?"

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


# Longest reading first: "a week from Monday" before "Monday". Deadline words in front belong to what was said.
_PATTERNS: list[tuple[str, Resolver]] = [
    (r"\d{4}-\d\d-\d\d", _iso),
    (rf"(?:{_COUNT}) weeks? (?:from|on) (?P<weekday>{_DAY})", _weeks_from),
    (rf"(?P<month>{_MONTH})\.? (?:the )?(?P<day>{_NUMBER}){_YEAR}", _day_of_month),
    (rf"(?:the )?(?P<day>{_NUMBER})(?: of)? (?P<month>{_MONTH})\b{_YEAR}", _day_of_month),
    (rf"(?P<weekday>{_DAY}) (?:of )?next week|next week(?: on)? (?P<weekday2>{_DAY})|next (?P<weekday3>{_DAY})", _next),
    (r"(?:the )?day after tomorrow", _days(2)),
    (r"(?:(?:the )?end of (?:the )?day )?tomorrow(?: morning| afternoon| evening| night)?", _days(1)),
    (r"(?:the )?end of (?:(?P<which>the|this|next) )?(?P<unit>week|month|quarter|year)", _end_of),
    (r"today|tonight|this (?:morning|afternoon|evening)|(?:the )?end of (?:the )?day|close of business|eod", _days(0)),
    (rf"(?:in|within) (?P<count>{_COUNT}) (?P<unit>day|week|fortnight|month)s?(?: time)?", _in),
    (rf"(?P<count>{_COUNT}) (?P<unit>day|week|fortnight|month)s? from (?:now|today)", _in),
    (rf"the (?P<day>{_ORDINAL})(?! (?:one|thing|time|point|part|half|item|option|version|draft|week|day|person|question|of)\b)", _the_nth),
    (rf"(?:this |the coming |coming )?(?P<weekday>{_DAY})(?: morning| afternoon| evening| night)?", lambda m, d: _weekday(d, m["weekday"])),
    (r"(?:this|next|the coming) (?:week(?:end)?|month|quarter|year|sprint|meeting)", _vague),
]
_LEAD = r"(?:(?:by|before|until|till|on|no later than|not later than|at the latest by|due(?: on| by)?)\s+)?"
_COMPILED = [(re.compile(rf"\b(?:{p})\b".replace(" ", r"\s+"), re.IGNORECASE), r) for p, r in _PATTERNS]
_LED = [(re.compile(rf"\b{_LEAD}(?:{p})\b".replace(" ", r"\s+"), re.IGNORECASE), r) for p, r in _PATTERNS]
# "the second", "this week" and "today" name a time far more often than a deadline; alone they prove none.
_DEADLINE = re.compile(r"\b(?:by|before|until|till|no later than|not later than|due)\b", re.IGNORECASE)


def find(text: str) -> str | None:
    """The first words in `text` that say when, verbatim, with their "by" or "before"; None when there are none."""
    best: re.Match[str] | None = None
    for pattern, resolver in _LED:
        for match in pattern.finditer(text):
            if resolver is _the_nth and not _DEADLINE.search(match[0]):
                continue
            if best is None or match.start() < best.start() or (match.start() == best.start() and match.end() > best.end()):
                best = match
    return best[0] if best else None


def resolve(words: str, said_on: date) -> date | None:
    """The day that `words` name when said on `said_on`; None where they name no single day. Never raises."""
    for pattern, resolver in _COMPILED:
        if match := pattern.search(words):
            try:
                return resolver(match, said_on)
            except (OverflowError, ValueError):
                return None
    return None


def day_in_words(day: date) -> str:
    """As in "Friday 27 November 2026"."""
    return f"{WEEKDAYS[day.weekday()].capitalize()} {day.day} {MONTHS[day.month - 1].capitalize()} {day.year}"


def moment_in_words(moment: datetime) -> str:
    """As in "Friday 27 November 2026, 14:05 (Europe/Berlin)"."""
    zone = "UTC" if moment.tzinfo in {None, UTC} else str(moment.tzinfo)
    return f"{day_in_words(moment.date())}, {moment:%H:%M} ({zone})"
