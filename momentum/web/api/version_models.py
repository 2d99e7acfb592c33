"""The shapes of asking for versions, and of their list."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from momentum.web.api.document_models import DeliverableSummary
from momentum.web.api.shapes import Shape, shown


class AgainRequest(BaseModel):
    """How the new version is to differ."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"output_language": "de"}})

    output_language: str | None = Field(None, pattern="^[a-z]{2,3}$", description="ISO 639, to write in; default as before.")


class Versions(Shape):
    """All versions of one document, newest first."""

    model_config = shown(versions=[DeliverableSummary.model_config["json_schema_extra"]["example"]])  # type: ignore[index]

    versions: list[DeliverableSummary]
