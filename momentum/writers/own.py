"""A person's own kind of document: sections and questions that they wrote down in a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from momentum.writers import markdown
from momentum.writers.base import Section
from momentum.writers.sections import ACTION, STATEMENT, SectionWriter, plain

PREFIX = markdown.OWN
KINDS = {"statements": STATEMENT, "tasks": ACTION, "decisions": "decision", "questions": "question", "topics": "topic"}
"""What may stand in a section, and how it is checked."""
MOST_SECTIONS, LONGEST_NAME, LONGEST_HEADING, LONGEST_TEXT = 12, 80, 80, 500


@dataclass(frozen=True, slots=True)
class FormSection:
    """One heading, and the question that what stands under it answers. `holds` is a key of KINDS."""

    heading: str
    question: str
    holds: str = "statements"


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of document as a person describes it. `summary`: what its summary says; "" for none."""

    name: str
    purpose: str
    sections: tuple[FormSection, ...]
    summary: str = ""
    version: int = 1


class OwnWriter(SectionWriter):
    """The writer of one version of a form."""

    def __init__(self, name: str, form: Form) -> None:
        """`name` as `named` makes it; the version in it is left out of the document's kind."""
        self.name, self.version, self.label = name.partition("@")[0], str(form.version), form.name
        self.sections: Sequence[Section] = [_section(number, section) for number, section in enumerate(form.sections, 1)]
        self.purpose = f"You write notes of a meeting from its transcript. What they are for: {plain(form.purpose)}"
        self.summary = plain(form.summary)


def _section(number: int, section: FormSection) -> Section:
    return Section(f"section_{number}", section.heading, KINDS[section.holds], f"{plain(section.heading)}: {plain(section.question)}")


def named(template_id: object, version: int) -> str:
    """How a processing names one version of a form: "own:<id>@<version>"."""
    return f"{PREFIX}{template_id}@{version}"


def is_own(name: str) -> bool:
    """Whether it names a form."""
    return name.startswith(PREFIX)


def parsed(name: str) -> tuple[str, int | None]:
    """(id, version) of a name as `named` makes it; no version where it is left out."""
    template_id, _, version = name.removeprefix(PREFIX).partition("@")
    return template_id, int(version) if version else None


def load(name: str, version: int, stored: dict[str, Any]) -> Form:
    """A form as it was stored by `dump`."""
    sections = tuple(FormSection(**section) for section in stored["sections"])
    return Form(name, stored["purpose"], sections, stored.get("summary", ""), version)


def dump(form: Form) -> dict[str, Any]:
    """JSON-ready, without name and version."""
    sections = [{"heading": s.heading, "question": s.question, "holds": s.holds} for s in form.sections]
    return {"purpose": form.purpose, "sections": sections, "summary": form.summary}
