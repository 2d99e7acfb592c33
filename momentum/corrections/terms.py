"""A term in a text: whole words, case aware."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Scripts whose words stand without spaces between them, or carry endings that do: a term may begin and end anywhere in them.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")


def replaced(text: str, term: str, replacement: str) -> str:
    """`text` with `replacement` in place of `term`, wherever it stands as whole words.

    A term with a capital letter is a name: found only as it is written, or all in capitals. One without is found in any case,
    and its capitals are kept: "crop" -> "corp" makes "Corp" of "Crop" and "CORP" of "CROP".
    """
    words = term.split()
    if not words or words[0].lower() not in text.lower():
        return text
    pattern = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
    name = " ".join(words)

    def written(match: re.Match[str]) -> str:
        found = " ".join(match[0].split())
        if not _is_whole(text, match.start(), match.end()) or not _is_meant(found, name):
            return match[0]
        return _in_case_of(found, name, replacement)

    return pattern.sub(written, text)


@lru_cache(maxsize=4096)
def is_letter(character: str) -> bool:
    """Whether a word goes on through it: a letter, a mark on one or a digit, of a script that has spaces between its words."""
    if not character or _UNSPACED.match(character):
        return False
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _is_whole(text: str, start: int, end: int) -> bool:
    cut_before = is_letter(text[start - 1 : start]) and is_letter(text[start])
    cut_after = is_letter(text[end - 1]) and is_letter(text[end : end + 1])
    return not cut_before and not cut_after


def _is_meant(found: str, term: str) -> bool:
    return found == term or term == term.lower() or found.isupper()


def _in_case_of(found: str, term: str, replacement: str) -> str:
    if found == term or not found[:1].isupper():
        return replacement
    if found.isupper() and len(found) > 1:
        return replacement.upper()
    return replacement[:1].upper() + replacement[1:]
