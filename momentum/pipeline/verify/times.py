"""When: every day, month and weekday that a claim names must follow from what was said, by the day of the meeting."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from momentum.pipeline.verify import language, quotes
from momentum.writers import dates, numbers
from momentum.writers.spoken import words

_ANY_DAY = date(2000, 1, 1)
"""Stands in for the meeting's day where nobody knows it: words for the same day are still the same."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was said of times: all mentions in the evidence, the months named around it, its numbers, and the claim's proven day."""

    spoken: Sequence[dates.Mention]
    months: frozenset[str]
    numbers: frozenset[Decimal]
    due: date | None


def without(text: str, day: date | None = _ANY_DAY) -> str:
    """`text` with everything cut out that says when."""
    for mention in reversed(dates.mentions(text, day)):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    return text


def split(text: str, said: str, near: str, day: date | None, due: date | None) -> tuple[str, list[str]]:
    """`text` with its times cut out, and those of them that `said` does not hold.

    `near` may give the month of a day; and the day itself where `said` names none that is not in `text`.
    """
    months = frozenset(words(near)) & set(dates.MONTHS)
    known = _Known(dates.mentions(said, day or _ANY_DAY), months, frozenset(numbers.numbers(said)), due)
    found = [m for m in dates.mentions(text, day or _ANY_DAY) if not _is_ordinal_alone(m, text)]
    rest = text
    for mention in reversed(found):
        rest = f"{rest[: mention.start]} {rest[mention.end :]}"
    missing = [m for m in found if not _is_proven(m, known)]
    if missing and not _is_contradicted(found, known.spoken):
        around = dataclasses.replace(known, spoken=dates.mentions(near, day or _ANY_DAY))
        missing = [m for m in missing if not _is_proven(m, around)]
    return rest, [m.words for m in missing]


def _is_contradicted(found: Sequence[dates.Mention], spoken: Sequence[dates.Mention]) -> bool:
    """Whether the evidence names a time that the text does not."""
    ours = _Known(found, frozenset(), frozenset(), None)
    return any(not _is_proven(s, ours) for s in spoken)


def _is_ordinal_alone(mention: dates.Mention, text: str) -> bool:
    """Whether an ordinal counts something: "the second review" and "to the first pass" name no day, "on the second it" does."""
    behind = re.match(r"\s+([a-z][\w'-]*)", text[mention.end :])
    if behind is None or not re.match(r"the [\w-]+$", mention.words, re.IGNORECASE):
        return False
    return not mention.led or bool(language.stems(behind[1]))


def _is_proven(mention: dates.Mention, known: _Known) -> bool:
    if mention.day and (mention.day == known.due or any(mention.day == s.day for s in known.spoken)):
        return True
    if mention.day and dates.MONTHS[mention.day.month - 1] in known.months and mention.day.day in known.numbers:
        return True  # "on the eighth" in talk about October is the eighth of October
    core = _core(mention.words)
    return any(core == _core(s.words) or _is_within(core, s) for s in known.spoken)


def _core(words: str) -> list[str]:
    return ["middle" if w == "mid" else w for w in quotes.normalised(words) if w not in {"the", "on", "of", "in"}]


def _is_within(core: Sequence[str], spoken: dates.Mention) -> bool:
    """A month or a weekday alone, of a day that was named in full."""
    if len(core) != 1:
        return False
    month = spoken.day and dates.MONTHS[spoken.day.month - 1]
    weekday = spoken.day and dates.WEEKDAYS[spoken.day.weekday()]
    return core[0] in {month, weekday} or core[0] in _core(spoken.words)


def stands_in(words: str, said: str) -> bool:
    """Whether `said` holds these words in one stretch."""
    wanted = quotes.normalised(words)
    return bool(wanted) and "\x1f".join(["", *wanted, ""]) in "\x1f".join(["", *quotes.normalised(said), ""])


def due_day(words: str, said: str, day: date, at: time | None) -> date | None:
    """The day of due words in a meeting on `day` that began `at`.

    A time of day belongs to the day named beside it in `said`: "tomorrow at nine", "at nine on Monday".
    """
    if not dates.mentions(words, day) and (beside := _beside(words, said, day)):
        return beside
    return dates.resolve(words, day, at)


def _beside(words: str, said: str, day: date) -> date | None:
    pattern = r"\W+".join(map(re.escape, words.split()))
    match = re.search(rf"\b{pattern}\b", said, re.IGNORECASE) if pattern else None
    if match is None:
        return None
    for mention in dates.mentions(said, day):
        between = said[mention.end : match.start()] if mention.end <= match.start() else said[match.end() : mention.start]
        if mention.day and _JOINED.fullmatch(between):
            return mention.day
    return None


_JOINED = re.compile(r",?\s*(?:(?:on|at|by|from)\s+)?")
