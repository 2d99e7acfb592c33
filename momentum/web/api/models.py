"""The shapes of the API's answers; OpenAPI is made from these."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from momentum.model import ProcessingState


class Shape(BaseModel):
    """Built from our own nouns by attribute."""

    model_config = ConfigDict(from_attributes=True)


class AuthUrl(Shape):
    """Where to send the browser to connect."""

    auth_url: str = Field(examples=["https://zoom.us/oauth/authorize?response_type=code&client_id=..."])
    state: str = Field(description="Single use, ten minutes, bound to you.")
    expires_at: AwareDatetime


class Completion(BaseModel):
    """What the provider sent the browser back with."""

    model_config = ConfigDict(extra="forbid")

    state: str = Field(min_length=1, max_length=512)
    code: str | None = Field(None, min_length=1, max_length=4096)
    error: str | None = Field(None, max_length=256, description="`access_denied` when the person refused.")


class Connection(Shape):
    """Whether and how a person is connected."""

    connected: bool
    state: str | None = Field(None, description="`active`, or what is wrong: `reconnect_required`, `scope_missing`, `forbidden`.")
    action: str | None = Field(None, description="What to do about it, in a sentence.")
    account_email: str | None = None
    account_name: str | None = None
    account_id: str | None = None
    scopes: list[str] = []
    missing_scopes: list[str] = []
    expires_at: AwareDatetime | None = Field(None, description="Of the access token; it is renewed by itself.")
    can_record: bool | None = Field(None, description="False when the account's plan has no cloud recording.")
    connected_at: AwareDatetime | None = None


class Removed(Shape):
    """What a disconnect removed."""

    disconnected: bool
    revoked: bool = Field(description="Whether the provider confirmed that the grant is dead.")
    removed: dict[str, int] = Field(description="Rows removed, by kind.", examples=[{"recordings": 12, "transcripts": 3}])
    detail: str


class MeetingFile(Shape):
    """One file of a recording."""

    file_id: str
    kind: str = Field(description="`audio`, `video`, `transcript`, `timeline`, `chat`, `captions`, `participant_audio` or `other`.")
    file_type: str
    recording_type: str
    extension: str
    size: int | None = Field(description="Bytes.")
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    ready: bool


class MeetingItem(Shape):
    """One recorded meeting."""

    id: str = Field(description="The provider's id of this instance: use it as `meeting_id`.")
    meeting_number: str | None
    topic: str
    started_at: AwareDatetime | None
    timezone: str | None
    duration_minutes: int | None
    size: int | None
    host_email: str | None
    in_trash: bool
    gone: bool = Field(description="No longer at the provider.")
    files: list[MeetingFile]
    processing_id: UUID | None = Field(description="The latest processing of this recording.")
    processing_state: ProcessingState | None
    processed: bool


class Meetings(Shape):
    """A page of recorded meetings, newest first."""

    meetings: list[MeetingItem]
    next_page_token: str | None
    from_: Annotated[date, Field(alias="from", serialization_alias="from")]
    to: date
    refreshed: bool = Field(description="Whether the provider was asked for this answer; else it is at most a minute old.")

    model_config = ConfigDict(populate_by_name=True)


class DownloadRequest(BaseModel):
    """What to make of a recording."""

    model_config = ConfigDict(extra="forbid")

    deliverables: list[Annotated[str, Field(pattern="^[a-z_]{1,40}$")]] = Field(
        [], max_length=10, description="Writers by name; empty: minutes with a language model, highlights without."
    )
    transcript: Literal["auto", "zoom", "own"] = Field("auto", description="Ours with the provider's names, the provider's, or ours alone.")
    language: str | None = Field(None, pattern="^[a-z]{2,3}$", description="ISO 639; default detected.")
    file_id: str | None = Field(None, min_length=1, max_length=200, description="Process this file alone.")
    force: bool = Field(False, description="Make a new processing even if the same one exists.")


class Accepted(Shape):
    """A processing that has begun, or that was there already."""

    processing_id: UUID
    status_url: str
    events_url: str
    created: bool = Field(description="False when the same request was made before: it is the same processing.")


class ProcessingItem(Shape):
    """Where a processing stands."""

    id: UUID
    provider: str
    recording_id: UUID
    topic: str | None = None
    state: ProcessingState
    step: str | None
    fraction: float | None = Field(description="0..1 of the current step, where it is known.")
    error_code: str | None
    error_detail: str | None
    attempt: int
    next_try_at: AwareDatetime | None
    audio_seconds: float | None
    seconds_per_step: dict[str, float]
    transcript_id: UUID | None
    deliverable_ids: list[UUID] = []
    created_at: AwareDatetime
    updated_at: AwareDatetime
    finished_at: AwareDatetime | None


class Processings(Shape):
    """A page of processings, newest first."""

    processings: list[ProcessingItem]
    next_page_token: str | None


class ClaimItem(Shape):
    """One statement with its evidence."""

    kind: str
    text: str
    quote: str
    segment_ids: list[int]
    owner: str | None
    due_words: str | None
    due_date: date | None
    state: str
    reason: str
    start: float | None


class DeliverableSummary(Shape):
    """A deliverable without its content."""

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

    writer_version: str
    summary: str
    claims: list[ClaimItem]
    extra: dict[str, Any]
    usage: dict[str, float]
    coverage: dict[str, Any]


class Deliverables(Shape):
    """A page of deliverables, newest first."""

    deliverables: list[DeliverableSummary]
    next_page_token: str | None


class Me(Shape):
    """Who you are here."""

    id: UUID
    issuer: str
    subject: str
    email: str | None
    display_name: str | None
    created_at: datetime


class Deleted(Shape):
    """What is gone."""

    deleted: bool
    removed: dict[str, int]


class Health(Shape):
    """Whether we live, and whether we can work."""

    status: Literal["ok", "unavailable"]
    database: bool | None = None
