"""Sentences that were made in English where something was decided, in the reader's language.

Errors, reasons of the check and notices are made in English, with names and numbers filled in; so they stand in the database and
in the API. Their patterns stand in the catalogue, with `{}` where something is filled in: a sentence that fits one is said in the
reader's words, any other stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from itertools import pairwise

from babel.dates import format_date

from momentum.languages import SOURCE, phrase
from momentum.languages.catalogues import catalogue, translations

SENTENCE, PHRASE = "sentence", "phrase"
"""Contexts (msgctxt) in the catalogue: patterns of whole sentences, and of what is filled into them."""

MOST_SENTENCES = 6
"""Of one entry of the catalogue."""
MOST_CHARACTERS = 2_000
"""Of what one entry may say: the longest is 490 characters without what is filled in. Anything longer is told as it is; of 2,000 the
worst ones that were found take 10 ms."""
MOST_NESTED = 4
"""Phrases within phrases: a list of people who do not say something is three."""
FIELD = re.compile(r"\{(\d*)\}")
_QUOTE = "“[^“”]*”"
_BORDER = re.compile(rf"{_QUOTE}|(?<=[.?!]) (?=\S)")
"""Between two sentences; or a quote, which is passed over."""
_INSIDE = rf"((?>{_QUOTE}|(?!\.\s).)+?)"
_QUOTED = r"([^”]+)"
"""What fills a field: within one sentence; within quotes, whatever was quoted. A quote matches in one way only (`(?>`): names of
people who were there come here, and what can match in two ways takes twice as long with each quote."""
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_DAY = re.compile(rf"(?:[A-Z][a-z]+day )(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})")


def told_in(language: str, sentence: str) -> str:
    """`sentence` in one of LANGUAGES, where a pattern of its catalogue fits; several sentences in a row one by one."""
    if language == SOURCE or not sentence:
        return sentence
    return _told(_known(language, SENTENCE), sentence)


def phrase_in(language: str, text: str, *, nested: int = 0) -> str:
    """A part of a sentence, or a day as `day_in` writes it in English. `nested`: in so many other phrases."""
    if language == SOURCE or nested > MOST_NESTED:
        return text
    if day := _day(text):
        return day_in(language, day)
    return _known(language, PHRASE).told(text, nested=nested + 1) or _quoted(language, text) or _listed(language, text, nested + 1) or text


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    try:
        return date(int(found[3]), _MONTHS.index(found[2]) + 1, int(found[1])) if found else None
    except ValueError:  # people may be called the 31st of November
        return None


def _quoted(language: str, text: str) -> str | None:
    inside = text[1:-1]
    known = text[:1] == "“" and text[-1:] == "”" and not {"“", "”"} & set(inside)
    return translations(language).gettext("“%(words)s”") % {"words": inside} if known else None


def _listed(language: str, text: str, nested: int) -> str | None:
    """A list whose parts are phrases, quotes, names or numbers: "Ben or Dana"."""
    known = _known(language, PHRASE)
    for link, told in ((", ", ", "), *((f" {word} ", f" {known.told(word) or word} ") for word in (phrase("and"), phrase("or")))):
        parts = text.split(link)
        if len(parts) > 1 and all(known.told(part, nested=nested) or _is_name(part) for part in parts):
            return told.join(phrase_in(language, part, nested=nested) for part in parts)
    return None


def _is_name(part: str) -> bool:
    """Or a quote, or a number."""
    return part[:1] == "“" or part[:1].isupper() or part[:1].isdigit()


def day_in(language: str, day: date) -> str:
    """As in "Friday 27 November 2026", "Freitag, 27. November 2026"."""
    return format_date(day, "EEEE d MMMM y" if language == SOURCE else "full", locale=language)


def _told(known: _Known, text: str) -> str:
    """As many sentences in a row as one entry of the catalogue has, from the beginning on; one that none has stays."""
    parts, told = _sentences(text), []
    while parts:
        runs = ((n, known.told(" ".join(parts[:n]))) for n in range(min(MOST_SENTENCES, len(parts)), 0, -1))
        taken, said = next(((n, found) for n, found in runs if found), (1, parts[0]))
        told.append(said)
        parts = parts[taken:]
    return " ".join(told)


def _sentences(text: str) -> list[str]:
    """Cut between sentences; what stands in quotes stays whole."""
    borders = [found.start() for found in _BORDER.finditer(text) if found[0] == " "]
    return [text[start + bool(start) : end] for start, end in pairwise([0, *borders, len(text)])]


@dataclass(frozen=True)
class _Known:
    """The patterns of one language, in one context."""

    language: str
    translated: Mapping[str, str]
    """By what stands in the code."""

    def told(self, text: str, *, nested: int = 0) -> str | None:
        """The translation of a text that fits as a whole."""
        if text in self.translated:
            return self.translated[text]
        if len(text) > MOST_CHARACTERS:
            return None
        for mark, pattern, told in self._patterns:
            if mark in text and (found := pattern.fullmatch(text)):
                return _filled(told, [phrase_in(self.language, value, nested=nested) for value in found.groups()])
        return None

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str], str]]:
        """(longest part between fields, pattern, translation); those with most words of their own first: they fit least."""
        ordered = sorted((p for p in self.translated if "{}" in p), key=lambda p: (-len(p), p))
        return [(max(p.split("{}"), key=len), _pattern(p), self.translated[p]) for p in ordered]


def _pattern(message: str) -> re.Pattern[str]:
    """Each field ends where the words behind it first come, the last one where the text ends: the time grows with the text, no more."""
    first, *others = message.split("{}")
    made, before = [re.escape(first)], first
    for part in others:
        made.append((_QUOTED if before.endswith("“") else _INSIDE) + re.escape(part))
        before = part
    return re.compile("".join([made[0], *(f"(?>{field})" for field in made[1:-1]), *made[1:][-1:]]), re.DOTALL)


def _filled(translated: str, values: Sequence[str]) -> str:
    """With the values in their order, or in that of the numbers in "{2} ... {1}", for a language that says it the other way round."""
    order: Iterator[int] = iter(range(1, len(values) + 1))
    return FIELD.sub(lambda field: values[int(field[1] or next(order)) - 1], translated)


@cache
def _known(language: str, context: str) -> _Known:
    """Those of the context, and what pages and documents say by themselves: "Minutes"."""
    messages = [m for m in catalogue(language) if m.id and isinstance(m.string, str) and m.string and m.context in {None, context}]
    messages.sort(key=lambda m: m.context or "")
    return _Known(language, {str(m.id): str(m.string) for m in messages if m.context or "%" not in m.id})
