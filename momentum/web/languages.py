"""The languages of the pages: one catalogue of messages for each, read once (https://babel.pocoo.org/)."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "en"
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""By the name that the language has for itself."""

CATALOGUES = Path(__file__).with_name("locales")
_RANGE = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?")
_MOST_RANGES = 20


def N_(message: str) -> str:  # noqa: N802 -- gettext's own word for "translate it where it is shown"
    """`message`, marked for the catalogue."""
    return message


@cache
def translations(language: str) -> NullTranslations:
    """The messages of one of LANGUAGES; those that are not translated stay as they are."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def language_for(chosen: str | None, accepted: str) -> str:
    """What a reader chose, else the best of LANGUAGES by the header Accept-Language
    (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4).
    """
    if chosen in LANGUAGES:
        return str(chosen)
    return next((tag.partition("-")[0] for tag in _wanted(accepted) if tag.partition("-")[0] in LANGUAGES), SOURCE)


def locale_for(language: str, accepted: str) -> Locale:
    """How that reader writes dates and numbers: English of England is not that of America."""
    for tag in _wanted(accepted):
        if tag.partition("-")[0] == language and (found := _locale(tag)):
            return found
    return Locale(language)


def _wanted(accepted: str) -> list[str]:
    """Tags of languages, most wanted first, in lower case."""
    ranges = _RANGE.findall(accepted)[:_MOST_RANGES]
    return [tag.lower() for tag, q in sorted(ranges, key=lambda r: -float(r[1] or 1)) if float(q or 1) > 0]


@cache
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
