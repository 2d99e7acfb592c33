"""Talk time, monologues, interruptions, questions and silence: counted from the times of what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from momentum.analysis import turns
from momentum.analysis.turns import Span, Turn
from momentum.model import Segment, Transcript
from momentum.writers import spoken

LONG_SILENCES = 5
"""How many of the longest silences are named."""
SHORTEST_SILENCE = 2.0
"""Seconds."""

METHOD = (
    "Talk time is the time between the first and the last word of each stretch of speech. A monologue is one person's stretch with "
    "pauses of up to 2 s, remarks of others of up to 3 words passed over. An interruption is counted where somebody says more than a "
    "remark and begins 0.3 s or more before the other ends and goes on after them, or at most 0.3 s after words that break off in "
    "mid-sentence. A question is a sentence that ends in a question mark. Silence is recorded time without words."
)
LIMITS = (
    "Exact only as far as speakers and times are. Recordings with one sound track hide most of what is said at once, so interruptions "
    "are undercounted. Laughter, noise and words that were not understood count as silence."
)
_QUESTION = ("?", "？", "؟")  # noqa: RUF001 - the full-width mark


@dataclass(frozen=True, slots=True)
class SpeakerTalk:
    """One person's part. `share` is of all talk time, 0..1; `longest` is their longest monologue."""

    speaker: str
    seconds: float
    share: float
    words: int
    turns: int
    longest: Span
    interruptions: int
    """How often they cut in on others."""
    interrupted: int
    questions: int | None
    """None where the transcript has no punctuation."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Who spoke how much, most first. `spans` are each speaker's stretches; `silences` the longest ones, in order of time."""

    speakers: tuple[SpeakerTalk, ...]
    silence_seconds: float
    silences: tuple[Span, ...]
    spans: dict[str, tuple[Span, ...]]
    method: str = METHOD
    limits: str = LIMITS


def measure(transcript: Transcript) -> Talk:
    """From the segments; what nobody said or understood counts for nobody."""
    segments = turns.said(transcript.segments)
    spans = _spans(segments)
    silences = [s for s in _silences(transcript, segments) if s[1] - s[0] >= SHORTEST_SILENCE]
    longest = sorted(silences, key=lambda s: s[0] - s[1])[:LONG_SILENCES]
    return Talk(
        speakers=tuple(sorted(_speakers(segments, spans), key=lambda s: (-s.seconds, s.speaker))),
        silence_seconds=sum(end - start for start, end in silences),
        silences=tuple(sorted(longest)),
        spans={who: tuple(found) for who, found in spans.items()},
    )


def seconds_of(transcript: Transcript) -> dict[str, float]:
    """Talk time of each speaker, most first; what nobody said or understood counts for nobody."""
    spans = _spans(turns.said(transcript.segments))
    talked = {who: sum(end - start for start, end in of) for who, of in spans.items()}
    return dict(sorted(talked.items(), key=lambda of: (-of[1], of[0])))


def _spans(segments: Sequence[Segment]) -> dict[str, list[Span]]:
    of: dict[str, list[Span]] = {}
    for segment in segments:
        of.setdefault(turns.speaker_of(segment), []).append((segment.start, segment.end))
    return {who: turns.merged(found) for who, found in of.items()}


def _silences(transcript: Transcript, segments: Sequence[Segment]) -> list[Span]:
    """Recorded time without words: gaps in the recording are no silence."""
    busy = [(s.start, s.end) for s in segments] + [(gap.start, gap.end) for gap in transcript.gaps]
    return list(turns.between(turns.merged(busy), transcript.seconds))


def _speakers(segments: Sequence[Segment], spans: dict[str, list[Span]]) -> list[SpeakerTalk]:
    found = turns.turns(segments)
    total = sum(end - start for of in spans.values() for start, end in of) or 1.0
    monologues, cuts = turns.monologues(found), turns.interruptions(found)
    by, on = Counter(who for who, _, _ in cuts), Counter(whom for _, whom, _ in cuts)
    words = Counter[str]()
    for segment in segments:
        words[turns.speaker_of(segment)] += len(segment.text.split())
    questions = _questions(segments, found)
    counted = Counter(turn.speaker for turn in found)
    return [
        SpeakerTalk(
            speaker=who,
            seconds=(seconds := sum(end - start for start, end in of)),
            share=seconds / total,
            words=words[who],
            turns=counted[who],
            longest=monologues.get(who, (0.0, 0.0)),
            interruptions=by[who],
            interrupted=on[who],
            questions=None if questions is None else questions[who],
        )
        for who, of in spans.items()
    ]


def _questions(segments: Sequence[Segment], found: Sequence[Turn]) -> Counter[str] | None:
    if not turns.is_punctuated(found):
        return None
    sentences = spoken.sentences(segments)
    return Counter(s.speaker or turns.UNKNOWN for s in sentences if s.text.rstrip("\"”')").endswith(_QUESTION))
