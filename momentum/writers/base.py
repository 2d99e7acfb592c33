"""What every writer of a deliverable is: a schema to fill, a prompt that asks, a rendering of the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from momentum.model import Claim, Deliverable, Meeting, Segment


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a document with the claims under it."""

    name: str
    """Property of the answer, and `Claim.section`: "decisions"."""
    heading: str
    """What the reader sees: "Decisions"."""
    kind: str
    """`Claim.kind` of what stands here; an "action" has an owner and a time."""
    ask: str
    """What belongs here, told to the model in a sentence or two."""


class Writer(Protocol):
    """One kind of document made with a language model. Writers are pure: no clock, no network, no store."""

    name: str
    """Key in requests and storage: "minutes"."""
    version: str
    """Changes whenever schema, prompt or parsing change: part of the artefact's key."""
    label: str
    """What people call it: "Minutes"."""

    @property
    def sections(self) -> Sequence[Section]:
        """In the order of the document."""
        ...

    def schema(self) -> dict[str, Any]:
        """JSON schema, within OpenAI's strict subset, of the answer for one part of the transcript."""
        ...

    def messages(
        self, meeting: Meeting, segments: Sequence[Segment], *, part: int, parts: int, language: str | None
    ) -> list[dict[str, str]]:
        """Chat messages that ask for one part. Transcript text is fenced as data: it can give no orders."""
        ...

    def read(self, answer: dict[str, Any]) -> tuple[str, tuple[Claim, ...], dict[str, Any]]:
        """(summary, claims, extra) of one checked answer."""
        ...

    def merge(self, parts: Sequence[tuple[str, tuple[Claim, ...], dict[str, Any]]]) -> tuple[str, tuple[Claim, ...], dict[str, Any]]:
        """One document out of the parts, in order, nothing left out; without a model."""
        ...

    def render(self, deliverable: Deliverable, meeting: Meeting) -> str:
        """The deliverable as Markdown; text from the meeting is escaped."""
        ...
