"""The shapes of what was written and what was said."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field, computed_field

from momentum.model import GapReason
from momentum.web.api.shapes import DELIVERABLE, MOMENT, PROCESSING, RECORDING, SERIES, TRANSCRIPT, Shape, shown

_SUMMARY: dict[str, Any] = {
    "id": DELIVERABLE,
    "kind": "minutes",
    "label": "Minutes",
    "title": "Weekly planning",
    "recording_id": RECORDING,
    "processing_id": PROCESSING,
    "transcript_id": TRANSCRIPT,
    "language": "en",
    "model": "gpt-6-luna",
    "version": 1,
    "series": SERIES,
    "supersedes": None,
    "created_at": MOMENT,
}
_CLAIM: dict[str, Any] = {
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
    "section": "decisions",
    "ruling": None,
    "original": None,
}


class ClaimBefore(Shape):
    """A claim as the machine left it."""

    text: str
    quote: str
    segment_ids: list[int]
    owner: str | None
    due_words: str | None
    due_date: date | None
    state: str
    reason: str


class ClaimItem(Shape):
    """One statement with its evidence."""

    kind: str
    text: str
    quote: str
    segment_ids: list[int]
    owner: str | None
    due_words: str | None
    due_date: date | None
    state: str = Field(description="What code found: `verified`, `repaired`, `needs_confirmation`, `dropped`, `suggested`.")
    reason: str = Field(description="Why, in words for a person.")
    start: float | None
    ruling: str | None = Field(description="Your word: `confirmed`, `edited` or `rejected`.")
    original: ClaimBefore | None = Field(default=None, description="Where a correction changed it: the machine's.")
    section: str = Field(description="Under which section of `extra.sections` it stands; empty: under the one of its kind.")


class DeliverableSummary(Shape):
    """A deliverable without its content."""

    model_config = shown(**_SUMMARY)

    id: UUID
    kind: str
    title: str
    recording_id: UUID
    processing_id: UUID
    transcript_id: UUID
    language: str | None
    model: str | None = Field(description="Null: drafted without a language model.")
    label: str = Field(description="What people call its kind; empty where that is not known.")
    version: int
    series: UUID = Field(description="What the versions of one document have in common.")
    supersedes: UUID | None = Field(description="The version before this one.")
    created_at: AwareDatetime


class TokensItem(Shape):
    """Tokens of transcript lines, without the prompt and the schema around them."""

    model_config = shown(transcript=4100, sent=4100, again=0, ratio=1.0)

    transcript: int = Field(description="Of all that was to be read.")
    sent: int = Field(description="That went to the model's server: each part at its first sending, and what was sent to be counted.")
    again: int = Field(description="That went there once more: parts refused, cut, answered out of form or read by a retry.")

    @computed_field(description="`sent` / `transcript`.")  # type: ignore[prop-decorator]
    @property
    def ratio(self) -> float:
        return round(self.sent / self.transcript, 4) if self.transcript else 0.0


class CoverageItem(Shape):
    """What of the transcript the document was written from, by segment id."""

    model_config = shown(sent=[0], cited=[0], unread=[], missing=[], tokens=TokensItem.model_config["json_schema_extra"]["example"])  # type: ignore[index]

    sent: list[int] = Field(description="Read by the model.")
    cited: list[int] = Field(description="Named by a claim as its evidence.")
    unread: list[tuple[int, int, str]] = Field(description="First, last, and why nobody read them, in a sentence.")
    missing: list[int] = Field(description="Of the parts that failed: `POST .../retry` reads these alone.")
    tokens: TokensItem


class UsageItem(Shape):
    """What the model's server counted."""

    model_config = shown(input_tokens=5200, output_tokens=410, calls=1, audio_seconds=0.0)

    input_tokens: int
    output_tokens: int
    calls: int = Field(description="Calls that went out, those included that came to nothing.")
    audio_seconds: float


class DeliverableItem(DeliverableSummary):
    """A deliverable whole."""

    model_config = shown(
        **_SUMMARY,
        writer_version="1",
        summary="The team ships on Friday.",
        claims=[_CLAIM],
        extra={"sections": [["decisions", "Decisions"]]},
        usage=UsageItem.model_config["json_schema_extra"]["example"],  # type: ignore[index]
        usd=0.0007,
        prompt_hash="9b1c...",
        input_hash="e07a...",
        coverage=CoverageItem.model_config["json_schema_extra"]["example"],  # type: ignore[index]
        verification="1 of 1 verified",
    )

    writer_version: str
    summary: str
    claims: list[ClaimItem]
    verification: str = Field(description="The claims' states in words: `11 of 13 verified; 2 need you`. Empty where nothing was checked.")
    extra: dict[str, Any]
    usage: UsageItem
    usd: float | None = Field(description="US dollars by the model's list price; null where no price is known.")
    prompt_hash: str | None = Field(
        description="sha256 of orders, language and schema, the same for all meetings. Null: no model wrote it."
    )
    input_hash: str | None = Field(description="sha256 of what was read: the meeting's facts and the transcript.")
    coverage: CoverageItem


class ChangeItem(Shape):
    """A claim that is in both versions and not the same."""

    model_config = shown(before=_CLAIM | {"text": "Ship soon"}, after=_CLAIM, fields=["text"])

    before: ClaimItem
    after: ClaimItem
    fields: list[str] = Field(description="What differs.")


class Difference(Shape):
    """From one version to another."""

    model_config = shown(
        before=_SUMMARY,
        after=_SUMMARY | {"version": 2, "supersedes": DELIVERABLE},
        added=[],
        removed=[],
        changed=[ChangeItem.model_config["json_schema_extra"]["example"]],  # type: ignore[index]
        unchanged=3,
        summary="--- version 1\n+++ version 2\n@@ -1 +1 @@\n-The team ships soon.\n+The team ships on Friday.",
    )

    before: DeliverableSummary
    after: DeliverableSummary
    added: list[ClaimItem]
    removed: list[ClaimItem]
    changed: list[ChangeItem]
    unchanged: int
    summary: str = Field(description="A unified diff, a sentence a line; empty where nothing differs.")


class WordItem(Shape):
    """One word with its times in seconds."""

    text: str
    start: float
    end: float
    probability: float | None
    speaker: str | None
    certainty: float | None = Field(description="How sure we are of the speaker, 0 to 1; null where nobody weighed it.")


class ReadingItem(Shape):
    """A number or a name that the provider's transcript has otherwise; times in seconds of the recording."""

    kind: str = Field(description="`number` or `name`.")
    ours: str
    theirs: str
    start: float
    end: float


class SegmentBefore(Shape):
    """A segment as the machine left it."""

    text: str
    speaker: str | None


class SegmentItem(Shape):
    """A stretch of speech, about a sentence; times in seconds of the recording."""

    id: int
    start: float
    end: float
    text: str
    speaker: str | None
    words: list[WordItem]
    original: SegmentBefore | None = Field(default=None, description="Where a correction changed it: the machine's.")
    marks: list[str] = Field(description="What looks wrong: `loop`, `credits`, `rate`, `gap`, `low_confidence`, `listen_here`.")
    estimated: bool = Field(description="The speaker was told by the sound of the voice, and nobody who knows said so.")
    readings: list[ReadingItem] = Field(description="Where two transcripts differ in a number or a name (`listen_here`): both readings.")


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
        segments=[
            {
                "id": 0,
                "start": 1.0,
                "end": 2.5,
                "text": "We ship on Friday.",
                "speaker": "Ada",
                "words": [{"text": "We", "start": 1.0, "end": 1.2, "probability": 0.98, "speaker": "Ada", "certainty": 0.99}],
                "marks": [],
                "estimated": False,
                "readings": [],
                "original": None,
            }
        ],
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
