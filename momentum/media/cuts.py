"""Cutting a stream of PCM into chunks of speech, at silences, with exact starts. Pure: no clock, no engine, no file.

Rules, in the order in which they decide:

- silence before, after and between stretches of speech that lasts `SKIPPED_SILENCE` or longer is in no chunk;
- a chunk that has reached `target_seconds` ends at the next silence of `CUT_SILENCE`; the first of all after `FIRST_SECONDS`, the
  second after twice that, and so on: words come early, and soon all who transcribe side by side have something to do;
- a chunk that has reached `max_seconds` ends at the longest silence in its second half; where there is none, at the frame
  that sounds least like speech near its end, and says so (`forced_cut`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from momentum.media.voice import FRAME
from momentum.model import SAMPLE_RATE, Chunk

SPEECH_BEGINS = 0.5
SPEECH_ENDS = 0.35
"""Hysteresis of the gate, as Silero's own examples use it."""
CUT_SILENCE = 0.32
"""Seconds without speech that separate two spans of speech, and at which a chunk may end."""
FIRST_SECONDS = 50.0
"""Where the first chunk is cut, if a silence is near and the engine's own target is not sooner."""
SKIPPED_SILENCE = 10.0
"""Seconds without speech that no engine is given. Shorter pauses stay: they cost little and keep quiet words."""
PAD = 0.64
"""Seconds kept before and after speech: the gate hears a word a little late and loses it a little early."""
_FORCED_SEARCH = 3.0

_FRAMES_PER_SECOND = SAMPLE_RATE / FRAME
_PAD_FRAMES = round(PAD * _FRAMES_PER_SECOND)
_CUT_FRAMES = round(CUT_SILENCE * _FRAMES_PER_SECOND)
_FIRST_FRAMES = round(FIRST_SECONDS * _FRAMES_PER_SECOND)
_SKIPPED_FRAMES = round(SKIPPED_SILENCE * _FRAMES_PER_SECOND)


@dataclass(slots=True)
class _Span:
    """Frames in which somebody speaks, `end` exclusive."""

    start: int
    end: int


class Cutter:
    """Feed PCM and the gate's probabilities, get chunks. Holds `max_seconds` of PCM and what was fed last, never more."""

    def __init__(self, target_seconds: float, max_seconds: float, *, early: bool = True) -> None:
        """`early`: the first chunks may be shorter than the target."""
        self._target = max(1, int(target_seconds * _FRAMES_PER_SECOND))
        self._first = _FIRST_FRAMES if early else self._target
        self._max = max(2, int(max_seconds * _FRAMES_PER_SECOND))
        self._pcm = bytearray()
        self._origin = 0  # frame at which _pcm and _probabilities begin
        self._probabilities: list[float] = []
        self._spans: list[_Span] = []  # of the chunk in the making
        self._speaking = False
        self._index = 0

    @property
    def settled_seconds(self) -> float:
        """Second of the recording before which all speech is in chunks that were given out."""
        return _seconds(self._begin if self._spans else self._origin)

    @property
    def _now(self) -> int:
        return self._origin + len(self._probabilities)

    def feed(self, pcm: bytes, probabilities: Sequence[float]) -> list[Chunk]:
        """Chunks that are complete now. The probabilities are of the earliest frames not judged yet; they may lag behind."""
        self._pcm += pcm
        chunks: list[Chunk] = []
        for probability in probabilities:
            self._judge(probability)
            if (chunk := self._cut()) is not None:
                chunks.append(chunk)
        return chunks

    def finish(self) -> list[Chunk]:
        """The last chunk, when speech is left."""
        if not self._spans:
            return []
        return [self._emit(min(self._now, self._spans[-1].end + _PAD_FRAMES))]

    def _judge(self, probability: float) -> None:
        frame = self._now
        self._probabilities.append(probability)
        if not self._speaking and probability >= SPEECH_BEGINS:
            self._speaking = True
            if not self._spans or frame - self._spans[-1].end >= _CUT_FRAMES:
                self._spans.append(_Span(frame, frame + 1))
        if self._speaking:
            self._speaking = probability >= SPEECH_ENDS
        if self._speaking:
            self._spans[-1].end = frame + 1

    def _cut(self) -> Chunk | None:
        if not self._spans:
            self._drop_until(self._now - _PAD_FRAMES)
            return None
        begin, silence = self._begin, self._now - self._spans[-1].end
        if silence >= _SKIPPED_FRAMES:
            return self._emit(self._spans[-1].end + _PAD_FRAMES)
        if silence >= _CUT_FRAMES and self._spans[-1].end - begin >= min(self._target, self._first * (self._index + 1)):
            return self._emit(self._spans[-1].end + _CUT_FRAMES // 2)
        if self._now - begin >= self._max:
            return self._cut_at_the_longest_silence(begin)
        return None

    @property
    def _begin(self) -> int:
        return max(self._origin, self._spans[0].start - _PAD_FRAMES)

    def _cut_at_the_longest_silence(self, begin: int) -> Chunk:
        half = begin + self._max // 2
        edges = [*((a.end, b.start) for a, b in pairwise(self._spans)), (self._spans[-1].end, self._now)]
        length, middle = max((after - end, (end + after) // 2) for end, after in edges if end >= half or end == self._spans[-1].end)
        if length >= _CUT_FRAMES:
            return self._emit(middle)
        near_end = range(max(begin + 1, self._now - int(_FORCED_SEARCH * _FRAMES_PER_SECOND)), self._now)
        quietest = min(near_end, key=lambda frame: (self._probabilities[frame - self._origin], -frame))
        return self._emit(quietest, forced=True)

    def _emit(self, end: int, *, forced: bool = False) -> Chunk:
        """The chunk that ends before frame `end`; what was said from there on begins the next one."""
        begin = self._begin
        inside = [_Span(s.start, min(s.end, end)) for s in self._spans if s.start < end]
        self._spans = [_Span(max(s.start, end), s.end) for s in self._spans if s.end > end]
        pcm = self._samples(begin, end)
        seconds = len(pcm) / 2 / SAMPLE_RATE
        speech = tuple((_seconds(s.start - begin), min(_seconds(s.end - begin), seconds)) for s in inside)
        chunk = Chunk(self._index, _seconds(begin), pcm, speech, hashlib.sha256(pcm).hexdigest(), forced)
        self._index += 1
        self._drop_until(end)
        return chunk

    def _samples(self, begin: int, end: int) -> bytes:
        return bytes(self._pcm[(begin - self._origin) * FRAME * 2 : (end - self._origin) * FRAME * 2])

    def _drop_until(self, frame: int) -> None:
        if (gone := frame - self._origin) > 0:
            del self._pcm[: gone * FRAME * 2]
            del self._probabilities[:gone]
            self._origin = frame


def _seconds(frames: int) -> float:
    return frames * FRAME / SAMPLE_RATE
