"""What all shapes of the API have in common, and the ids that their examples share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

MEETING_ID = "pL4n+Spring7Release3Q1=="
RECORDING = UUID("6f0e0a52-6f7c-4a53-9d62-0f5b1f6a7c11")
PROCESSING = UUID("0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10")
TRANSCRIPT = UUID("9d0c6a2b-7f64-4f0e-a0b5-1c8e3a5d7f42")
DELIVERABLE = UUID("c3d1b0f8-5a2e-4c77-b1f6-2e9d8a4c6b90")
VOICE = UUID("7a41e9d0-3b58-4c26-9f1e-8d2c5b6a0e37")
SERIES = UUID("51d0b8f2-6c3e-4f17-9a2d-8e4b7c1f0a63")
TEMPLATE = UUID("7a1f0c3e-9b58-4d21-8c6a-3e5d7f90b2c4")
KEY = UUID("3e8f1b7a-52c4-4d90-a6e1-9b0c7d2f4a58")
SESSION = UUID("b6d2f0a9-1c7e-4358-8f3b-6a5e4d0c9b21")
SHARE = UUID("2b9e6d10-8c47-4f5a-a3d1-7e0f4c2b8a95")
MOMENT = "2026-11-22T09:00:00Z"


def shown(**example: Any) -> ConfigDict:
    """What OpenAPI shows of a shape that is built from our own nouns by attribute."""
    return ConfigDict(from_attributes=True, json_schema_extra={"example": jsonable(example)})


def jsonable(example: dict[str, Any]) -> dict[str, Any]:
    """Ids as text, aliases in place."""
    values: dict[str, Any] = TypeAdapter(dict[str, Any]).dump_python(example, mode="json")
    return {name.rstrip("_"): value for name, value in values.items()}


class Shape(BaseModel):
    """Built from our own nouns by attribute."""

    model_config = ConfigDict(from_attributes=True)
