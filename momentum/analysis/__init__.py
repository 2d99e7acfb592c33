"""What can be measured of a meeting without a model; each measure says how it was taken and what it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from momentum.analysis import chapters, sentiment, talk, terms
from momentum.analysis.chapters import Chapters
from momentum.analysis.sentiment import Sentiment
from momentum.analysis.talk import Talk
from momentum.analysis.terms import Keywords
from momentum.model import Claim, Transcript
from momentum.writers import spoken


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was measured of one transcript. Times in seconds of the recording."""

    seconds: float
    language: str | None
    talk: Talk
    sentiment: Sentiment
    chapters: Chapters
    keywords: Keywords


def analyse(transcript: Transcript, topics: Sequence[Claim] = (), source: str = "minutes") -> Analysis:
    """Pure: the same transcript always gives the same. `topics` are those of a document of the kind `source`, if there is one."""
    sentences = spoken.sentences(transcript.segments)
    english = spoken.is_english(transcript.language, " ".join(s.text for s in sentences[:400]))
    return Analysis(
        seconds=transcript.seconds,
        language=transcript.language,
        talk=talk.measure(transcript),
        sentiment=sentiment.measure(transcript),
        chapters=chapters.written(topics, source, transcript.seconds) or chapters.tiled(sentences, transcript.seconds, english=english),
        keywords=terms.measure(sentences, english=english),
    )
