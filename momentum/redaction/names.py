"""Names somebody chose: whole in any case, and each of their words alone where it is written as a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PARTICLES = frozenset({"van", "von", "der", "den", "de", "da", "di", "du", "la", "le", "el", "al", "bin", "ibn", "mr", "mrs", "ms", "dr"})


def find(text: str, names: Sequence[str]) -> list[tuple[int, int, str]]:
    """(start, end, chosen name) of every place where one of `names` stands, also as "Dana" of "Dana Lee"."""
    found = [(*m.span(), name) for name in names for m in _whole(name).finditer(text)]
    found += [(*m.span(), name) for name in names for pattern in _parts(name) for m in pattern.finditer(text)]
    return sorted(found, key=lambda span: (span[0], -span[1]))


@lru_cache(maxsize=1024)
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(_bounded(r"\s+".join(map(_either, name.split()))), re.IGNORECASE)


@lru_cache(maxsize=1024)
def _parts(name: str) -> tuple[re.Pattern[str], ...]:
    """A part counts only with its capital: "will" is a word more often than a name."""
    words = name.split()
    alone = [w for w in words if len(w) > 1 and w.casefold().strip(".") not in _PARTICLES] if len(words) > 1 else []
    return tuple(re.compile(_bounded("|".join(_cases(word)))) for word in alone)


def _cases(word: str) -> Iterator[str]:
    yield from {_either(word), _either(word[:1].upper() + word[1:]), _either(word.upper())}


def _either(word: str) -> str:
    """The word composed or decomposed: both look the same and neither equals the other."""
    forms = dict.fromkeys(unicodedata.normalize(form, word) for form in ("NFC", "NFD"))
    return f"(?:{'|'.join(map(re.escape, forms))})"


def _bounded(pattern: str) -> str:
    return f"(?:{pattern})" if _UNSPACED.search(pattern) else rf"(?<!\w)(?:{pattern})(?![^\W_])"
