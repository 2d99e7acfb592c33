"""Where a meeting turns to something else: TextTiling, without a model.

M. A. Hearst, TextTiling: Segmenting Text into Multi-paragraph Subtopic Passages, Computational Linguistics 23(1), 1997.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from momentum.analysis.terms import content, folded
from momentum.model import Claim, ClaimState
from momentum.writers.spoken import FUNCTION_WORDS, Sentence

TILE = 30
"""Words that carry meaning in one tile: Hearst's token sequence."""
BLOCK = 10
"""Tiles compared before and after each place; fewer in a short meeting."""
FEWEST_TILES = 6
"""Below which nothing can be told apart."""
DEEPER = 1.0
"""Standard deviations above the mean by which a border is deeper than other places."""
SHORTEST, MOST = 120.0, 12
"""Seconds of a chapter at least; chapters at the most."""
TITLE_WORDS = 3
NEAR = 20.0
"""Seconds between two topics that begin together."""

TILING = (
    "TextTiling (Hearst, 1997): a chapter ends where the words before and after have least in common. Words that set it apart name it.",
    "It sees words, not meaning: a new subject in the same words is missed, and borders are right to about a minute.",
)
WRITTEN = (
    "The topics of the document, each from where its quote is said to the beginning of the next.",
    "A language model chose them; the quotes are checked, the choice is not.",
)


@dataclass(frozen=True, slots=True)
class Chapter:
    """From `start` to `end`, in seconds."""

    start: float
    end: float
    title: str


@dataclass(frozen=True, slots=True)
class Chapters:
    """In order, without holes. `source` is "words" or the kind of the document whose topics they are."""

    chapters: tuple[Chapter, ...]
    source: str
    method: str
    limits: str


def written(topics: Sequence[Claim], source: str, seconds: float) -> Chapters | None:
    """From the topics of a deliverable; None where none of them has a time."""
    placed = sorted((c.start, c.text) for c in topics if c.start is not None and c.state is not ClaimState.DROPPED)
    starts: list[tuple[float, str]] = []
    for at, text in placed:
        if not starts or at - starts[-1][0] >= NEAR:
            starts.append((at, text))
    if not starts:
        return None
    ends = [at for at, _ in starts[1:]] + [max(seconds, starts[-1][0])]
    chapters = [Chapter(0.0 if i == 0 else at, end, text) for i, ((at, text), end) in enumerate(zip(starts, ends, strict=True))]
    return Chapters(tuple(chapters), source, *WRITTEN)


def tiled(sentences: Sequence[Sentence], seconds: float, *, english: bool) -> Chapters:
    """From the words alone. The same words always give the same chapters."""
    stop = FUNCTION_WORDS if english else frozenset()
    words = [(folded(w), s.start) for s in sentences for run in content(s.text, stop) for w in run if english or len(w) > 3]
    starts = [0.0, *_borders(words, seconds)]
    ends = [*starts[1:], max(seconds, starts[-1])]
    inside = [[w for w, at in words if start <= at < end] for start, end in zip(starts, ends, strict=True)]
    titles = _titles(inside, _written_forms(sentences))
    return Chapters(tuple(map(Chapter, starts, ends, titles)), "words", *TILING)


def _borders(words: Sequence[tuple[str, float]], seconds: float) -> list[float]:
    tiles = [words[i : i + TILE] for i in range(0, len(words) - TILE + 1, TILE)]
    if len(tiles) < FEWEST_TILES:
        return []
    gaps, block = range(2, len(tiles) - 1), min(BLOCK, len(tiles) // 3)
    likeness = _smoothed([_cosine(_counts(tiles[max(0, g - block) : g]), _counts(tiles[g : g + block])) for g in gaps])
    depths = {tiles[g][0][1]: depth for g, depth in zip(gaps, _depths(likeness), strict=True)}
    mean = fmean(depths.values())
    cutoff = mean + math.sqrt(fmean((d - mean) ** 2 for d in depths.values())) * DEEPER
    shortest = max(SHORTEST, seconds / MOST / 2)
    borders: list[float] = []
    for at in sorted(depths, key=lambda at: (-depths[at], at)):
        apart = all(abs(at - other) >= shortest for other in (0.0, *borders, seconds))
        if depths[at] > cutoff and apart and len(borders) < MOST - 1:
            borders.append(at)
    return sorted(borders)


def _counts(tiles: Sequence[Sequence[tuple[str, float]]]) -> Counter[str]:
    return Counter(word for tile in tiles for word, _ in tile)


def _cosine(a: Counter[str], b: Counter[str]) -> float:
    length = math.sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()))
    return sum(n * b[w] for w, n in a.items()) / length if length else 0.0


def _smoothed(values: Sequence[float]) -> list[float]:
    return [fmean(values[max(0, i - 1) : i + 2]) for i in range(len(values))]


def _depths(likeness: Sequence[float]) -> list[float]:
    """How deep each place lies below the nearest peaks on both sides."""
    return [_climb(likeness, i, -1) + _climb(likeness, i, 1) for i in range(len(likeness))]


def _climb(likeness: Sequence[float], at: int, step: int) -> float:
    bottom = top = likeness[at]
    while 0 <= at + step < len(likeness) and likeness[at + step] >= top:
        at += step
        top = likeness[at]
    return top - bottom


def _titles(chapters: Sequence[Sequence[str]], forms: dict[str, str]) -> list[str]:
    spread = Counter(w for words in chapters for w in set(words))
    titles = []
    for words in chapters:
        counts = Counter(words)
        weight = {w: n * math.log(1 + len(chapters) / spread[w]) for w, n in counts.items() if n > 1 or len(counts) < TILE}
        best = sorted(weight, key=lambda w: (-weight[w], w))[:TITLE_WORDS]
        titles.append(", ".join(forms[w] for w in best))
    return titles


def _written_forms(sentences: Sequence[Sentence]) -> dict[str, str]:
    """How each word is written most often."""
    forms: dict[str, Counter[str]] = {}
    for sentence in sentences:
        for run in content(sentence.text, ()):
            for word in run:
                forms.setdefault(folded(word), Counter())[word] += 1
    return {key: counts.most_common(1)[0][0] for key, counts in forms.items()}
