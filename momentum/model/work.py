"""The work: what was asked for and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

Clock = Callable[[], datetime]
"""Gives the present moment, timezone-aware; only `app` reads the real one."""


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


class Remark(StrEnum):
    """Why a step did less than it might have, where nothing failed."""

    TAKEN_OVER = "taken_over"
    """An earlier run had made the same already."""
    CAPTIONS = "captions"
    """The provider's own transcript was taken, with its names."""
    NO_NAMES = "no_names"
    """The provider names nobody in this recording."""
    NOT_ASKED = "not_asked"
    """The request was for our own transcript alone."""
    NO_MODEL = "no_model"
    """There is no language model: rules found the highlights."""
    NOTHING_SAID = "nothing_said"
    """No word was understood, so no model was asked."""


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
    anew: bool = False
    """Whether a transcript that an earlier processing made of the same files in the same way is not taken."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One event of a processing, as a watcher sees it: ids and numbers only, never a word of the meeting."""

    processing_id: UUID
    step: str
    state: str
    fraction: float | None = None
    detail: dict[str, Any] = field(default_factory=dict)
