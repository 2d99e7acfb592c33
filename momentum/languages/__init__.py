"""The languages that Momentum speaks to people: one catalogue of messages for each, read once (https://babel.pocoo.org/).

de.po          the catalogue of German; `make catalogue` brings it up to date with the code
sentences.py   sentences that were made in English, in another language
translator.py  all of it for one language
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "en"
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""By the name that the language has for itself."""

CATALOGUES = Path(__file__).parent


def N_(message: str) -> str:  # noqa: N802 -- gettext's own word for "translate it where it is shown"
    """`message`, marked for the catalogue."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 -- as above
    """Both forms of a message with a count, marked for the catalogue."""
    return one, many


def phrase(text: str) -> str:
    """`text`, a part of a sentence that is made elsewhere, marked for the catalogue; it may be an f-string."""
    return text


def spoken(tag: str | None) -> str:
    """The one of LANGUAGES that a tag such as "de-AT" or "de_CH" stands for; English for every other."""
    primary = (tag or "").replace("_", "-").partition("-")[0].lower()
    return primary if primary in LANGUAGES else SOURCE


@cache
def catalogue(language: str) -> Catalog:
    """The messages of one of LANGUAGES; the language of the code has none."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return Catalog(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


@cache
def translations(language: str) -> NullTranslations:
    """The messages of one of LANGUAGES, for gettext; those that are not translated stay as they are."""
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled) if language != SOURCE else NullTranslations()
