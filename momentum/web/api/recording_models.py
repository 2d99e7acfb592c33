"""The shapes of the API's answers about the list of recordings of all providers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from momentum.errors import ErrorCode
from momentum.model import ProcessingState
from momentum.pipeline.batch import MOST
from momentum.store.listing import Status
from momentum.web.api.models import Wishes
from momentum.web.api.shapes import DELIVERABLE, MOMENT, PROCESSING, RECORDING, TRANSCRIPT, Shape, shown


class WorkItem(Shape):
    """The newest processing of a recording; one that was cancelled counts as none."""

    id: UUID
    state: ProcessingState
    step: str | None
    fraction: float | None = Field(description="0..1 of the step, where it is known.")
    error_code: str | None
    error_detail: str | None
    next_try_at: AwareDatetime | None


class NewestDocument(Shape):
    """The newest deliverable of a recording."""

    id: UUID
    kind: str
    label: str = Field(description='What people call its kind; "" where its kind says it.')
    title: str
    open_claims: int = Field(description="Claims that wait for your word: to be confirmed or suggested, and not ruled on.")


class RecordingItem(Shape):
    """One recording, with the newest of what was made of it."""

    model_config = shown(
        id=RECORDING,
        provider="zoom",
        topic="Weekly planning",
        at=MOMENT,
        started=True,
        timezone="Europe/Berlin",
        seconds=2520.0,
        size=24_117_248,
        host_email="ada@example.org",
        gone=False,
        status="done",
        work={"id": PROCESSING, "state": "done", "step": "deliver", "fraction": 1.0}
        | dict.fromkeys(("error_code", "error_detail", "next_try_at")),
        transcript_id=TRANSCRIPT,
        providers_transcript=True,
        speakers=["Ada Byron", "Grace Hopper"],
        document={"id": DELIVERABLE, "kind": "minutes", "label": "", "title": "Minutes: Weekly planning", "open_claims": 2},
    )

    id: UUID
    provider: str
    topic: str = Field(description="With the terms fixed that you fixed in its newest transcript.")
    at: AwareDatetime = Field(description="When it began; when Momentum first saw it, where that is not known.")
    started: bool = Field(description="Whether `at` is when it began.")
    timezone: str | None = Field(description="Of the meeting, as the provider names it.")
    seconds: float | None
    size: int | None = Field(description="Bytes.")
    host_email: str | None
    gone: bool = Field(description="Whether the provider has it no more, or in its trash.")
    status: Status
    work: WorkItem | None
    transcript_id: UUID | None
    providers_transcript: bool = Field(description="Whether the provider has a transcript of its own.")
    speakers: list[str] = Field(description="Who speaks in the newest transcript, as the machine heard it.")
    document: NewestDocument | None


class Recordings(Shape):
    """A page of recordings, newest first."""

    recordings: list[RecordingItem]
    next_page_token: str | None


class ProcessRequest(BaseModel):
    """Which recordings to process, and how."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"recording_ids": [str(RECORDING)], "options": {"deliverables": ["highlights"]}}}
    )

    recording_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST, description="One that stands here twice is one.")]
    options: Wishes = Field(default_factory=Wishes)


class AskedItem(Shape):
    """What became of one recording."""

    model_config = shown(
        recording_id=RECORDING, accepted=True, processing_id=PROCESSING, state="queued", created=True, error_code=None, detail=None
    )

    recording_id: UUID
    accepted: bool
    processing_id: UUID | None
    state: ProcessingState | None = Field(description="Where the processing stands now.")
    created: bool = Field(description="False where the same was asked before: it is the same processing.")
    error_code: ErrorCode | None
    detail: str | None = Field(description="Why it was refused.")


class AskedItems(Shape):
    """What became of each, in the order of the request."""

    recordings: list[AskedItem]
