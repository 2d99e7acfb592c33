"""Speakers where nobody names them: told apart by their voices while the sound streams by, and labelled as estimated.

A vector is made of each sentence when its chunk has been transcribed, since sound is never kept; the vectors live in this
object, and end with it. Why one vector per sentence, and what it is worth: docs/explanation/speakers.md.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from momentum.media.clusters import clustered
from momentum.media.voiceprint import VoiceEncoder
from momentum.model import SAMPLE_RATE, Chunk, Segment, Transcript, Voice
from momentum.pipeline.transcribe import Listen

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

VERSION = "1"
SHORTEST = 0.8
"""Seconds of speech below which a vector says nothing: such a sentence goes to whoever speaks next to it."""
SURE_SECONDS = 1.5
"""From here on a sentence founds a group; shorter ones join the nearest."""
DISTANCE = 0.30
LEAST_SHARE, LEAST_SECONDS = 0.01, 3.0
"""Of all speech: a group with less is no person but a cough, and joins the nearest."""
ALIKE, AHEAD = 0.75, 0.05
"""How near an enrolled voice must be, and how much nearer than the next one."""
MOST_CLUSTERED = 3_000
_STRANGER = 0.55
"""Likeness to a voice that one has nothing to do with, for how sure we are."""
_SHARPNESS = 20.0


class Voices:
    """The voices of one recording, as long as it is being transcribed."""

    def __init__(self, encoder: VoiceEncoder) -> None:
        self._encoder = encoder
        self.encoder = encoder.name
        self._heard: dict[tuple[float, float], Floats] = {}

    def listener(self, offset: float) -> Listen:
        """What `transcribe` tells of the chunks of a part that begins at `offset`."""

        async def listen(chunk: Chunk, segments: Sequence[Segment]) -> None:
            long = [s for s in segments if s.end - s.start >= SHORTEST and not s.unsaid]
            vectors = await asyncio.to_thread(self._encoder.embed, [_sound(chunk, segment) for segment in long])
            for segment, vector in zip(long, vectors, strict=True):
                self._heard[segment.start + offset, segment.end + offset] = vector

        return listen

    def labelled(
        self, transcript: Transcript, *, known: Sequence[Voice] = (), exactly: int | None = None, most: int | None = None
    ) -> Transcript:
        """The transcript with "Speaker 1", "Speaker 2" … in the order in which they first speak, or names of `known` voices."""
        heard = [(segment.start, segment.end) for segment in transcript.segments if (segment.start, segment.end) in self._heard]
        if not heard:
            return transcript
        vectors = [self._heard[span] for span in heard]
        centres = _centres(heard, vectors, exactly=exactly, most=most)
        verdicts = {span: _verdict(vector, centres) for span, vector in zip(heard, vectors, strict=True)}
        names = _names(centres, [verdicts[span][0] for span in heard], known)
        return replace(transcript, segments=tuple(_labelled(transcript.segments, verdicts, names)))


def _sound(chunk: Chunk, segment: Segment) -> bytes:
    first, last = (round((at - chunk.start) * SAMPLE_RATE) * 2 for at in (segment.start, segment.end))
    return chunk.pcm[max(0, first) : last]


def _centres(spans: Sequence[tuple[float, float]], vectors: Sequence[Floats], *, exactly: int | None, most: int | None) -> Floats:
    """The middle of each group (rows of length 1) that is a person."""
    import numpy as np

    seconds = np.asarray([end - start for start, end in spans])
    longest = np.argsort(-seconds, kind="stable")[:MOST_CLUSTERED]
    founders = np.sort(longest[seconds[longest] >= SURE_SECONDS]) if (seconds >= SURE_SECONDS).any() else np.sort(longest)
    found = np.stack([vectors[i] for i in founders])
    labels = np.asarray(clustered(found, distance=DISTANCE, most=most, exactly=exactly))
    weights = np.bincount(labels, seconds[founders])
    enough = weights >= max(LEAST_SECONDS, LEAST_SHARE * weights.sum())
    people = [n for n in range(len(weights)) if exactly or enough[n] or weights[n] == weights.max()]
    middles = np.stack([found[labels == n].mean(axis=0) for n in people])
    return np.asarray(middles / np.linalg.norm(middles, axis=1, keepdims=True), dtype=np.float32)


def _verdict(vector: Floats, centres: Floats) -> tuple[int, float]:
    """Whose voice it is, and how sure that is."""
    import numpy as np

    alike = centres @ vector
    best = int(alike.argmax())
    others = np.append(np.delete(alike, best), _STRANGER)
    return best, round(float(1 / (1 + np.exp(-_SHARPNESS * (alike[best] - others.max())))), 3)


def _names(centres: Floats, in_order: Sequence[int], known: Sequence[Voice]) -> dict[int, str]:
    """A name for each group: that of an enrolled voice, each voice once, else a number."""
    enrolled = _recognised(centres, known)
    names: dict[int, str] = {}
    for group in in_order:
        if group not in names:
            names[group] = enrolled.get(group) or f"Speaker {1 + sum(g not in enrolled for g in names)}"
    return names


def _recognised(centres: Floats, known: Sequence[Voice]) -> dict[int, str]:
    import numpy as np

    if not known:
        return {}
    alike = centres @ np.asarray([voice.vector for voice in known], dtype=np.float32).T
    found: dict[int, str] = {}
    for group, one in sorted(np.ndindex(alike.shape), key=lambda place: -float(alike[place])):
        rivals = [alike[group, other] for other in range(len(known)) if known[other].name != known[one].name]
        ahead = not rivals or alike[group, one] - max(rivals) >= AHEAD
        if alike[group, one] >= ALIKE and ahead and group not in found and known[one].name not in found.values():
            found[group] = known[one].name
    return found


def _labelled(segments: Sequence[Segment], verdicts: dict[tuple[float, float], tuple[int, float]], names: dict[int, str]) -> list[Segment]:
    by_neighbour = _neighbours(segments, verdicts)
    labelled = []
    for segment in segments:
        group, certainty = verdicts.get((segment.start, segment.end)) or by_neighbour[segment.start, segment.end]
        words = tuple(replace(word, speaker=names[group], certainty=certainty) for word in segment.words)
        labelled.append(replace(segment, speaker=names[group], words=words, estimated=True))
    return labelled


def _neighbours(
    segments: Sequence[Segment], verdicts: dict[tuple[float, float], tuple[int, float]]
) -> dict[tuple[float, float], tuple[int, float]]:
    """For each sentence without a voice: whoever speaks nearest to it, with half the certainty."""
    spans = [(segment.start, segment.end) for segment in segments]
    ahead: dict[tuple[float, float], tuple[float, float]] = {}
    following = None
    for span in reversed(spans):
        following = span if span in verdicts else following
        if following:
            ahead[span] = following
    found: dict[tuple[float, float], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    before = None
    for span in spans:
        before = span if span in verdicts else before
        near = [one for one in (before, ahead.get(span)) if one]
        nearest = min(near, key=lambda one: max(one[0] - span[1], span[0] - one[1]))
        group, certainty = verdicts[nearest]
        found[span] = group, round(certainty / 2, 3)
    return found
