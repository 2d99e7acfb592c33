"""Project brief: what a project is for, what belongs to it, who does it, and what stands in its way."""

from __future__ import annotations

from momentum.languages import N_
from momentum.writers.base import Section, Writer
from momentum.writers.sections import DECISION, TASK, SectionWriter


class ProjectBrief(SectionWriter):
    """The writer of a project brief."""

    name = "project_brief"
    version = "1"
    label = N_("Project brief")
    purpose = "You write the brief of a project from the transcript of a meeting about it, for people who join the project."
    summary = "Three to five plain sentences: what the project is and why it is done."
    title = "A short name for the project."
    sections = (
        Section("goals", N_("Goals"), "statement", "What the project is to reach, as it was said."),
        Section("scope", N_("What belongs to it"), "statement", "What is part of the project, and what was said not to be."),
        Section("decisions", N_("Settled"), "decision", DECISION),
        Section("dates", N_("Dates and money"), "statement", "Dates, budgets and amounts that were named, with what they are for."),
        Section("actions", N_("Next steps"), "action", TASK),
        Section("risks", N_("Risks"), "statement", "What somebody said may go wrong, or what the project depends on."),
        Section("questions", N_("Open questions"), "question", "What is still to be found out or decided."),
    )


WRITER: Writer = ProjectBrief()
