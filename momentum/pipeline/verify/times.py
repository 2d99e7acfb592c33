"""When: every day, month and weekday that a claim names must follow from what was said, by the day of the meeting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from momentum.pipeline.verify import quotes
from momentum.writers import dates

_ANY_DAY = date(2000, 1, 1)
"""Stands in for the meeting's day where nobody knows it: words for the same day are still the same."""


def split(text: str, said: str, near: str, day: date | None, due: date | None) -> tuple[str, list[str]]:
    """`text` with its times cut out, and those of them that `said` does not hold. `near` may give the month of a day."""
    months = {w for m in dates.mentions(near, day or _ANY_DAY) for w in _core(m.words) if w in dates.MONTHS}
    spoken = dates.mentions(said, day or _ANY_DAY)
    unproven: list[str] = []
    rest = text
    for mention in reversed(dates.mentions(text, day or _ANY_DAY)):
        if _is_ordinal_alone(mention, text):
            continue
        if _is_proven(mention, spoken, months, due):
            rest = rest[: mention.start] + " " + rest[mention.end :]
        else:
            unproven.insert(0, mention.words)
            rest = rest[: mention.start] + " " + rest[mention.end :]
    return rest, unproven


def _is_ordinal_alone(mention: dates.Mention, text: str) -> bool:
    """Whether an ordinal counts something: "the second review" is no day, "on the second" is one."""
    return (
        not mention.led
        and bool(re.match(r"the [\w-]+$", mention.words, re.IGNORECASE))
        and bool(re.match(r"\s+[a-z]", text[mention.end :]))
    )


def _is_proven(mention: dates.Mention, spoken: Sequence[dates.Mention], months: set[str], due: date | None) -> bool:
    if mention.day and (mention.day == due or any(mention.day == s.day for s in spoken)):
        return True
    if mention.day and _has_day_and_month(mention.day, spoken, months):
        return True
    core = _core(mention.words)
    return any(core == _core(s.words) or _is_within(core, s) for s in spoken)


def _has_day_and_month(day: date, spoken: Sequence[dates.Mention], months: set[str]) -> bool:
    """Whether the day and its month were said apart: "on the eighth" in talk about October is the eighth of October."""
    return dates.MONTHS[day.month - 1] in months and any(
        s.day and s.day.day == day.day and re.fullmatch(r"the [\w-]+", s.words, re.IGNORECASE) for s in spoken
    )


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
