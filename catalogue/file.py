"""A catalogue as a file that can be committed: sorted, without dates and line numbers, the same for the same code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from catalogue.extract import Found
from momentum.languages import CATALOGUES, LANGUAGES, SOURCE
from momentum.languages.sentences import FIELD

_NAMED = re.compile(r"%\(\w+\)s|%%")


def language_files() -> list[tuple[str, Path]]:
    """(language, file) of every language but that of the code."""
    return [(language, CATALOGUES / f"{language}.po") for language in LANGUAGES if language != SOURCE]


def updated(language: str, path: Path, found: Sequence[Found]) -> Catalog:
    """What was found, with the translations that the file holds."""
    former = Catalog(language)
    if path.exists():
        with path.open("rb") as file:
            former = read_po(file, locale=language)
    made = Catalog(language)
    for one in found:
        known = former.get(one.message, one.context)
        made.add(one.message, known.string if known else None, locations=[(one.path, 0)], context=one.context)
    return made


def text_of(catalogue: Catalog) -> str:
    """The file."""
    head = f'msgid ""\nmsgstr ""\n"Language: {catalogue.locale}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    head += f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    written = BytesIO()
    write_po(written, catalogue, width=0, omit_header=True, sort_output=True, include_lineno=False)
    return head + written.getvalue().decode()


def faults(catalogue: Catalog) -> Iterator[str]:
    """What is not translated, and translations that fill in other things than the message."""
    for message in catalogue:
        if message.id:
            yield from _faults(message)


def _faults(message: Message) -> Iterator[str]:
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    if not all(forms):
        yield f"not translated: {ids[0]}"
    elif any(_filled(form, message.context) != _filled(ids[-1], message.context) for form in forms):
        yield f"fills in other things: {ids[0]}"
    if message.context is None and any("%" in _NAMED.sub("", text) for text in (*ids, *filter(None, forms))):
        yield f"a percent sign is written %%, a value %(name)s: {ids[0]}"
    if any("<" in text or "&" in text for text in filter(None, forms)):
        yield f"holds markup: {ids[0]}"


def _filled(text: str, context: str | None) -> list[str]:
    """What is filled in: names, or as many fields, in any order where they are numbered."""
    if context is None:
        return sorted(set(re.findall(r"%\((\w+)\)s", text)))
    fields = FIELD.findall(text)
    return [str(number) for number in range(1, len(fields) + 1)] if not any(fields) else sorted(fields)
