"""What is written about a meeting, and what it cost."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


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
