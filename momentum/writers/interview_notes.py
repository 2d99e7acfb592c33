"""Interview notes: what somebody who was interviewed answered, without a verdict on them."""

from __future__ import annotations

from momentum.languages import N_
from momentum.writers.base import Section, Writer
from momentum.writers.sections import TASK, SectionWriter


class InterviewNotes(SectionWriter):
    """The writer of notes on an interview: of a candidate, a user or an expert."""

    name = "interview_notes"
    version = "1"
    label = N_("Interview notes")
    purpose = (
        "You take notes of an interview from its transcript, for people who were not there. "
        "Note what the person who is interviewed says. Pass no judgement on them, and guess at nothing about them."
    )
    summary = "Two to four plain sentences: who was interviewed about what."
    sections = (
        Section("answers", N_("Answers"), "topic", "One item for each question that was asked: the question in short, and the answer."),
        Section("facts", N_("Facts and figures"), "statement", "What they say of what they did, know or have: places, times, numbers."),
        Section("problems", N_("Difficulties"), "statement", "What they say is hard, missing or goes wrong."),
        Section("wishes", N_("Wishes"), "statement", "What they want, expect or propose."),
        Section("asked", N_("What they asked"), "question", "Questions of the person who is interviewed."),
        Section("actions", N_("Next steps"), "action", TASK),
    )


WRITER: Writer = InterviewNotes()
