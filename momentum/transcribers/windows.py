"""Cutting a chunk into the windows that Whisper hears: at most 30 seconds each, at pauses, without long silence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from momentum.model import SAMPLE_RATE

LONGEST = 28.7
"""Seconds before padding. Whisper hears 30 and drops the rest without a word: https://github.com/openai/whisper#python-usage."""
SKIPPED = 3.0
"""A longer pause inside a chunk ends a window: silence is what Whisper invents words for."""
PAD = 0.6
_QUIET = 0.1
_SEARCH = 5.0

Window = tuple[float, float]


def windows(pcm: bytes, speech: Sequence[Window]) -> list[Window]:
    """Windows in seconds within the chunk, in order, none overlapping; together they hold all of `speech`."""
    packed: list[Window] = []
    for start, end in speech:
        for piece in _short_enough(pcm, start, end):
            if packed and piece[1] - packed[-1][0] <= LONGEST and piece[0] - packed[-1][1] <= SKIPPED:
                packed[-1] = (packed[-1][0], piece[1])
            else:
                packed.append(piece)
    return _padded(packed, len(pcm) / 2 / SAMPLE_RATE)


def _short_enough(pcm: bytes, start: float, end: float) -> list[Window]:
    """A span, cut where it is quietest near the end of each window when it is longer than one."""
    pieces: list[Window] = []
    while end - start > LONGEST:
        cut = _quietest(pcm, start + LONGEST - _SEARCH, start + LONGEST)
        pieces.append((start, cut))
        start = cut
    return [*pieces, (start, end)]


def _quietest(pcm: bytes, start: float, end: float) -> float:
    step = int(_QUIET * SAMPLE_RATE)
    samples = np.frombuffer(pcm, dtype="<i2")[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)].astype(np.float32)
    loudness = np.square(samples[: len(samples) // step * step]).reshape(-1, step).sum(axis=1)
    return start + (int(loudness.argmin()) + 0.5) * _QUIET


def _padded(packed: list[Window], seconds: float) -> list[Window]:
    """Each window a little wider, up to the middle of the pause before and after it."""
    edges = [0.0, *((a[1] + b[0]) / 2 for a, b in pairwise(packed)), seconds]
    return [
        (max(start - PAD, before), min(end + PAD, after)) for (start, end), before, after in zip(packed, edges, edges[1:], strict=False)
    ]
