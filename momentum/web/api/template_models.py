"""The shapes of a person's own kinds of document."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from momentum.web.api.shapes import MOMENT, TEMPLATE, Shape, shown
from momentum.writers.own import LONGEST_HEADING, LONGEST_NAME, LONGEST_TEXT, MOST_SECTIONS

Holds = Literal["statements", "tasks", "decisions", "questions", "topics"]

_SECTIONS: list[Any] = [
    {"heading": "Went well", "question": "What did somebody say went well?", "holds": "statements"},
    {"heading": "To change", "question": "What does the team want to do differently, and who does it?", "holds": "tasks"},
]


def _line(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


class SectionRequest(BaseModel):
    """One heading, and the question that what stands under it answers."""

    model_config = ConfigDict(extra="forbid", from_attributes=True, json_schema_extra={"example": _SECTIONS[0]})

    heading: Annotated[str, _line(LONGEST_HEADING)]
    question: Annotated[str, _line(LONGEST_TEXT)] = Field(description="Told to the model as it stands.")
    holds: Holds = Field("statements", description="How each item is checked; `tasks` have an owner and a time.")


class FormRequest(BaseModel):
    """A kind of document as you describe it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Retrospective", "purpose": "For the team.", "sections": _SECTIONS}}
    )

    name: Annotated[str, _line(LONGEST_NAME)]
    purpose: Annotated[str, _line(LONGEST_TEXT)] = Field(description="What the document is for, and for whom.")
    sections: list[SectionRequest] = Field(min_length=1, max_length=MOST_SECTIONS)
    summary: str = Field("", max_length=LONGEST_TEXT, description="What its summary says; empty: it has none.")

    @model_validator(mode="after")
    def _headings_differ(self) -> Self:
        headings = {section.heading.casefold() for section in self.sections}
        if len(headings) < len(self.sections):
            raise ValueError("two sections have the same heading")
        return self


class TemplateItem(Shape):
    """One version of a form."""

    model_config = shown(
        id=TEMPLATE,
        writer=f"own:{TEMPLATE}",
        version=1,
        name="Retrospective",
        purpose="For the team.",
        sections=_SECTIONS,
        summary="",
        created_at=MOMENT,
    )

    id: UUID
    writer: str = Field(description="Its name in the `deliverables` of a download.")
    version: int
    name: str
    purpose: str
    sections: list[SectionRequest]
    summary: str
    created_at: AwareDatetime = Field(description="When this version was kept.")


class Templates(Shape):
    """Your forms."""

    model_config = shown(templates=[TemplateItem.model_config["json_schema_extra"]["example"]])  # type: ignore[index]

    templates: list[TemplateItem]
