"""What a provider has recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """One file of a recording, as the provider lists it. Enumerations stay open: unknown text is kept.

    `kind` is what we make of type and extension: "audio", "video", "transcript", "timeline", "chat",
    "captions", "participant_audio" or "other".
    """

    file_id: str
    kind: str
    file_type: str
    recording_type: str
    extension: str
    size: int | None
    started_at: datetime | None
    ended_at: datetime | None
    ready: bool
    participant: str | None = None
    download_url: str | None = field(default=None, repr=False)
    """Goes stale: never stored, read again before each download."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded meeting instance. `instance_id` is the provider's key of the instance (Zoom: the UUID, verbatim)."""

    instance_id: str
    meeting_number: str | None
    topic: str
    started_at: datetime | None
    timezone: str | None
    duration_minutes: int | None
    size: int | None
    host_email: str | None
    files: tuple[RecordingFile, ...]
    share_url: str | None = None
    in_trash: bool = False
    download_token: str | None = field(default=None, repr=False)
