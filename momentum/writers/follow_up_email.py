"""Follow-up e-mail: what was agreed and who does what, to send to everybody who was there."""

from __future__ import annotations

from collections.abc import Iterable

from momentum.languages import N_
from momentum.languages.translator import Translator, translator_of
from momentum.model import Claim, ClaimState, Deliverable, Meeting, Ruling
from momentum.writers import markdown
from momentum.writers.base import Section, Writer
from momentum.writers.sections import DECISION, TASK, SectionWriter

_PROVEN = {ClaimState.VERIFIED, ClaimState.REPAIRED}
_VOUCHED = {Ruling.CONFIRMED, Ruling.EDITED}


class FollowUpEmail(SectionWriter):
    """The writer of the follow-up e-mail."""

    name = "follow_up_email"
    version = "1"
    label = N_("Follow-up e-mail")
    purpose = "You draft the e-mail that goes to everybody who was in a meeting, from its transcript. Its tone is friendly and plain."
    title = "The subject of the e-mail."
    sections = (
        Section("agreed", N_("What we agreed"), "decision", DECISION),
        Section("actions", N_("What happens next"), "action", TASK),
        Section("noted", N_("Worth remembering"), "statement", "At most five other things that those who were there will want in writing."),
        Section("questions", N_("Still open"), "question", "Questions that were asked and not answered."),
    )

    def render(self, deliverable: Deliverable, meeting: Meeting) -> str:
        """The checked document, and below it the e-mail itself: only what code proved or the person vouches for, without the proofs."""
        t = translator_of(deliverable.language)
        mail = "\n\n".join(self._mail(deliverable, t))
        return markdown.render(deliverable, meeting) + (f"\n## {t._('To send')}\n\n{mail}\n" if mail else "")

    def _mail(self, deliverable: Deliverable, t: Translator) -> Iterable[str]:
        for heading, claims in markdown.outline(deliverable, t):
            if sendable := [c for c in claims if c.state in _PROVEN or c.ruling in _VOUCHED]:
                yield f"{markdown.escape(heading)}:"
                yield "\n".join(f"- {_sentence(c, t)}" for c in sendable)


def _sentence(claim: Claim, t: Translator) -> str:
    """As in "Send the draft (Dana Lee, by Friday)"."""
    due = t._("by %(day)s", day=t.day(claim.due_date)) if claim.due_date else claim.due_words or ""
    task = ", ".join(markdown.escape(fact) for fact in (claim.owner, due) if fact) if claim.kind == "action" else ""
    return markdown.escape(claim.text) + (f" ({task})" if task else "")


WRITER: Writer = FollowUpEmail()
