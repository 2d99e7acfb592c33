"""The words that carry what a meeting is about, and how often they come up."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from momentum.writers.numbers import CARDINALS
from momentum.writers.spoken import FUNCTION_WORDS, Sentence

LONGEST = 3
"""Words of a phrase."""
MOST = 15

METHOD = (
    "Phrases of up to three words with no function word inside that come up in at least two sentences, the longer and the more "
    "frequent first. In other languages than English single words, those in more than a tenth of all sentences left out as function words."
)
LIMITS = "Counted, not understood: what matters most may be said once. Nothing is found in scripts that write without spaces."

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[.!?,;:…]")  # noqa: RUF001 - the typographic apostrophe
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A term as it is written most often, how many times it is said, and the second of the first."""

    text: str
    count: int
    first: float


@dataclass(frozen=True, slots=True)
class Keywords:
    """The most telling terms, first the most."""

    keywords: tuple[Keyword, ...]
    method: str = METHOD
    limits: str = LIMITS


def measure(sentences: Sequence[Sentence], *, english: bool) -> Keywords:
    """From a meeting's sentences."""
    found = _Found()
    stop = FUNCTION_WORDS if english else _frequent(sentences)
    for sentence in sentences:
        for run in content(sentence.text, stop):
            for phrase in _phrases(run, LONGEST if english else 1):
                found.add(phrase, sentence)
    return Keywords(tuple(found.best()))


def content(text: str, stop: Container[str]) -> Iterator[list[str]]:
    """Runs of words that carry meaning, as they are written; marks and function words end a run."""
    run: list[str] = []
    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text)):
        if _is_empty(token, stop) or _UNSPACED.search(token):
            if run:
                yield run
            run = []
        else:
            run.append(token)
    if run:
        yield run


def _is_empty(token: str, stop: Container[str]) -> bool:
    """Marks, numbers, function words; and what is made of them alone: "she's", "mm-hmm", "twenty-five"."""
    word = folded(token)
    parts = [part for part in re.split(r"['-]", word) if len(part) > 2]
    return word in stop or not parts or all(part in stop or part in CARDINALS or part.isdigit() for part in parts)


def folded(word: str) -> str:
    """As words are compared."""
    return word.casefold().replace("’", "'")  # noqa: RUF001 - the typographic apostrophe


def _frequent(sentences: Sequence[Sentence]) -> frozenset[str]:
    """Words in more than a tenth of the sentences, and short ones: the function words of a language we have no list of."""
    spread = Counter(folded(w) for s in sentences for w in set(_TOKEN.findall(s.text)))
    limit = max(3.0, len(sentences) / 10)
    return frozenset(w for w, n in spread.items() if n > limit or len(w) < 4)


def _phrases(run: Sequence[str], longest: int) -> Iterator[tuple[str, ...]]:
    for length in range(1, longest + 1):
        yield from (tuple(run[i : i + length]) for i in range(len(run) - length + 1))


class _Found:
    def __init__(self) -> None:
        self._forms: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}
        self._sentences: dict[tuple[str, ...], set[int]] = {}
        self._first: dict[tuple[str, ...], float] = {}

    def add(self, phrase: tuple[str, ...], sentence: Sentence) -> None:
        key = tuple(map(folded, phrase))
        self._forms.setdefault(key, Counter())[phrase] += 1
        self._sentences.setdefault(key, set()).add(sentence.index)
        self._first.setdefault(key, sentence.start)

    def best(self) -> Iterator[Keyword]:
        repeated = [key for key, where in self._sentences.items() if len(where) > 1]
        taken: list[tuple[str, ...]] = []
        for key in sorted(repeated, key=lambda k: (-self._count(k) * len(k), k)):
            if len(taken) < MOST and not any(_within(key, other) or _within(other, key) for other in taken):
                taken.append(key)
                (form, _), *_ = self._forms[key].most_common(1)
                yield Keyword(" ".join(form), self._count(key), self._first[key])

    def _count(self, key: tuple[str, ...]) -> int:
        return self._forms[key].total()


def _within(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))
