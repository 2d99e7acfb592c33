"""Decision log: what was settled, why, what was turned down, and what was left for later."""

from __future__ import annotations

from momentum.languages import N_
from momentum.writers.base import Section, Writer
from momentum.writers.sections import DECISION, SectionWriter


class DecisionLog(SectionWriter):
    """The writer of the decision log."""

    name = "decision_log"
    version = "1"
    label = N_("Decision log")
    purpose = "You keep the log of decisions of a team, from the transcript of a meeting, for people who will ask in a year why."
    sections = (
        Section("decisions", N_("Decisions"), "decision", f"{DECISION} One item for each."),
        Section("reasons", N_("Reasons given"), "statement", "Why something was decided, in the words of who said so. Name the decision."),
        Section("rejected", N_("Turned down"), "statement", "Proposals that the meeting turned down. Not what merely was not taken up."),
        Section("open", N_("Not decided yet"), "question", "What the meeting wanted to decide and left open."),
    )


WRITER: Writer = DecisionLog()
