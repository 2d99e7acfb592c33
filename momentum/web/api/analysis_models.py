"""The shapes of what is measured of a meeting."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from momentum.web.api.shapes import TRANSCRIPT, Shape, shown

METHOD = Field(description="How it was measured.")
LIMITS = Field(description="What it cannot tell.")


class SpeakerTalkItem(Shape):
    """One person's part."""

    speaker: str
    seconds: float
    share: float = Field(description="Of all talk time, 0 to 1.")
    words: int
    turns: int
    longest: tuple[float, float] = Field(description="Start and end of the longest monologue.")
    interruptions: int = Field(description="How often they cut in on others.")
    interrupted: int
    questions: int | None = Field(description="Null where the transcript has no punctuation.")


class TalkItem(Shape):
    """Who spoke how much, most first."""

    speakers: list[SpeakerTalkItem]
    silence_seconds: float
    silences: list[tuple[float, float]] = Field(description="Start and end of the longest, in order of time.")
    method: str = METHOD
    limits: str = LIMITS


class PointItem(Shape):
    """The mean of one person's sentences in a stretch of time: -1 to +1."""

    start: float
    end: float
    value: float
    words: int


class SpeakerSentimentItem(Shape):
    """One person's words over time."""

    speaker: str
    value: float
    points: list[PointItem]


class SentimentItem(Shape):
    """How words sound, by a lexicon."""

    measured: bool
    reason: str = Field(description="Why it was not measured; empty where it was.")
    speakers: list[SpeakerSentimentItem]
    method: str = METHOD
    limits: str = LIMITS


class ChapterItem(Shape):
    """A stretch of the meeting about one thing."""

    start: float
    end: float
    title: str


class ChaptersItem(Shape):
    """In order, without holes."""

    source: str = Field(description="`words`: by the words alone; else the kind of the document whose topics they are.")
    chapters: list[ChapterItem]
    method: str = METHOD
    limits: str = LIMITS


class KeywordItem(Shape):
    """A term that comes up again."""

    text: str
    count: int
    first: float = Field(description="Second at which it is said first.")


class KeywordsItem(Shape):
    """The most telling terms, first the most."""

    keywords: list[KeywordItem]
    method: str = METHOD
    limits: str = LIMITS


class AnalysisItem(Shape):
    """What was measured of one transcript, without a model. Times in seconds of the recording."""

    model_config = shown(
        transcript_id=TRANSCRIPT,
        seconds=1153.0,
        language="en",
        talk={
            "speakers": [
                {
                    "speaker": "Ada",
                    "seconds": 519.6,
                    "share": 0.5,
                    "words": 1299,
                    "turns": 99,
                    "longest": [1004.0, 1067.6],
                    "interruptions": 2,
                    "interrupted": 1,
                    "questions": 21,
                }
            ],
            "silence_seconds": 12.5,
            "silences": [[600.0, 612.5]],
            "method": "...",
            "limits": "...",
        },
        sentiment={"measured": False, "reason": "Not measured: ...", "speakers": [], "method": "...", "limits": "..."},
        chapters={
            "source": "words",
            "chapters": [{"start": 0.0, "end": 1153.0, "title": "remote, control"}],
            "method": "...",
            "limits": "...",
        },
        keywords={"keywords": [{"text": "remote control", "count": 16, "first": 31.0}], "method": "...", "limits": "..."},
    )

    transcript_id: UUID
    seconds: float
    language: str | None
    talk: TalkItem
    sentiment: SentimentItem
    chapters: ChaptersItem
    keywords: KeywordsItem
