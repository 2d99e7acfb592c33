"""A segment that is reassigned in part: the parts it is cut into."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from momentum.corrections.layers import Reassign
from momentum.corrections.timing import spans
from momentum.model import Segment

STRIDE = 1_000_000
"""The part of segment 7 that begins at its word 12 has the id 12000007: the same each time the layers are laid."""


def machine_id(segment_id: int) -> int:
    """The segment of the machine's transcript that this one is a part of."""
    return segment_id % STRIDE


def parts_of(segment: Segment, layer: Reassign) -> list[tuple[Segment, bool]]:
    """The segment, cut where the span begins or ends within it, and of each part whether it is inside."""
    begin = (layer.first_word or 0) if segment.id == layer.first else 0
    end = layer.last_word + 1 if segment.id == layer.last and layer.last_word is not None else len(segment.words)
    if begin == 0 and end >= len(segment.words):
        return [(segment, True)]
    cuts = sorted({0, begin, end, len(segment.words)})
    return [(_part(segment, a, b), a == begin) for a, b in pairwise(cuts)]


def _part(segment: Segment, begin: int, end: int) -> Segment:
    places = spans(segment.words, segment.text) or []
    text = segment.text[places[begin][0] if begin else 0 : places[end][0] if end < len(places) else None].strip()
    words = segment.words[begin:end]
    return replace(
        segment,
        id=segment.id + begin * STRIDE,
        start=words[0].start if begin else segment.start,
        end=words[-1].end if end < len(places) else segment.end,
        text=text,
        words=words,
    )
