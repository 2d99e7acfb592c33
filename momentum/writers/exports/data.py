"""JSON, held to a schema: docs/reference/exported-*.schema.json are made from these shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from momentum.model import Deliverable, Meeting, Transcript

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class ExportedDeliverable:
    """A deliverable on its own. `schema` changes whenever a field is taken away or means something else."""

    schema: Literal["momentum.deliverable/1"]
    meeting: Meeting
    deliverable: Deliverable


@dataclass(frozen=True, slots=True)
class ExportedTranscript:
    """A transcript on its own. `schema` changes whenever a field is taken away or means something else."""

    schema: Literal["momentum.transcript/1"]
    meeting: Meeting
    transcript: Transcript


def deliverable_as_json(deliverable: Deliverable, meeting: Meeting) -> bytes:
    """Every claim with its evidence, its state and what a person said of it."""
    return _adapter(ExportedDeliverable).dump_json(ExportedDeliverable("momentum.deliverable/1", meeting, deliverable), indent=1)


def transcript_as_json(transcript: Transcript, meeting: Meeting) -> bytes:
    """Every segment with its words and marks, and the gaps."""
    return _adapter(ExportedTranscript).dump_json(ExportedTranscript("momentum.transcript/1", meeting, transcript), indent=1)


def schemas() -> dict[str, dict[str, Any]]:
    """JSON schemas of both, by name."""
    shapes = {"deliverable": ExportedDeliverable, "transcript": ExportedTranscript}
    return {name: _adapter(shape).json_schema(mode="serialization") for name, shape in shapes.items()}


def _adapter(shape: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(shape)
