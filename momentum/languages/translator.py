"""What is said to people, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from momentum.languages import SOURCE, spoken
from momentum.languages.catalogues import translations
from momentum.languages.sentences import day_in, phrase_in, told_in


@dataclass(frozen=True, slots=True)
class Translator:
    """Into one of LANGUAGES; figures as a reader of that language anywhere writes them."""

    language: str

    def _(self, message: str, **values: object) -> str:
        """`message` with `%(name)s` filled in; a percent sign of its own is written twice, as in templates."""
        return translations(self.language).gettext(message) % values

    def counted(self, one: str, many: str, count: int, **values: object) -> str:
        """`one` or `many`, in the form that the language has for so many; `%(num)s` is the count."""
        return translations(self.language).ngettext(one, many, count) % {"num": self.number(count), **values}

    def said(self, sentence: str) -> str:
        """A sentence that was made in English, where the catalogue knows it."""
        return told_in(self.language, sentence)

    def phrase(self, text: str) -> str:
        """A part of a sentence that was made in English, where the catalogue knows it."""
        return phrase_in(self.language, text)

    def day(self, day: date) -> str:
        """As in "Friday 27 November 2026"."""
        return day_in(self.language, day)

    def date(self, day: date) -> str:
        """As in "27 November 2026"."""
        return format_date(day, "d MMMM y" if self.language == SOURCE else "long", locale=self.language)

    def moment(self, moment: datetime) -> str:
        """As in "Friday 27 November 2026, 14:05 (Europe/Berlin)"."""
        zone = "UTC" if moment.tzinfo in {None, UTC} else str(moment.tzinfo)
        return f"{self.day(moment.date())}, {moment:%H:%M} ({zone})"

    def number(self, value: float, digits: str = "#,##0.###") -> str:
        """With the language's separators."""
        return format_decimal(value, digits, locale=self.language)

    def percent(self, share: float) -> str:
        """A share of 1 in whole percent."""
        return format_percent(share, locale=Locale(self.language))


@cache
def into(language: str) -> Translator:
    """The translator into one of LANGUAGES."""
    return Translator(language)


def translator_of(tag: str | None) -> Translator:
    """Into the language of a document: its tag's, where that is one of LANGUAGES, else English."""
    return into(spoken(tag))


ENGLISH = into(SOURCE)
