"""The language of a reader, by what they chose and what their browser asks for."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from momentum.languages import LANGUAGES, SOURCE

_RANGE = re.compile(r"([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")
_PLACE = re.compile(r"-([a-z]{2}|\d{3})(?=-|$)")
_MOST_RANGES = 20


def language_for(chosen: str | None, accepted: str) -> str:
    """What a reader chose, else the best of LANGUAGES by the header Accept-Language
    (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4).
    """
    if chosen in LANGUAGES:
        return str(chosen)
    return next((tag.partition("-")[0] for tag in _wanted(accepted) if tag.partition("-")[0] in LANGUAGES), SOURCE)


def locale_for(language: str, accepted: str) -> Locale:
    """How that reader writes dates and numbers, by the first place that they name: English of England is not that of America,
    and who reads English in Germany writes neither like an American.
    """
    places = [found[1] for tag in _wanted(accepted) if (found := _PLACE.search(tag))]
    return next(filter(None, (_locale(f"{language}-{place}") for place in places)), Locale(language))


def _wanted(accepted: str) -> list[str]:
    """Tags of languages, most wanted first, in lower case."""
    ranges = [found for part in accepted.lower().split(",")[:_MOST_RANGES] if (found := _RANGE.fullmatch(part.strip()))]
    ordered = sorted(ranges, key=lambda found: -float(found[2] or 1))
    return [found[1] for found in ordered if float(found[2] or 1) > 0]


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale | None:
    """Kept for the tags of a few readers: whoever asks may write any."""
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
