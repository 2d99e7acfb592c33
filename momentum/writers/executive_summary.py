"""Executive summary: the few things that whoever has one minute must know."""

from __future__ import annotations

from momentum.languages import N_
from momentum.writers.base import Section, Writer
from momentum.writers.sections import DECISION, SectionWriter


class ExecutiveSummary(SectionWriter):
    """The writer of the executive summary."""

    name = "executive_summary"
    version = "1"
    label = N_("Executive summary")
    purpose = (
        "You sum up a meeting from its transcript, for somebody in charge who was not there and has one minute. "
        "Leave out how the meeting went; keep what it comes to."
    )
    summary = "Two or three plain sentences: what it was about and what came of it."
    sections = (
        Section(
            "points", N_("What matters"), "statement", "At most five statements that change what the reader knows, the weightiest first."
        ),
        Section("decisions", N_("Decided"), "decision", f"{DECISION} At most five."),
        Section("risks", N_("Risks"), "statement", "What somebody said may go wrong, or already does. At most five."),
        Section("asks", N_("Needed from you"), "action", "What somebody in charge is asked to decide, give or do. At most five."),
    )


WRITER: Writer = ExecutiveSummary()
