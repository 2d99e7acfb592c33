"""Action list: who does what by when, and what nobody has taken on yet."""

from __future__ import annotations

import dataclasses
from typing import Any

from momentum.languages import N_
from momentum.model import Claim
from momentum.writers.base import Section, Writer
from momentum.writers.sections import SectionWriter


class ActionItems(SectionWriter):
    """The writer of the action list."""

    name = "action_items"
    version = "2"
    label = N_("Action items")
    purpose = "You list the tasks that came out of a meeting, from its transcript, for the people who have to do them."
    sections = (
        Section("actions", N_("Action items"), "action", "Tasks that somebody took on or was given. `text` begins with the verb."),
        Section("unassigned", N_("Nobody has taken these"), "action", "Tasks that were said to be needed and that nobody took on."),
        Section("waiting", N_("Waiting for"), "statement", "What a task waits for, as it was said: an answer, a delivery, a day."),
    )

    def read(self, answer: dict[str, Any]) -> tuple[str, tuple[Claim, ...], dict[str, Any]]:
        summary, claims, extra = super().read(answer)
        return summary, tuple(map(_placed, claims)), extra


def _placed(claim: Claim) -> Claim:
    """A task that somebody has is not among those that nobody has taken, whatever a model says."""
    return dataclasses.replace(claim, section="actions") if claim.section == "unassigned" and claim.owner else claim


WRITER: Writer = ActionItems()
