"""The nouns: what Momentum talks about, without any way to store, fetch or show it.

Times inside a recording are seconds from the start of its first file set; moments in the world are
timezone-aware datetimes in UTC.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

Clock = Callable[[], datetime]
"""Gives the present moment, timezone-aware; only `app` reads the real one."""

SAMPLE_RATE = 16_000
"""Samples a second of the mono, 16-bit little-endian PCM that flows between decoder and engines."""

# --- a person's connection to a provider ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint answered. `scopes` is empty where the provider did not say."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()
    api_base: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account a grant opens, in the provider's own identifiers."""

    user_id: str
    account_id: str | None
    email: str | None
    display_name: str | None = None
    timezone: str | None = None
    plan: str | None = None
    can_record: bool | None = None
    """False when the provider says that this account cannot have cloud recordings."""
    created_at: datetime | None = None

    @property
    def paced_as(self) -> str:
        """Whose allowance of calls it draws on: all users of a vendor account share one."""
        return self.account_id or self.user_id


class ConnectionState(StrEnum):
    """`active` works; every other state needs the person and stops all calls."""

    ACTIVE = "active"
    RECONNECT_REQUIRED = "reconnect_required"
    SCOPE_MISSING = "scope_missing"
    FORBIDDEN = "forbidden"


# --- recordings -----------------------------------------------------------------------------------


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


# --- what was said --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of speech to transcribe: `pcm` is 16 kHz mono int16 little-endian; `start` in seconds of the recording.

    `speech` holds the spans, in seconds *within the chunk*, where the voice gate heard speech; they
    carry the times when an engine returns none. `digest` is the sha256 of `pcm` in hex.
    """

    index: int
    start: float
    pcm: bytes = field(repr=False)
    speech: tuple[tuple[float, float], ...]
    digest: str
    forced_cut: bool = False
    """True when no silence was found and the cut falls inside speech."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its times in seconds and, where the engine says so, how sure it is (0..1)."""

    text: str
    start: float
    end: float
    probability: float | None = None
    speaker: str | None = None
    certainty: float | None = None
    """How sure we are of `speaker` (0..1); None where nobody weighed it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A place that two transcripts read differently. `kind` is "number" or "name"; times in seconds of the recording."""

    kind: str
    ours: str
    theirs: str
    start: float
    end: float


LISTEN_HERE = "listen_here"
"""Mark of a segment with `readings`: a number or a name that the provider's transcript has otherwise."""
_UNSAID = frozenset({"loop", "credits", "gap"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech of one speaker, about a sentence.

    `marks` name what looks wrong: "loop", "credits", "rate", "gap", "low_confidence", "listen_here".
    """

    id: int
    start: float
    end: float
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] = ()
    marks: tuple[str, ...] = ()
    estimated: bool = False
    """True where `speaker` was told by the sound of the voice, and nobody who knows said so."""
    readings: tuple[Reading, ...] = ()

    @property
    def unsaid(self) -> bool:
        """Whether its words are an engine's own: nothing may be concluded from them."""
        return not _UNSAID.isdisjoint(self.marks)


@dataclass(frozen=True, slots=True)
class Voice:
    """How an enrolled person sounds: a vector of length 1. Biometric data: stored sealed, and only with the person's consent."""

    name: str
    vector: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of one chunk; all times in seconds *within the chunk*. `raw` is kept as evidence, JSON-ready."""

    segments: tuple[Segment, ...]
    language: str | None
    billed_seconds: float | None = None
    raw: dict[str, Any] | None = field(default=None, repr=False)


class GapReason(StrEnum):
    """Why there are no words for a stretch of the meeting."""

    NOT_RECORDED = "not_recorded"
    """No file covers it: the host stopped and started recording again."""
    NO_TRANSCRIPT = "no_transcript"
    """It was recorded, but the provider wrote no transcript of it, and only the provider's was asked for."""
    NO_AUDIO = "no_audio"
    """It was recorded, but there is no file of it that can be heard."""
    BROKEN_OFF = "broken_off"
    """The end of the file is missing."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Seconds of the meeting without words. `end` = `start` where nobody says how long it is."""

    start: float
    end: float
    reason: GapReason = GapReason.NOT_RECORDED
    detail: str = ""
    """The fault of the file, in a sentence; "" where nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that was said. `source` is "own" (an engine of ours) or "zoom" (the provider's captions)."""

    segments: tuple[Segment, ...]
    language: str | None
    seconds: float
    source: str
    engine: str
    gaps: tuple[Gap, ...] = ()

    @property
    def word_count(self) -> int:
        return sum(len(segment.text.split()) for segment in self.segments)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is missing through a fault of the files, in sentences."""
        return tuple(gap.detail for gap in self.gaps if gap.detail)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names in the order in which they first speak."""
        return tuple(dict.fromkeys(s.speaker for s in self.segments if s.speaker))


# --- what is written ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a writer may know about the meeting beside its transcript."""

    title: str
    started_at: datetime | None = None
    timezone: str | None = None
    participants: tuple[str, ...] = ()


class ClaimState(StrEnum):
    """What code found when it compared a claim with the recording."""

    VERIFIED = "verified"
    REPAIRED = "repaired"
    NEEDS_CONFIRMATION = "needs_confirmation"
    DROPPED = "dropped"
    SUGGESTED = "suggested"
    """Found by rules, without a model: for the reader to accept or reject."""


class Ruling(StrEnum):
    """What a person said of a claim; it stands beside the state that code found, and never in its place."""

    CONFIRMED = "confirmed"
    EDITED = "edited"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a deliverable with its evidence.

    `kind` is how it is checked: "decision", "action", "statement", "topic", "highlight" or "question".
    """

    kind: str
    text: str
    quote: str
    segment_ids: tuple[int, ...]
    owner: str | None = None
    due_words: str | None = None
    due_date: date | None = None
    state: ClaimState = ClaimState.NEEDS_CONFIRMATION
    reason: str = ""
    start: float | None = None
    """Second of the recording at which the quote begins."""
    ruling: Ruling | None = None
    """The person's word, where a correction holds one; it is not stored with the claim."""
    section: str = ""
    """Under which of the document's sections it stands, by name; "": under the one of its kind."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a model call cost: tokens in and out, calls made, seconds of audio billed."""

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0
    audio_seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a language model said, held to the schema; `model` is the snapshot that said it."""

    data: dict[str, Any]
    usage: Usage
    model: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of transcript lines, without the prompt and the schema around them."""

    transcript: int = 0
    """Of all that was to be read."""
    sent: int = 0
    """That went to the model's server: every part at its first sending, and what was sent to be counted."""
    again: int = 0
    """That went there once more: parts that were refused, cut, answered out of form or read by a retry."""

    @property
    def ratio(self) -> float:
        """How often each token was sent, retries aside; 0 where there was nothing to read."""
        return self.sent / self.transcript if self.transcript else 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which segments a model was sent, which the deliverable cites, which could not be read."""

    sent: tuple[int, ...] = ()
    cited: tuple[int, ...] = ()
    unread: tuple[tuple[int, int, str], ...] = ()
    """(first segment id, last segment id, reason in words)."""
    missing: tuple[int, ...] = ()
    """Segments of the parts that failed for good: a retry reads these alone."""
    tokens: Tokens = Tokens()


@dataclass(frozen=True, slots=True)
class Deliverable:
    """A document as data: rendering it needs no model. `kind` is the writer's name ("minutes", "highlights", ...)."""

    kind: str
    writer_version: str
    title: str
    language: str | None
    summary: str
    claims: tuple[Claim, ...]
    model: str | None = None
    """None: drafted without a language model."""
    usage: Usage = Usage()
    coverage: Coverage = Coverage()
    extra: dict[str, Any] = field(default_factory=dict)
    prompt_hash: str | None = None
    """Of all that is asked about every meeting alike: orders, language, schema. None: no model was asked."""
    input_hash: str | None = None
    """Of what was read: the meeting's facts and the transcript."""
    usd: float | None = None
    """US dollars by the model's list price; None where no price is known, as of a server of one's own."""


# --- the work -------------------------------------------------------------------------------------


class ProcessingState(StrEnum):
    """Where a processing stands; see docs/explanation/flow.md."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """Not ready, or a passing fault: goes on by itself at `next_try_at`."""
    ACTION_REQUIRED = "action_required"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        return self in {ProcessingState.DONE, ProcessingState.FAILED, ProcessingState.CANCELLED}


STEPS = ("discover", "transcribe", "attribute", "generate", "verify", "deliver")
"""The steps of a processing, in order; fetch and transcribe are one stream and one step."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for when they started a processing; part of its identity."""

    deliverables: tuple[str, ...] = ()
    """Writers by name; empty = the default writer (minutes with a language model, highlights without)."""
    transcript: str = "auto"
    """"own", "zoom", or "auto": ours, with the provider's names where it has them."""
    language: str | None = None
    """That is spoken, where it is known beforehand."""
    file_id: str | None = None
    redact: tuple[str, ...] = ()
    """Kinds of secrets to mask beside what the installation and the person mask anyway; see `redaction.SecretKind`."""
    redact_names: tuple[str, ...] = ()
    output_language: str | None = None
    """To write in; None: the one that is spoken."""
    again: str | None = None
    """Id of the deliverable of which this makes a new version, from the transcript that it was made from."""
    missing_only: bool = False
    """Whether only those parts are read that could not be read for `again`; the others are taken over."""
    nonce: str | None = None
    """What makes one request for a new version another than the last."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One event of a processing, as a watcher sees it: ids and numbers only, never a word of the meeting."""

    processing_id: UUID
    step: str
    state: str
    fraction: float | None = None
    detail: dict[str, Any] = field(default_factory=dict)
