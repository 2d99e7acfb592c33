"""Sentences that were made in English below the pages, in the reader's language.

Errors, reasons of the check and notices are made where they are decided, in English, with names and numbers filled in; so they
stand in the database and in the API. Their patterns stand in the catalogue, with `{}` where something is filled in: a sentence
that fits one is said in the reader's words, any other stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from babel.messages.pofile import read_po

from momentum.web.languages import CATALOGUES, SOURCE

CONTEXT = "sentence"
"""The catalogue's context (msgctxt) of patterns."""
_FIELD = re.compile(r"\{(\d*)\}")


def told_in(language: str, sentence: str) -> str:
    """`sentence` in one of LANGUAGES, where a pattern of its catalogue fits; several sentences in a row one by one."""
    if language == SOURCE:
        return sentence
    exact, patterns = _patterns(language)
    if sentence in exact:
        return exact[sentence]
    for pattern, translated in patterns:
        if found := pattern.fullmatch(sentence):
            return _filled(translated, found.groups())
    first, gap, rest = sentence.partition(". ")
    return f"{told_in(language, first + '.')} {told_in(language, rest)}" if gap and rest else sentence


def _filled(translated: str, values: Sequence[str]) -> str:
    """With the values in their order, or in that of the numbers in "{2} ... {1}", for a language that says it the other way round."""
    order = iter(range(1, len(values) + 1))
    return _FIELD.sub(lambda field: values[int(field[1] or next(order)) - 1], translated)


@cache
def _patterns(language: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Sentences word for word, and patterns, those with most words of their own first: they fit least."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return {}, []
    with path.open("rb") as file:
        messages = [m for m in read_po(file, locale=language) if m.context == CONTEXT and m.string]
    exact = {str(m.id): str(m.string) for m in messages if "{}" not in m.id}
    patterns = sorted((str(m.id) for m in messages if "{}" in m.id), key=len, reverse=True)
    translated = {str(m.id): str(m.string) for m in messages}
    return exact, [(re.compile("(.+?)".join(map(re.escape, p.split("{}"))), re.DOTALL), translated[p]) for p in patterns]
