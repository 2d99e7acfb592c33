"""Minutes: summary, topics, decisions, action items and open questions, each with the words that prove it."""

from __future__ import annotations

from momentum.languages import N_
from momentum.writers.base import Section, Writer
from momentum.writers.sections import DECISION, TASK, SectionWriter


class Minutes(SectionWriter):
    """The writer of minutes."""

    name = "minutes"
    version = "2"
    label = N_("Minutes")
    purpose = "You write the minutes of a meeting from its transcript, for people who were not there."
    summary = "Three to six plain sentences."
    sections = (
        Section("decisions", N_("Decisions"), "decision", DECISION),
        Section("actions", N_("Action items"), "action", TASK),
        Section("questions", N_("Open questions"), "question", "Questions that were asked and not answered."),
        Section("topics", N_("Topics"), "topic", "What was talked about and what was said of it, one item for each topic."),
    )


WRITER: Writer = Minutes()
