"""The shapes of the API's answers about connections, meetings, processings and people; OpenAPI is made from these."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from momentum.model import ProcessingState, Remark
from momentum.web.api.privacy_models import ChosenNames, Recognised
from momentum.web.api.shapes import MEETING_ID, MOMENT, PROCESSING, RECORDING, Shape, shown


class AuthUrl(Shape):
    """Where to send the browser to connect."""

    model_config = shown(
        auth_url="https://zoom.us/oauth/authorize?response_type=code&client_id=...&state=...", state="Jq2...", expires_at=MOMENT
    )

    auth_url: str
    state: str = Field(description="Single use, ten minutes, bound to you.")
    expires_at: AwareDatetime


class Completion(BaseModel):
    """What the provider sent the browser back with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"code": "obBEe8ewaL_KdyNjniT4KPd8ffDWt9fGB", "state": "Jq2..."}}
    )

    state: str = Field(min_length=1, max_length=512, description="As it came with the code.")
    code: str | None = Field(None, min_length=1, max_length=4096)
    error: str | None = Field(
        None, min_length=1, max_length=256, description="In place of a code: `access_denied` when the person refused."
    )

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.code is None) == (self.error is None):
            raise ValueError("send either `code` or `error`")
        return self


class Connection(Shape):
    """Whether and how a person is connected."""

    model_config = shown(
        connected=True,
        state="active",
        action=None,
        account_email="ada@example.org",
        account_name="Ada Byron",
        account_id="AbCdEfGhIjKlMnOp",
        scopes=["cloud_recording:read:list_user_recordings", "user:read:user"],
        missing_scopes=[],
        expires_at=MOMENT,
        can_record=True,
        connected_at=MOMENT,
    )

    connected: bool
    state: str | None = Field(None, description="`active`, or what is wrong: `reconnect_required`, `scope_missing`, `forbidden`.")
    action: str | None = Field(None, description="What to do about it, in a sentence.")
    account_email: str | None = None
    account_name: str | None = None
    account_id: str | None = None
    scopes: list[str]
    missing_scopes: list[str] = Field(description="What the grant lacks, as far as we know or the provider said when it refused a call.")
    expires_at: AwareDatetime | None = Field(None, description="Of the access token; it is renewed by itself.")
    can_record: bool | None = Field(None, description="False when the account's plan has no cloud recording.")
    connected_at: AwareDatetime | None = None


class Removed(Shape):
    """What a disconnect removed."""

    model_config = shown(
        disconnected=True,
        revoked=True,
        removed={"recordings": 12, "processings": 3, "transcripts": 3, "deliverables": 3},
        detail="Zoom is disconnected and its tokens are forgotten. Removed: 12 recordings, 3 processings, 3 transcripts, 3 deliverables.",
    )

    disconnected: bool
    revoked: bool = Field(description="Whether the provider confirmed that the grant is dead.")
    removed: dict[str, int] = Field(description="Rows removed, by kind.")
    detail: str


class MeetingFile(Shape):
    """One file of a recording."""

    model_config = shown(
        file_id="f0a1",
        kind="audio",
        file_type="M4A",
        recording_type="audio_only",
        extension="m4a",
        size=24_117_248,
        started_at=MOMENT,
        ended_at="2026-11-22T09:42:00Z",
        ready=True,
    )

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

    model_config = shown(
        id=MEETING_ID,
        meeting_number="81230000001",
        topic="Weekly planning",
        started_at=MOMENT,
        timezone="Europe/Berlin",
        duration_minutes=42,
        size=91_226_112,
        host_email="ada@example.org",
        in_trash=False,
        gone=False,
        files=[],
        processing_id=PROCESSING,
        processing_state="done",
        processed=True,
    )

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
    processed: bool = Field(description="Whether any processing of it is done, the latest or an earlier one.")


class Meetings(Shape):
    """A page of recorded meetings, newest first."""

    meetings: list[MeetingItem]
    next_page_token: str | None
    from_: Annotated[date, Field(alias="from", serialization_alias="from")]
    to: date
    refreshed: bool = Field(description="Whether the provider was asked for this answer.")
    notice: str | None = Field(None, description="Why it could not be asked, in a sentence: the answer is then as old as the last one.")

    model_config = ConfigDict(populate_by_name=True)


class Wishes(BaseModel):
    """How a recording is processed."""

    model_config = ConfigDict(extra="forbid")

    deliverables: list[Annotated[str, Field(pattern="^([a-z_]{1,40}|own:[0-9a-f-]{36})$")]] = Field(
        [], max_length=10, description="Writers by name, your own as `own:<id>`; empty: minutes with a language model, highlights without."
    )
    transcript: Literal["auto", "zoom", "own"] = Field("auto", description="Ours with the provider's names, the provider's, or ours alone.")
    language: str | None = Field(None, pattern="^[a-z]{2,3}$", description="ISO 639, that is spoken; default detected.")
    output_language: str | None = Field(
        None, pattern="^[a-z]{2,3}$", description="ISO 639, to write in; default your own (`PATCH /api/me`), else the one that is spoken."
    )
    redact: list[Recognised] = Field(
        [], max_length=4, description="Masked before a language model reads it, beside what is masked for you anyway."
    )
    redact_names: ChosenNames = Field([], max_length=100, description="Names masked as well.")


class DownloadRequest(Wishes):
    """What to make of a recording."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"deliverables": ["highlights"], "transcript": "auto", "language": "en", "force": False}},
    )

    file_id: str | None = Field(None, min_length=1, max_length=200, description="Process this file alone.")
    force: bool = Field(False, description="Make a new processing even if the same one exists.")


class Accepted(Shape):
    """A processing that has begun, or that was there already."""

    model_config = shown(
        processing_id=PROCESSING,
        status_url=f"https://momentum.example.org/api/processings/{PROCESSING}",
        events_url=f"https://momentum.example.org/api/processings/{PROCESSING}/events",
        created=True,
    )

    processing_id: UUID
    status_url: str
    events_url: str
    created: bool = Field(description="False when the same request was made before: it is the same processing.")


class ProcessingItem(Shape):
    """Where a processing stands."""

    model_config = shown(
        id=PROCESSING,
        provider="zoom",
        recording_id=RECORDING,
        topic="Weekly planning",
        state="running",
        step="transcribe",
        fraction=0.25,
        error_code=None,
        error_detail=None,
        attempt=1,
        next_try_at=None,
        audio_seconds=2520.0,
        seconds_per_step={"discover": 0.4},
        remarks={},
        transcript_id=None,
        deliverable_ids=[],
        created_at=MOMENT,
        updated_at=MOMENT,
        finished_at=None,
    )

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
    remarks: dict[str, Remark] = Field(description="By step: why it did less than it might have, where nothing failed.")
    transcript_id: UUID | None
    deliverable_ids: list[UUID] = Field(default_factory=list, description="Once they are delivered; in lists empty: ask for the one.")
    created_at: AwareDatetime
    updated_at: AwareDatetime
    finished_at: AwareDatetime | None


class Processings(Shape):
    """A page of processings, newest first."""

    processings: list[ProcessingItem]
    next_page_token: str | None


class Me(Shape):
    """Who you are here."""

    model_config = shown(
        id=RECORDING,
        issuer="https://id.example.org/auth/v1",
        subject="7",
        email="ada@example.org",
        display_name="Ada Byron",
        output_language=None,
        created_at=MOMENT,
    )

    id: UUID
    issuer: str
    subject: str
    email: str | None
    display_name: str | None
    output_language: str | None = Field(description="In which your documents are written; null: the one that is spoken.")
    created_at: AwareDatetime


class Preferences(BaseModel):
    """What you like."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"output_language": "de"}})

    output_language: str | None = Field(pattern="^[a-z]{2,3}$", description="ISO 639; null: write in the language that is spoken.")


class Deleted(Shape):
    """What is gone."""

    model_config = shown(deleted=True, removed={"connections": 1, "recordings": 12, "processings": 3, "transcripts": 3, "deliverables": 3})

    deleted: bool
    removed: dict[str, int]


class Health(Shape):
    """Whether we live, and whether we can work."""

    model_config = shown(status="ok", database=True)

    status: Literal["ok"]
    database: bool | None = Field(None, description="Whether it answers; only where it was asked.")


class AuditEntry(Shape):
    """One thing that was done."""

    model_config = shown(
        sequence=1042,
        at=MOMENT,
        actor="person",
        action="transcript.read",
        object=f"transcript:{RECORDING}",
        outcome="ok",
        source="203.0.113.7",
    )

    sequence: int = Field(description="Its place in the trail of this installation.")
    at: AwareDatetime
    actor: str = Field(description="`person` (you), `momentum` on your behalf, or `link`: somebody who has a link that you made.")
    action: str
    object: str | None = Field(description="`kind:id`.")
    outcome: str = Field(description="`ok` or an error code.")
    source: str | None = Field(description="The address it came from.")


class AuditEntries(Shape):
    """A page of your entries."""

    model_config = shown(entries=[AuditEntry.model_config["json_schema_extra"]["example"]], next_before=1042)  # type: ignore[index]

    entries: list[AuditEntry]
    next_before: int | None = Field(description="Pass as `before` for the next page; none on the last.")


class Allowance(Shape):
    """How much of the calls of one weight is used, for your account at the provider; all of Momentum shares it."""

    model_config = shown(allowance="medium", per_second=12.4, used_today=318, daily_budget=None, paused_seconds=0.0)

    allowance: str = Field(description="The provider's label of the calls: `light`, `medium`, `heavy`.")
    per_second: float = Field(description="Calls a second that we allow ourselves.")
    used_today: int = Field(description="Since 00:00 UTC.")
    daily_budget: int | None = Field(description="Calls a day that we allow ourselves; none where the provider names no number.")
    paused_seconds: float = Field(description="Rest of a pause that the provider asked for.")


class Allowances(Shape):
    """What of the provider's allowance is used."""

    model_config = shown(allowances=[Allowance.model_config["json_schema_extra"]["example"]])  # type: ignore[index]

    allowances: list[Allowance]
