"""How words sound, by a lexicon, per speaker over time. English only: what is not measured is said not to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from momentum.analysis import turns
from momentum.model import Transcript
from momentum.writers import spoken
from momentum.writers.spoken import Sentence

STRETCHES, SHORTEST_STRETCH = 20, 60.0
"""A meeting is looked at in so many stretches, none shorter than so many seconds."""
FEWEST_WORDS = 8
"""Words of one person in a stretch below which nothing is said about it."""

METHOD = (
    "VADER: a lexicon of 7,500 English words with rules for negation and emphasis (Hutto and Gilbert, ICWSM 2014), by the package "
    "nltk-vader-sentiment. Each sentence gets -1 (negative) to +1 (positive); a point is their mean, weighted by words."
)
LIMITS = (
    "It was made for short posts in English and counts words, it does not understand: irony, quoted opinions and terms of trade "
    "(kill, critical, issue) mislead it. Most sentences at work are near 0. It tells how words sound, not what anybody feels; do not "
    "judge people by it."
)


@dataclass(frozen=True, slots=True)
class Point:
    """The mean of one person's sentences from `start` to `end`: -1..1."""

    start: float
    end: float
    value: float
    words: int


@dataclass(frozen=True, slots=True)
class SpeakerSentiment:
    """One person over time, and over all."""

    speaker: str
    value: float
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`reason` says why it was not measured; empty where it was."""

    speakers: tuple[SpeakerSentiment, ...] = ()
    measured: bool = True
    reason: str = ""
    method: str = METHOD
    limits: str = LIMITS


def measure(transcript: Transcript) -> Sentiment:
    """English transcripts; others are "not measured"."""
    sentences = spoken.sentences(transcript.segments)
    if not spoken.is_english(transcript.language, " ".join(s.text for s in sentences[:400])):
        return Sentiment(
            measured=False, reason=f"Not measured: the lexicon is English, the meeting is in {transcript.language or 'another language'}."
        )
    stretch = max(SHORTEST_STRETCH, transcript.seconds / STRETCHES)
    of: dict[str, list[tuple[Sentence, float]]] = {}
    for sentence in sentences:
        of.setdefault(sentence.speaker or turns.UNKNOWN, []).append((sentence, score(sentence.text)))
    return Sentiment(tuple(SpeakerSentiment(who, _mean(scored), tuple(_points(scored, stretch))) for who, scored in of.items()))


def score(text: str) -> float:
    """VADER's compound value of one sentence."""
    return float(_analyser().polarity_scores(text)["compound"])


@cache
def _analyser() -> Any:
    from vader import SentimentIntensityAnalyzer  # a lexicon to load: at first use

    return SentimentIntensityAnalyzer()


def _points(scored: Sequence[tuple[Sentence, float]], stretch: float) -> Iterable[Point]:
    groups: dict[int, list[tuple[Sentence, float]]] = {}
    for sentence, value in scored:
        groups.setdefault(int(sentence.start // stretch), []).append((sentence, value))
    for number, group in sorted(groups.items()):
        words = sum(_words(sentence) for sentence, _ in group)
        if words >= FEWEST_WORDS:
            yield Point(number * stretch, (number + 1) * stretch, _mean(group), words)


def _mean(scored: Sequence[tuple[Sentence, float]]) -> float:
    words = sum(_words(sentence) for sentence, _ in scored)
    return round(sum(_words(sentence) * value for sentence, value in scored) / words, 4) if words else 0.0


def _words(sentence: Sentence) -> int:
    return len(sentence.text.split())
