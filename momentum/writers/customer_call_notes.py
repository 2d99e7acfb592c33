"""Customer-call notes: what the customer needs, fears and asks, and what was promised to them."""

from __future__ import annotations

from momentum.languages import N_
from momentum.writers.base import Section, Writer
from momentum.writers.sections import SectionWriter


class CustomerCallNotes(SectionWriter):
    """The writer of notes on a call with a customer."""

    name = "customer_call_notes"
    version = "1"
    label = N_("Customer-call notes")
    purpose = (
        "You take notes of a call with a customer from its transcript, for the colleague who speaks with them next. "
        "Tell apart what the customer says and what our side says: `text` names who says it."
    )
    summary = "Two to four plain sentences: why they spoke, and where it stands now."
    sections = (
        Section(
            "situation", N_("Their situation"), "statement", "What the customer says of themselves: what they use, how many, since when."
        ),
        Section("needs", N_("What they need"), "statement", "What the customer wants to reach or to be rid of."),
        Section(
            "concerns", N_("Concerns"), "statement", "What the customer doubts, dislikes or fears: price, risk, effort, others' offers."
        ),
        Section("terms", N_("Prices and terms"), "statement", "Prices, amounts, dates and conditions that were named, and by whom."),
        Section("promises", N_("Promised"), "action", "What either side promised to do."),
        Section("questions", N_("Their open questions"), "question", "What the customer asked and nobody answered."),
    )


WRITER: Writer = CustomerCallNotes()
