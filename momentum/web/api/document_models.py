"""The shapes of what was written and what was said."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from momentum.model import GapReason
from momentum.web.api.shapes import DELIVERABLE, MOMENT, PROCESSING, RECORDING, TRANSCRIPT, Shape, shown


class ClaimItem(Shape):
    """One statement with its evidence."""

    kind: str
    text: str
    quote: str
    segment_ids: list[int]
    owner: str | None
    due_words: str | None
    due_date: date | None
    state: str = Field(description="`verified`, `repaired`, `needs_confirmation`, `dropped` or `suggested`.")
    reason: str = Field(description="Why, in words for a person.")
    start: float | None


class DeliverableSummary(Shape):
    """A deliverable without its content."""

    model_config = shown(
        id=DELIVERABLE,
        kind="minutes",
        title="Weekly planning",
        recording_id=RECORDING,
        processing_id=PROCESSING,
        transcript_id=TRANSCRIPT,
        language="en",
        model="gpt-6-luna",
        created_at=MOMENT,
    )

    id: UUID
    kind: str
    title: str
    recording_id: UUID
    processing_id: UUID
    transcript_id: UUID
    language: str | None
    model: str | None = Field(description="Null: drafted without a language model.")
    created_at: AwareDatetime


class DeliverableItem(DeliverableSummary):
    """A deliverable whole."""

    model_config = shown(
        id=DELIVERABLE,
        kind="minutes",
        title="Weekly planning",
        recording_id=RECORDING,
        processing_id=PROCESSING,
        transcript_id=TRANSCRIPT,
        language="en",
        model="gpt-6-luna",
        created_at=MOMENT,
        writer_version="1",
        summary="The team ships on Friday.",
        claims=[
            {
                "kind": "decision",
                "text": "Ship on Friday",
                "quote": "We ship on Friday.",
                "segment_ids": [0],
                "owner": None,
                "due_words": None,
                "due_date": None,
                "state": "verified",
                "reason": "",
                "start": 1.0,
            }
        ],
        verification="1 of 1 verified",
        extra={},
        usage={"input_tokens": 5200, "output_tokens": 410, "calls": 1, "audio_seconds": 0.0},
        coverage={"sent": [0], "cited": [0], "unread": []},
    )

    writer_version: str
    summary: str
    claims: list[ClaimItem]
    verification: str = Field(description="The claims' states in words: `11 of 13 verified; 2 need you`. Empty where nothing was checked.")
    extra: dict[str, Any]
    usage: dict[str, float]
    coverage: dict[str, Any]


class WordItem(Shape):
    """One word with its times in seconds."""

    text: str
    start: float
    end: float
    probability: float | None


class SegmentItem(Shape):
    """A stretch of speech, about a sentence; times in seconds of the recording."""

    id: int
    start: float
    end: float
    text: str
    speaker: str | None
    words: list[WordItem]
    marks: list[str] = Field(description="What looks wrong: `loop`, `credits`, `rate`, `gap`, `low_confidence`.")


class GapItem(Shape):
    """Seconds of the meeting without words. `end` equals `start` where nobody says how long it is."""

    start: float
    end: float
    reason: GapReason = Field(
        description="`not_recorded`: no file covers it; `no_transcript`: recorded, but the provider has no transcript of it; "
        "`no_audio`: recorded, but no file of it can be heard; `broken_off`: the end of the file is missing."
    )
    detail: str = Field(description="The fault of the file, in a sentence; empty where nothing is wrong.")


class TranscriptItem(Shape):
    """What was said."""

    model_config = shown(
        id=TRANSCRIPT,
        recording_id=RECORDING,
        processing_id=PROCESSING,
        topic="Weekly planning",
        recorded_at=MOMENT,
        source="own",
        engine="local:base",
        language="en",
        seconds=2520.0,
        word_count=4,
        created_at=MOMENT,
        segments=[{"id": 0, "start": 1.0, "end": 2.5, "text": "We ship on Friday.", "speaker": "Ada", "words": [], "marks": []}],
        gaps=[],
    )

    id: UUID
    recording_id: UUID
    processing_id: UUID
    topic: str
    recorded_at: AwareDatetime | None
    source: str = Field(description="`own` (an engine of ours) or the provider's name.")
    engine: str
    language: str | None
    seconds: float
    word_count: int
    created_at: AwareDatetime
    segments: list[SegmentItem]
    gaps: list[GapItem]


class Deliverables(Shape):
    """A page of deliverables, newest first."""

    deliverables: list[DeliverableSummary]
    next_page_token: str | None
