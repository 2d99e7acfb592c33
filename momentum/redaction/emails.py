"""E-mail addresses, written ("ada@example.org"), spaced ("ada @ example . org") and spoken ("ada at example dot org")."""

from __future__ import annotations

import re

_DOT = r"(?:\.|[ \t\u00a0]+\.[ \t\u00a0]+|\s+dot\s+|\s?[\[(]\s?dot\s?[\])]\s?)"
_LOCAL = rf"[\w+%'’&-]+(?:(?:{_DOT}|\s+(?:underscore|dash|hyphen)\s+)[\w+%'’&-]+){{0,8}}"  # noqa: RUF001 - the typographic apostrophe
_AT = r"(?:\s*@\s*|\s?[\[(]\s?at\s?[\])]\s?|\s+at\s+)"
_LABEL = r"[\w-]+"
_TOP = r"(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,40})"
_ADDRESS = re.compile(rf"(?<![\w+%-]){_LOCAL}{_AT}(?:{_LABEL}{_DOT}){{1,8}}{_TOP}(?![\w@])", re.IGNORECASE)
_SPOKEN = [
    (re.compile(r"\s*[\[(]?\s*\bat\b\s*[\])]?\s*|\s*@\s*", re.IGNORECASE), "@"),
    (re.compile(r"\s*[\[(]?\s*\bdot\b\s*[\])]?\s*", re.IGNORECASE), "."),
    (re.compile(r"\s+underscore\s+", re.IGNORECASE), "_"),
    (re.compile(r"\s+(?:dash|hyphen)\s+", re.IGNORECASE), "-"),
    (re.compile(r"\s+"), ""),
]


def find(text: str) -> list[tuple[int, int, str]]:
    """(start, end, address as it is written) of every one in `text`."""
    return [(*match.span(), _written(match[0])) for match in _ADDRESS.finditer(text)]


def _written(said: str) -> str:
    for pattern, mark in _SPOKEN:
        said = pattern.sub(mark, said)
    return said.casefold()
