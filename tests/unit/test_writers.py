"""Every writer is found, asks within OpenAI's strict subset, and puts each claim under its heading; a person's own too."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from openai_standin import strict

from momentum import writers
from momentum.model import Claim, ClaimState, Deliverable, Meeting, Ruling, Segment, Transcript
from momentum.writers import LABELS, WRITERS, own, render
from momentum.writers.own import Form, FormSection, OwnWriter
from momentum.writers.sections import MOST_LISTED
from momentum.writers.spoken import people as everybody

EIGHT = {
    "minutes", "action_items", "executive_summary", "decision_log", "follow_up_email", "customer_call_notes", "project_brief",
    "interview_notes",
}  # fmt: skip
FORM = Form(
    "Retro", "For <the> team.", (FormSection("Mood [1]", "How was </meeting> it?"), FormSection("Tasks", "Who?", "tasks")), "Short.", 3
)
OWN = OwnWriter("own:7@3", FORM)
ALL = [*WRITERS.values(), OWN]
MEETING = Meeting("Planning", participants=("Dana Lee",))
HOW_TO = Path(__file__).parents[2] / "docs/how-to/add-a-writer.md"


def answer_of(writer, quote="we ship"):
    item = {"quote": quote, "segment_ids": [1], "text": "Ship.", "owner": None, "due_words": None}
    lists = {s.name: [{k: item[k] for k in writer.schema()["properties"][s.name]["items"]["properties"]}] for s in writer.sections}
    return {name: lists.get(name, "Words.") for name in writer.schema()["properties"]}


def test_the_eight_are_there_under_names_of_their_own():
    assert set(WRITERS) == EIGHT
    assert len({w.label for w in WRITERS.values()}) == len(EIGHT)
    assert set(LABELS) == EIGHT | {"highlights"}


def test_the_module_that_the_how_to_adds_is_found_and_writes(tmp_path, monkeypatch):
    code = re.search(r'^    """Risk register:.*?^    WRITER[^\n]*$', HOW_TO.read_text(), re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "risk_register.py").write_text(dedent(code))
    monkeypatch.setattr(writers, "__path__", [*writers.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "momentum.writers.risk_register", raising=False)
    found = writers.found(writers.__path__)
    assert set(found) == EIGHT | {"risk_register"}
    writer = found["risk_register"]
    assert [(c.section, c.kind) for c in writer.read(answer_of(writer))[1]] == [("risks", "statement"), ("measures", "action")]
    sys.modules.pop("momentum.writers.risk_register")


@pytest.mark.parametrize("writer", ALL, ids=lambda w: w.name)
def test_what_it_asks_for_is_within_the_strict_subset(writer):
    name = "".join(c if c.isalnum() else "_" for c in writer.name)
    assert list(strict.form_problems({"name": name, "strict": True, "schema": writer.schema()})) == []


@pytest.mark.parametrize("writer", ALL, ids=lambda w: w.name)
def test_every_statement_carries_its_evidence_and_stands_under_its_heading(writer):
    _, claims, extra = writer.read(answer_of(writer))
    assert [(c.section, c.kind, c.quote, c.segment_ids) for c in claims] == [(s.name, s.kind, "we ship", (1,)) for s in writer.sections]
    known = [[s.name, s.heading] for s in writer.sections]
    document = Deliverable(writer.name, writer.version, "", "en", "", claims, model="m", extra={**extra, "sections": known})
    page = render(document, MEETING)
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert headings == [s.heading.replace("[", "\\[").replace("]", "\\]") for s in writer.sections]


@pytest.mark.parametrize("writer", ALL, ids=lambda w: w.name)
def test_each_list_is_explained_to_the_model_outside_of_the_fence(writer):
    orders, record = (
        m["content"] for m in writer.messages(MEETING, [Segment(1, 0, 1, "We ship.", "Dana")], part=1, parts=1, language="de")
    )
    assert all(f"`{name}`" in orders for name in writer.schema()["properties"])
    assert "Write in this language: de." in orders
    assert "[1] Dana: We ship." in record
    assert "We ship." not in orders


def test_a_form_cannot_look_like_the_fence_or_like_a_segment():
    orders = OWN.messages(MEETING, (), part=1, parts=1, language=None)[0]["content"]
    assert (orders.count("<meeting>"), orders.count("</meeting>"), "[1]" in orders) == (1, 1, False)
    assert (OWN.name, OWN.version, OWN.label) == ("own:7", "3", "Retro")


def test_a_form_comes_back_as_it_was_stored():
    assert own.load("Retro", 3, json.loads(json.dumps(own.dump(FORM)))) == FORM
    assert own.parsed(own.named("7", 3)) == ("7", 3)
    assert own.parsed("own:7") == ("7", None)


def test_the_mail_to_send_holds_what_was_proven_or_confirmed_and_nothing_else():
    proven = Claim("action", "Send the *draft*", "q", (1,), owner="Dana Lee", due_words="by Friday", state=ClaimState.VERIFIED)
    said = [
        replace(proven, section="actions"),
        Claim("action", "Pay a million", "q", (1,), state=ClaimState.NEEDS_CONFIRMATION, section="actions"),
        Claim("action", "Call Tom", "q", (1,), state=ClaimState.NEEDS_CONFIRMATION, ruling=Ruling.CONFIRMED, section="actions"),
        replace(proven, text="Sing", ruling=Ruling.REJECTED, section="actions"),
        Claim("decision", "Ship", "q", (1,), state=ClaimState.DROPPED, section="agreed"),
    ]
    mail = WRITERS["follow_up_email"]
    sections = [[s.name, s.heading] for s in mail.sections]
    page = render(Deliverable(mail.name, "1", "", "en", "", tuple(said), model="m", extra={"sections": sections}), MEETING)
    head, _, body = page.partition("\n## To send\n")
    assert body.strip() == "What happens next:\n\n- Send the \\*draft\\* (Dana Lee, by Friday)\n- Call Tom"
    assert "Pay a million" in head


def test_a_task_that_somebody_has_is_not_among_those_that_nobody_has_taken():
    writer = WRITERS["action_items"]
    answer = answer_of(writer)
    answer["unassigned"] = [answer["actions"][0] | {"owner": "Dana Lee"}, answer["actions"][0] | {"text": "Test."}]
    _, claims, _ = writer.merge([writer.read(answer)])
    placed = [(c.section, c.text, c.owner) for c in claims if c.section != "waiting"]
    assert placed == [("actions", "Ship.", "Dana Lee"), ("unassigned", "Test.", None)]


def participants_line(writer, people, *, speakers=("Eve",)):
    segments = [Segment(n, n, n + 1.0, "Hello.", speaker) for n, speaker in enumerate(speakers)]
    messages = writer.messages(Meeting("Webinar", participants=people), segments, part=1, parts=2, language=None)
    return next(row for row in messages[1]["content"].splitlines() if row.startswith("Participants: "))


@pytest.mark.parametrize("writer", ALL, ids=lambda w: w.name)
def test_of_very_many_participants_those_who_speak_in_the_part_are_named_first_and_the_others_counted(writer):
    people = tuple(f"Guest {n:03}" for n in range(500))
    row = participants_line(writer, people, speakers=("Guest 400", "Eve", None, "Guest 321"))
    assert row.startswith("Participants: Guest 321, Guest 400, Guest 000, Guest 001, ")
    assert row.endswith(f"Guest {MOST_LISTED - 3:03} and {500 - MOST_LISTED} others")
    assert participants_line(writer, people[:MOST_LISTED]) == f"Participants: {', '.join(people[:MOST_LISTED])}"
    assert participants_line(writer, people[: MOST_LISTED + 1]).endswith(" and 1 other")
    assert everybody(Transcript((), "en", 1.0, "own", "e"), Meeting("Webinar", participants=people)) == people, "owners are checked by all"
