"""Catalogues of messages, read once (https://babel.pocoo.org/)."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from momentum.languages import CATALOGUES, SOURCE


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
