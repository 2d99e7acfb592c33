"""The corrections there are. A layer is stored as its kind and a JSON body: its fields, those left out that say nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class RenameSpeaker:
    """Everything said by `speaker` was said by `name`; two people of one name become one."""

    kind: ClassVar = "rename_speaker"
    speaker: str
    name: str


@dataclass(frozen=True, slots=True)
class MergeSpeakers:
    """All of `speakers` are one person, called `name`."""

    kind: ClassVar = "merge_speakers"
    speakers: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Reassign:
    """`speaker` said the segments from `first` to `last`, both included; None: nobody knows who.

    `first_word` and `last_word` count from 0 in the first and the last segment; None: from its beginning, to its end.
    """

    kind: ClassVar = "reassign"
    first: int
    last: int
    speaker: str | None
    first_word: int | None = None
    last_word: int | None = None


@dataclass(frozen=True, slots=True)
class FixTerm:
    """`term` was misheard and is written `replacement`, wherever it stands as whole words."""

    kind: ClassVar = "fix_term"
    term: str
    replacement: str


@dataclass(frozen=True, slots=True)
class EditSegment:
    """The segment says `text`."""

    kind: ClassVar = "edit_segment"
    segment: int
    text: str


@dataclass(frozen=True, slots=True)
class ConfirmClaim:
    """The claim at this place of its deliverable (from 0) is right as it stands."""

    kind: ClassVar = "confirm_claim"
    claim: int


@dataclass(frozen=True, slots=True)
class EditClaim:
    """The claim reads like this."""

    kind: ClassVar = "edit_claim"
    claim: int
    text: str
    owner: str | None = None
    due_words: str | None = None
    due_date: date | None = None


@dataclass(frozen=True, slots=True)
class RejectClaim:
    """The claim does not belong into the deliverable."""

    kind: ClassVar = "reject_claim"
    claim: int


Layer = RenameSpeaker | MergeSpeakers | Reassign | FixTerm | EditSegment | ConfirmClaim | EditClaim | RejectClaim
ClaimLayer = ConfirmClaim | EditClaim | RejectClaim

KINDS: dict[str, type[Layer]] = {
    made.kind: made for made in (RenameSpeaker, MergeSpeakers, Reassign, FixTerm, EditSegment, ConfirmClaim, EditClaim, RejectClaim)
}


def kind_of(given: Layer) -> str:
    """As it is stored and named in the API."""
    return given.kind


def body(given: Layer) -> dict[str, Any]:
    """A layer's fields, JSON-ready, without those that are None."""
    values = {field.name: getattr(given, field.name) for field in fields(given)}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def layer(kind: str, stored: dict[str, Any]) -> Layer:
    """The inverse of `kind_of` and `body`. `reassign` without a speaker means that nobody knows."""
    values = dict(stored)
    if kind == Reassign.kind:
        values.setdefault("speaker", None)
    if kind == MergeSpeakers.kind:
        values["speakers"] = tuple(values["speakers"])
    if kind == EditClaim.kind and values.get("due_date"):
        values["due_date"] = date.fromisoformat(values["due_date"])
    return KINDS[kind](**values)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def renaming(layer: Layer) -> tuple[tuple[str, ...], str]:
    """(former names, new name); no former names where the layer renames nobody."""
    if isinstance(layer, RenameSpeaker):
        return (layer.speaker,), layer.name
    return (layer.speakers, layer.name) if isinstance(layer, MergeSpeakers) else ((), "")
