"""Scripts that set no spaces between words: told apart, counted, and cut into pairs of characters that an index can hold.

PostgreSQL's parser takes a sentence of Japanese for one word. Pairs that overlap are what search engines index instead
(Lucene's CJKAnalyzer: https://lucene.apache.org/core/10_0_0/analysis/common/org/apache/lucene/analysis/cjk/package-summary.html):
whatever is looked for is found as a phrase of its pairs.
"""

from __future__ import annotations

import re

# Thai, Lao, Myanmar, Khmer; kana, Bopomofo, ideographs with their iteration marks. Korean sets spaces, and its endings vary: pairs, too.
DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
DENSE += "\U00020000-\U0003fffd"
_RUN = re.compile(f"[{DENSE}]+")
_HYPHEN = re.compile(rf"(?<=\w)-(?=[{DENSE}])|(?<=[{DENSE}])-")


def length(text: str) -> int:
    """About how many words `text` has: two characters count as one where no spaces are set."""
    dense = sum(len(run[0]) for run in _RUN.finditer(text))
    return len(_RUN.sub(" ", text).split()) + (dense + 1) // 2


def paired(text: str) -> str:
    """`text` for an index of words: each run of such a script as its pairs; a single character as it is."""
    return _RUN.sub(lambda run: f" {' '.join(_pairs(run[0]))} ", text)


def asked(query: str) -> str:
    """What a person looks for, in PostgreSQL's web search syntax: a run of such a script is a phrase of its pairs."""
    # Spaces come around each run, and a hyphen behind a space would say "without". A minus that says it may have one behind it.
    parts = _HYPHEN.sub(" ", query).split('"')
    # Every second part stands between quotation marks, where pairs are a phrase already; an open one ends nowhere.
    between = [n % 2 == 1 and n < len(parts) - 1 for n in range(len(parts))]
    return '"'.join(paired(part) if quoted else _RUN.sub(_phrase, part) for part, quoted in zip(parts, between, strict=True))


def runs(query: str) -> list[str]:
    """The runs of such scripts in what a person looks for."""
    return _RUN.findall(query)


def _phrase(run: re.Match[str]) -> str:
    pairs = _pairs(run[0])
    return f' "{" ".join(pairs)}" ' if len(pairs) > 1 else f" {pairs[0]} "


def _pairs(run: str) -> list[str]:
    return [run[n : n + 2] for n in range(len(run) - 1)] or [run]
