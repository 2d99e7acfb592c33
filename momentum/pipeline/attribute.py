"""Who said it: names from the provider's own captions, words from ours.

A segment takes the name whose captions overlap it longest; where nothing overlaps, nobody is named.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from momentum.model import Segment

LEAST_SHARE = 0.3
"""Share of a segment's time that the winning name must cover; below it the name would be a guess."""


def attribute(segments: Sequence[Segment], captions: Sequence[Segment]) -> tuple[Segment, ...]:
    """`segments` with speakers where `captions` name one. Both are in order of time, on one clock."""
    named = sorted((c for c in captions if c.speaker), key=lambda c: c.start)
    starts = [c.start for c in named]
    longest = max((c.end - c.start for c in named), default=0.0)
    return tuple(_with_speaker(s, named[bisect_left(starts, s.start - longest) : bisect_left(starts, s.end)]) for s in segments)


def _with_speaker(segment: Segment, near: Sequence[Segment]) -> Segment:
    shared: dict[str, float] = defaultdict(float)
    for caption in near:
        overlap = min(segment.end, caption.end) - max(segment.start, caption.start)
        if overlap > 0 and caption.speaker:
            shared[caption.speaker] += overlap
    if not shared:
        return segment
    speaker, seconds = max(shared.items(), key=lambda item: item[1])
    enough = seconds >= LEAST_SHARE * max(segment.end - segment.start, 0.1)
    return dataclasses.replace(segment, speaker=speaker) if enough else segment
