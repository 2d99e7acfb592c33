"""What was said: sound, words, transcripts. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SAMPLE_RATE = 16_000
"""Samples a second of the mono, 16-bit little-endian PCM that flows between decoder and engines."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of speech to transcribe: `pcm` is 16 kHz mono int16 little-endian; `start` in seconds of the recording.

    `speech` holds the spans, in seconds *within the chunk*, where the voice gate heard speech; they
    carry the times when an engine returns none. `digest` is the sha256 of `pcm` in hex.
    """

    index: int
    start: float
    pcm: bytes = field(repr=False)
    speech: tuple[tuple[float, float], ...]
    digest: str
    forced_cut: bool = False
    """True when no silence was found and the cut falls inside speech."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its times in seconds and, where the engine says so, how sure it is (0..1)."""

    text: str
    start: float
    end: float
    probability: float | None = None
    speaker: str | None = None
    certainty: float | None = None
    """How sure we are of `speaker` (0..1); None where nobody weighed it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A place that two transcripts read differently. `kind` is "number" or "name"; times in seconds of the recording."""

    kind: str
    ours: str
    theirs: str
    start: float
    end: float


LISTEN_HERE = "listen_here"
"""Mark of a segment with `readings`: a number or a name that the provider's transcript has otherwise."""
_UNSAID = frozenset({"loop", "credits", "gap"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech of one speaker, about a sentence.

    `marks` name what looks wrong: "loop", "credits", "rate", "gap", "low_confidence", "listen_here".
    """

    id: int
    start: float
    end: float
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] = ()
    marks: tuple[str, ...] = ()
    estimated: bool = False
    """True where `speaker` was told by the sound of the voice, and nobody who knows said so."""
    readings: tuple[Reading, ...] = ()

    @property
    def unsaid(self) -> bool:
        """Whether its words are an engine's own: nothing may be concluded from them."""
        return not _UNSAID.isdisjoint(self.marks)


@dataclass(frozen=True, slots=True)
class Voice:
    """How an enrolled person sounds: a vector of length 1. Biometric data: stored sealed, and only with the person's consent."""

    name: str
    vector: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of one chunk; all times in seconds *within the chunk*. `raw` is kept as evidence, JSON-ready."""

    segments: tuple[Segment, ...]
    language: str | None
    billed_seconds: float | None = None
    raw: dict[str, Any] | None = field(default=None, repr=False)


class GapReason(StrEnum):
    """Why there are no words for a stretch of the meeting."""

    NOT_RECORDED = "not_recorded"
    """No file covers it: the host stopped and started recording again."""
    NO_TRANSCRIPT = "no_transcript"
    """It was recorded, but the provider wrote no transcript of it, and only the provider's was asked for."""
    NO_AUDIO = "no_audio"
    """It was recorded, but there is no file of it that can be heard."""
    BROKEN_OFF = "broken_off"
    """The end of the file is missing."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Seconds of the meeting without words. `end` = `start` where nobody says how long it is."""

    start: float
    end: float
    reason: GapReason = GapReason.NOT_RECORDED
    detail: str = ""
    """The fault of the file, in a sentence; "" where nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that was said. `source` is "own" (an engine of ours) or "zoom" (the provider's captions)."""

    segments: tuple[Segment, ...]
    language: str | None
    seconds: float
    source: str
    engine: str
    gaps: tuple[Gap, ...] = ()
    participants: tuple[str, ...] | None = None
    """Names of who took part, by the provider's word; None where it was not asked."""

    @property
    def word_count(self) -> int:
        return sum(len(segment.text.split()) for segment in self.segments)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is missing through a fault of the files, in sentences."""
        return tuple(gap.detail for gap in self.gaps if gap.detail)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names in the order in which they first speak."""
        return tuple(dict.fromkeys(s.speaker for s in self.segments if s.speaker))

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who was there by a name that somebody gave them: participants, then speakers who are no estimates."""
        speakers = (s.speaker for s in self.segments if s.speaker and not s.estimated)
        return tuple(dict.fromkeys((*(self.participants or ()), *speakers)))
