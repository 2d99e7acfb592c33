"""The languages that Momentum speaks to people. English is that of the code; each other one has a catalogue of messages.

    de.po          the catalogue of German; `make catalogue` brings it up to date with the code
    catalogues.py  reads it
    sentences.py   sentences that were made in English, in another language
    translator.py  all of it for one language

Marking a message loads nothing of these.
"""

from __future__ import annotations

from pathlib import Path

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
