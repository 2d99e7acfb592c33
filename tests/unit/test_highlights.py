"""Highlights: honest about their origin, precise rather than complete, and never in the way of any text."""

import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentum.model import ClaimState, Meeting, Segment, Transcript, Word
from momentum.writers import highlights, spoken

WEDNESDAY = Meeting("Planning", datetime(2026, 11, 25, 10, tzinfo=UTC), "Europe/Berlin", ("Dana Lee", "Sam Ode", "Ben"))


def transcript(*lines: tuple[str, str], language: str | None = "en") -> Transcript:
    segments = tuple(Segment(i, i * 10.0, i * 10.0 + 8, text, who or None) for i, (who, text) in enumerate(lines))
    return Transcript(segments, language, len(lines) * 10.0, "own", "test")


def found(kind: str, *lines: tuple[str, str]):
    return [c for c in highlights.draft(transcript(*lines), WEDNESDAY).claims if c.kind == kind]


def test_a_commitment_belongs_to_its_speaker_with_quote_time_and_day():
    (action,) = found("action", ("Sam Ode", "Right."), ("Dana Lee", "Okay so I'll send the quote to finance by Friday."))
    assert action.owner == "Dana Lee"
    assert (action.due_words, action.due_date) == ("by Friday", date(2026, 11, 27))
    assert action.quote == "Okay so I'll send the quote to finance by Friday."
    assert action.text == "I'll send the quote to finance by Friday."
    assert (action.segment_ids, action.start, action.state) == ((1,), 10.0, ClaimState.SUGGESTED)
    assert "I'll send" in action.reason


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        ("Sam, can you draft the announcement?", "Sam Ode"),
        ("Dana will review the contract.", "Dana Lee"),
        ("Can you call the vendor tomorrow, Ben?", "Ben"),
        ("Action item for Sam is the budget sheet.", "Sam Ode"),
        ("Could you please update the wiki by Monday?", None),
    ],
)
def test_a_task_belongs_to_who_is_named_and_else_to_nobody(said, owner):
    (action,) = found("action", ("Ben", said))
    assert action.owner == owner


@pytest.mark.parametrize(
    "said",
    [
        "I'll show you the slides now.",
        "I might send it, not sure.",
        "If they sign I'll call them.",
        "I don't know what I'm gonna write about.",
        "Can you send me that?",
        "I'll ask the question again.",
        "Yesterday I sent the report.",
    ],
)
def test_talk_is_no_task(said):
    assert found("action", ("Ben", said)) == []


@pytest.mark.parametrize(
    "said",
    ["We decided to launch on December 2nd.", "So we agreed that the price stays at ten.", "Let's go with the blue logo for spring."],
)
def test_decisions_in_plain_words(said):
    (decision,) = found("decision", ("Ben", said))
    assert decision.quote == said


@pytest.mark.parametrize(
    "said",
    [
        "We haven't decided on the launch date.",
        "Have we agreed on the price of the plan?",
        "If we agreed to that we would lose money.",
        "I think we all agreed on that.",
        "We already decided that in the previous meeting about logos.",
    ],
)
def test_what_is_not_settled_is_no_decision(said):
    assert found("decision", ("Ben", said)) == []


def test_what_is_taken_back_is_left_out_and_nothing_else():
    lines = (
        ("Ben", "We decided to launch on December 2nd."),
        ("Dana Lee", "I'll book the venue."),
        ("Dana Lee", "Actually, scratch that."),
    )
    assert found("action", *lines) == []
    assert len(found("decision", *lines)) == 1


def test_what_is_taken_back_later_is_what_the_talk_is_about():
    lines = (
        ("Ben", "We will release the app on the twelfth of March."),
        ("Sam Ode", "Agreed."),
        ("Ben", "We decided to spend fifteen thousand dollars on marketing."),
        ("Sam Ode", "The twelfth of March is a holiday."),
        ("Ben", "Then I take that back."),
        ("Ben", "The new release date is the nineteenth of March."),
    )
    assert [c.text for c in found("decision", *lines)] == [lines[2][1], lines[5][1]]
    assert [c.text for c in found("decision", *lines[:3])] == [lines[0][1], lines[2][1]]


def test_a_title_is_no_first_name_and_who_is_helped_has_no_task():
    made = transcript(("Ben", "Paul will review the contract."), ("Ben", "I can help Sam to test the backup tomorrow."))
    claims = highlights.draft(made, Meeting("", participants=("Dr. Paul Grant", "Sam Ode"))).claims
    assert [c.owner for c in claims if c.kind == "action"] == ["Dr. Paul Grant"]


def test_a_decision_that_is_changed_gives_way_to_the_new_one():
    lines = (("Ben", "We decided to launch on December 2nd."), ("Sam Ode", "Actually, let's go with the launch on December 9th instead."))
    (decision,) = found("decision", *lines)
    assert "9th" in decision.quote


def test_the_summary_says_how_it_was_made_and_is_no_minutes():
    draft = highlights.draft(transcript(("Ben", "We decided to launch the new product on December 2nd.")), WEDNESDAY)
    assert "without a language model" in draft.summary
    assert "minutes" not in draft.summary.lower()
    assert (draft.kind, draft.model) == ("highlights", None)


def test_another_language_gets_moments_and_the_reason_for_no_actions():
    draft = highlights.draft(transcript(("Eva", "Wir haben beschlossen, das Budget für das Projekt zu erhöhen."), language="de"), WEDNESDAY)
    assert [c.kind for c in draft.claims] == ["highlight"]
    assert "another language" in draft.summary


def test_scripts_without_spaces_have_moments_too():
    draft = highlights.draft(transcript(("", "我们决定在十二月二日发布新版本。这个版本的发布很重要。"), language="zh"), WEDNESDAY)
    assert draft.claims


def test_moments_are_spread_over_the_whole_recording():
    lines = [("Ben", f"The launch budget of project number {i} needs a launch plan and a budget.") for i in range(120)]
    starts = [c.start for c in highlights.draft(transcript(*lines), WEDNESDAY).claims]
    assert len(starts) >= 3
    assert min(starts) < 1200 / 3
    assert max(starts) > 1200 * 2 / 3


def test_nothing_said_is_said_so():
    draft = highlights.draft(transcript(), WEDNESDAY)
    assert draft.claims == ()
    assert "Nothing was said in this recording" in draft.summary


def test_invented_credits_and_loops_are_not_quoted():
    segment = Segment(0, 0, 5, "I'll send the subtitles by Friday.", "Ben", marks=("credits",))
    assert highlights.draft(Transcript((segment,), "en", 5, "own", "x"), WEDNESDAY).claims == ()


def test_a_sentence_over_two_segments_knows_both_and_its_words_time():
    words = (Word("so.", 0.0, 1.0), Word("I'll", 4.0, 4.2), Word("send", 4.2, 5.0))
    first = Segment(3, 0.0, 5.0, "So. I'll send", "Ben", words=words)
    second = Segment(4, 5.5, 8.0, "the report tomorrow.", "Ben")
    (action,) = [c for c in highlights.draft(Transcript((first, second), "en", 8, "own", "x"), WEDNESDAY).claims if c.kind == "action"]
    assert (action.quote, action.segment_ids, action.start) == ("I'll send the report tomorrow.", (3, 4), 4.0)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=200)), max_size=8), st.sampled_from([None, "en", "ja", "??"]))
def test_any_text_is_drafted(lines, language):
    made = transcript(*lines, language=language)
    draft = highlights.draft(made, Meeting("", participants=tuple(who for who, _ in lines)))
    ids = {s.id for s in made.segments}
    assert all(set(c.segment_ids) <= ids and c.quote and c.reason for c in draft.claims)


@given(st.lists(st.text(max_size=80), min_size=1, max_size=6))
def test_sentences_are_verbatim(texts):
    segments = [Segment(i, i * 1.0, i + 0.9, t, "A") for i, t in enumerate(texts)]
    whole = " ".join(" ".join(t.split()) for t in texts if t.strip())
    assert all(s.text in whole for s in spoken.sentences(segments))


def test_real_meetings_are_drafted_with_few_suggestions():
    """Precision first: an hour of real talk gives a handful of suggestions, never a list of everything."""
    folder = Path(os.environ.get("MOMENTUM_SAMPLES", "")) / "qmsum"
    if not os.environ.get("MOMENTUM_SAMPLES"):
        pytest.skip("MOMENTUM_SAMPLES is not set: there are no real meetings to try")
    files = sorted(folder.glob("*.json"))[::3]
    assert files
    for file in files:
        turns = json.loads(file.read_text())["meeting_transcripts"]
        made = transcript(*((t["speaker"], re.sub(r"\{[^}]*\}", "", t["content"])) for t in turns))
        claims = highlights.draft(made, Meeting(file.stem)).claims
        assert sum(c.kind == "highlight" for c in claims) >= 3, file.name
        assert sum(c.kind != "highlight" for c in claims) <= 8, file.name
