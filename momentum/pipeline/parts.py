"""A transcript in parts that a model can read: cut at turns, under a budget of tokens, every word in exactly one."""

from __future__ import annotations

import dataclasses
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from momentum.model import Segment
from momentum.writers.sections import line

Part = tuple[Segment, ...]

FEWEST_WORDS = 20
"""Words of a segment that is not cut any further."""
SAMPLED = 40
"""Of so many segments one is sent to be counted."""
LARGEST_SAMPLE, LARGEST_SHARE, SMALLEST_SAMPLE = 2000, 0.04, 100
"""Estimated tokens of a sample, and its share of the whole, at the most; and tokens from which on it says something."""
SAMPLE_MARGIN = 1.05
"""A part may be denser than the sample."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """Tokens of text: estimated, and scaled to the model's own count where its server counts."""

    estimate: Callable[[str], int]
    scale: float = 1.0
    counted: int = 0
    """Tokens of the transcript that were sent to be counted."""

    def tokens(self, text: str) -> int:
        """Of `text`."""
        return math.ceil(self.estimate(text) * self.scale)

    def of(self, segments: Sequence[Segment]) -> int:
        """Of these segments as a model reads them."""
        return sum(_cost(segment, self.tokens) for segment in segments)


def sample_of(segments: Sequence[Segment], estimate: Callable[[str], int]) -> Part:
    """A few segments, evenly spread, from which the tokens of all can be told; none where they would be too few or too many."""
    costs = [_cost(segment, estimate) for segment in segments]
    step = max(SAMPLED, math.ceil(sum(costs) / LARGEST_SAMPLE))
    picked = range(step // 2, len(segments), step)
    size = sum(costs[index] for index in picked)
    if not SMALLEST_SAMPLE <= size <= min(LARGEST_SHARE * sum(costs), 2 * LARGEST_SAMPLE):
        return ()
    return tuple(segments[index] for index in picked)


def scaled(estimate: Callable[[str], int], sample: Part, tokens: int) -> Ruler:
    """A ruler by which `sample` has the `tokens` that the model's server counted in it."""
    estimated = sum(_cost(segment, estimate) for segment in sample)
    return Ruler(estimate, tokens / estimated * SAMPLE_MARGIN, counted=tokens)


def parts_of(segments: Sequence[Segment], budget: int, count: Callable[[str], int]) -> list[Part]:
    """As few parts of `budget` tokens as can be, of about equal size, cut where the speaker changes if that is near."""
    pieces = [piece for segment in segments for piece in _fitting(segment, budget, count)]
    costs = [_cost(piece, count) for piece in pieces]
    needed = _fewest_parts(costs, budget)
    target = sum(costs) / max(1, needed[0])
    parts: list[list[Segment]] = []
    filled = 0
    for index, (piece, cost) in enumerate(zip(pieces, costs, strict=True)):
        turns = bool(parts) and piece.speaker != parts[-1][-1].speaker
        enough = filled >= target * (0.9 if turns else 1) and len(parts) + needed[index] <= needed[0]
        if not parts or filled + cost > budget or enough:
            parts.append([])
            filled = 0
        parts[-1].append(piece)
        filled += cost
    return [tuple(part) for part in parts]


def _fewest_parts(costs: Sequence[int], budget: int) -> list[int]:
    """How many parts, filled to the brim, the pieces from each index on make; a last 0 for none."""
    sums = [0, *accumulate(costs)]
    needed = [0] * len(sums)
    for index in reversed(range(len(costs))):
        needed[index] = 1 + needed[max(index + 1, bisect_right(sums, sums[index] + budget) - 1)]
    return needed


def _cost(segment: Segment, count: Callable[[str], int]) -> int:
    return count(line(segment) + "\n")


def _fitting(segment: Segment, budget: int, count: Callable[[str], int]) -> list[Segment]:
    """The segment, cut between words into pieces that fit where it alone is more than one part."""
    if _cost(segment, count) <= budget:
        return [segment]
    pieces = halved((segment,))
    return [p for half in pieces for piece in half for p in _fitting(piece, budget, count)] if pieces else [segment]


def halved(part: Part) -> list[Part]:
    """Two parts out of one, cut at the change of speaker nearest to its middle; empty when it cannot be cut."""
    if len(part) > 1:
        middle = len(part) / 2
        turns = [i for i in range(1, len(part)) if part[i].speaker != part[i - 1].speaker] or list(range(1, len(part)))
        near = [i for i in turns if len(part) / 4 <= i <= len(part) * 3 / 4] or [max(1, len(part) // 2)]
        at = min(near, key=lambda i: abs(i - middle))
        return [part[:at], part[at:]]
    return [(piece,) for piece in _cut(part[0])]


def _cut(segment: Segment) -> list[Segment]:
    words = segment.text.split()
    if len(words) >= 2 * FEWEST_WORDS:
        first, second = " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])
    elif len(words) < FEWEST_WORDS and len(segment.text) >= 8 * FEWEST_WORDS:  # a script without spaces
        first, second = segment.text[: len(segment.text) // 2], segment.text[len(segment.text) // 2 :]
    else:
        return []
    middle = (segment.start + segment.end) / 2
    return [
        dataclasses.replace(segment, text=first, end=middle, words=()),
        dataclasses.replace(segment, text=second, start=middle, words=()),
    ]
