"""From what the witnesses say about each word to the likeliest speaker of each word, and how likely.

A hidden Markov model with speakers as states (forward and backward pass). Witnesses add to a word's log-odds; changing the
speaker costs much within a phrase and little at a pause or behind a full stop, which is what moves a turn from a caption's
coarse edge to the gap between two words.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from momentum.pipeline.attribute.align import Anchor
from momentum.pipeline.attribute.said import Said
from momentum.pipeline.attribute.witnesses import NOBODY, Witnesses
from momentum.transcribers.captions import Turn

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Log-odds, set by hand on synthesised dialogues (`make bench ARGS="speakers"`); what counts is their order.
_ANCHORED = (1.5, 3.0, 4.0)
"""For a word that stands in a caption, where the words on none, one or both of its sides do too."""
_BETWEEN = (-1.5, 1.5)
"""For a word between two that stand in a caption, from where the caption has no word for it to where it has one for each."""
_IN_CAPTION = 1.0
_IN_TURN = 2.0
_IN_TRACK = 5.0
_SILENT_TRACK = -2.0
_NOBODY = 0.4
"""For nobody, everywhere: a name needs some evidence."""
_CAPTION_EDGE, _TURN_EDGE, _TRACK_EDGE = 0.6, 0.4, 0.15
"""Seconds around a witness's edge in which its word rises from nothing to all."""
_MOST_BETWEEN = 6
"""Words between two anchors that belong to the same stretch of captions still."""

_CHANGE = 0.004
"""Chance that the speaker changes between two words of one breath."""
_CHANGE_AT_COMMA, _CHANGE_AT_PAUSE, _CHANGE_AT_END, _CHANGE_AT_BOTH = 0.02, 0.08, 0.25, 0.4
_PAUSE = 0.25
_END = re.compile("[.!?…\u3002\uff01\uff1f][\"'”\u2019)\\]]*$")
_COMMA = re.compile("[,;:\u2013\u2014-]$")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who said a word (None: nobody is named) and how sure that is, 0 to 1."""

    speaker: str | None
    certainty: float


def weigh(said: Sequence[Said], witnesses: Witnesses, aligned: Mapping[str, Sequence[Anchor]]) -> list[Verdict]:
    """One verdict for each word. Without a witness nobody is named."""
    names = [NOBODY, *dict.fromkeys(_names(witnesses))]
    if len(names) == 1:
        return [Verdict(None, 1.0) for _ in said]
    likely = _likelihoods(_evidence(said, witnesses, aligned, names), _chances(said))
    best = likely.argmax(axis=1)
    return [Verdict(names[b] or None, round(float(likely[i, b]), 3)) for i, b in enumerate(best)]


def _names(witnesses: Witnesses) -> Iterator[str]:
    yield from (caption.speaker for caption in witnesses.captions if caption.speaker)
    yield from (name for turn in (*witnesses.turns, *witnesses.tracks) for name in turn.speakers)


def _evidence(said: Sequence[Said], witnesses: Witnesses, aligned: Mapping[str, Sequence[Anchor]], names: Sequence[str]) -> Floats:
    """Log-odds of each word (rows) for each speaker (columns)."""
    import numpy as np

    column = {name: number for number, name in enumerate(names)}
    middles = [word.middle for word in said]
    odds = np.zeros((len(said), len(names)))
    odds[:, 0] = _NOBODY
    in_captions = _Layer(odds.shape, middles, _IN_CAPTION, _CAPTION_EDGE)
    for caption in witnesses.captions:
        in_captions.cover(column[caption.speaker or NOBODY], caption.start, caption.end)
    odds += in_captions.weights
    for name, found in aligned.items():
        if name != NOBODY:  # that the provider has the word and no name for it speaks against nobody
            _add_anchors(odds[:, column[name]], found)
    odds += _covered(odds.shape, middles, witnesses.turns, column, (_IN_TURN, _TURN_EDGE))
    if witnesses.tracked:
        tracks = _covered(odds.shape, middles, witnesses.tracks, column, (_IN_TRACK - _SILENT_TRACK, _TRACK_EDGE))
        for name in set(witnesses.tracked) & column.keys():
            odds[:, column[name]] += tracks[:, column[name]] + _SILENT_TRACK
    return odds


class _Layer:
    """What one kind of witness says: a weight inside a span, less towards its edges; spans that overlap count once."""

    def __init__(self, shape: tuple[int, int], middles: Sequence[float], weight: float, edge: float) -> None:
        import numpy as np

        self.weights: Floats = np.zeros(shape)
        self._middles, self._weight, self._edge = middles, weight, edge
        self._times = np.asarray(middles)

    def cover(self, column: int, start: float, end: float) -> None:
        import numpy as np

        first, last = bisect_left(self._middles, start - self._edge), bisect_right(self._middles, end + self._edge)
        if first >= last:
            return
        times = self._times[first:last]
        inside = np.minimum(times - start, end - times)  # negative outside
        share = np.clip((inside + self._edge) / (2 * self._edge), 0.0, 1.0)
        there = self.weights[first:last, column]
        np.maximum(there, self._weight * share, out=there)


def _covered(
    shape: tuple[int, int], middles: Sequence[float], turns: Sequence[Turn], column: Mapping[str, int], strength: tuple[float, float]
) -> Floats:
    layer = _Layer(shape, middles, *strength)
    for turn in turns:
        for name in turn.speakers:
            layer.cover(column[name], turn.start, turn.end)
    return layer.weights


def _add_anchors(odds: Floats, found: Sequence[Anchor]) -> None:
    for anchor in found:
        odds[anchor.word] += _ANCHORED[anchor.support]
    least, most = _BETWEEN
    for before, after in pairwise(found):
        ours, theirs = after.word - before.word - 1, after.caption_word - before.caption_word - 1
        if 0 < ours <= _MOST_BETWEEN and theirs <= _MOST_BETWEEN:
            odds[before.word + 1 : after.word] += least + (most - least) * min(1.0, theirs / ours)


def _chances(said: Sequence[Said]) -> list[float]:
    """The chance of a change before each word; the first one's is of no use."""
    return [0.0, *(_chance(before, after) for before, after in pairwise(said))]


def _chance(before: Said, after: Said) -> float:
    pause, text = after.word.start - before.word.end >= _PAUSE, before.word.text
    if _END.search(text):
        return _CHANGE_AT_BOTH if pause else _CHANGE_AT_END
    if pause:
        return _CHANGE_AT_PAUSE
    return _CHANGE_AT_COMMA if _COMMA.search(text) else _CHANGE


def _likelihoods(odds: Floats, chances: Sequence[float]) -> Floats:
    """The posterior of each speaker at each word: forward pass, backward pass, both normalised at every word."""
    import numpy as np

    count = odds.shape[1]
    emitted = np.exp(odds - odds.max(axis=1, keepdims=True))
    forward, backward = np.empty_like(emitted), np.ones_like(emitted)
    forward[0] = emitted[0] / emitted[0].sum()
    for i in range(1, len(emitted)):
        other = chances[i] / (count - 1)
        row = emitted[i] * (other + (1 - chances[i] - other) * forward[i - 1])
        forward[i] = row / row.sum()
    for i in range(len(emitted) - 2, -1, -1):
        other = chances[i + 1] / (count - 1)
        row = emitted[i + 1] * backward[i + 1]
        row = other * row.sum() + (1 - chances[i + 1] - other) * row
        backward[i] = row / row.sum()
    both = forward * backward
    posterior: Floats = both / both.sum(axis=1, keepdims=True)
    return posterior
