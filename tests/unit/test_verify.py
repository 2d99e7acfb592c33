"""Claims against the recording: the table of the check, one row after the other, and what may never happen."""

import dataclasses
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentum.model import Claim, ClaimState, Coverage, Deliverable, Gap, Meeting, Segment, Transcript, Word
from momentum.pipeline.verify import check, quotes

MEETING = Meeting("Planning", datetime(2026, 11, 25, 10, tzinfo=UTC), "Europe/Berlin", ("Dana Lee", "Sam Ode", "Ben Hart"))
LINES = (
    ("Sam Ode", "So we agreed to launch Atlas on December 2nd."),
    ("Dana Lee", "I'll send the fifteen thousand dollar quote to finance by Friday."),
    ("Sam Ode", "Ben, can you call the vendor?"),
    ("Ben Hart", "We will not raise the price this year."),
    ("Dana Lee", "Maybe we move the offsite to March."),
    ("Ben Hart", "Um, the the printer is, uh, broken again."),
    ("Dana Lee", "Thanks everybody, that is all for today."),
    ("Ben Hart", "One more thing."),
    ("Ben Hart", "It is about the team."),
    ("Sam Ode", "We decided to hire two more people."),
    ("Sam Ode", "Actually, scratch that."),
)


def transcript(lines=LINES, language="en"):
    segments = tuple(Segment(i + 10, i * 60.0, i * 60.0 + 6, text, who) for i, (who, text) in enumerate(lines))
    return Transcript(segments, language, len(lines) * 60.0, "own", "test")


def claim(text, quote, *ids, kind="action", **more):
    return Claim(kind, text, quote, ids, **more)


def checked(*claims, lines=LINES, meeting=MEETING, language="en"):
    draft = Deliverable("minutes", "1", "Planning", language, "We met.", claims, model="m")
    return check(draft, transcript(lines, language), meeting).claims


SEND = "I'll send the fifteen thousand dollar quote to finance by Friday."


def test_a_quote_in_its_segments_is_verified_with_its_second():
    (done,) = checked(claim("Dana sends the $15,000 quote to finance.", SEND, 11, owner="Dana", due_words="by Friday"))
    assert done.state is ClaimState.VERIFIED
    assert (done.owner, done.due_date, done.start) == ("Dana Lee", date(2026, 11, 27), 60.0)
    assert "01:00" in done.reason


@pytest.mark.parametrize(
    "quote",
    [
        "we agreed to launch Atlas on December 2nd",
        "WE AGREED, to launch “Atlas” on December 2nd!",
        "we agreed to launch ... Atlas on December 2nd",
    ],
)
def test_case_punctuation_and_elisions_do_not_matter(quote):
    (done,) = checked(claim("Launch Atlas on December 2nd.", quote, 10, kind="decision"))
    assert done.state is ClaimState.VERIFIED


def test_fillers_and_stutters_do_not_matter():
    (done,) = checked(claim("The printer is broken.", "the printer is broken again", 15))
    assert done.state is ClaimState.VERIFIED


def test_a_wrong_pointer_is_repaired():
    (done,) = checked(claim("Send the quote to finance.", SEND, 17, 99, owner="Dana Lee"))
    assert (done.state, done.segment_ids, done.start, done.owner) == (ClaimState.REPAIRED, (11,), 60.0, "Dana Lee")


@pytest.mark.parametrize("quote", ["We agreed to pay a million.", "", "...", "2nd December on Atlas launch"])
def test_a_quote_nobody_said_drops_the_claim(quote):
    (done,) = checked(claim("Pay a million.", quote, 10))
    assert done.state is ClaimState.DROPPED


def test_a_quote_stitched_from_far_apart_is_no_quote():
    (done,) = checked(claim("Launch today.", "we agreed to launch ... that is all for today", *range(10, 21)))
    assert done.state is ClaimState.DROPPED


def test_a_word_that_stands_everywhere_proves_nothing():
    (here,) = checked(claim("Thanks.", "Thanks", 16))
    (elsewhere,) = checked(claim("Thanks.", "Thanks", 10))
    assert here.state is ClaimState.NEEDS_CONFIRMATION
    assert elsewhere.state is ClaimState.DROPPED


@pytest.mark.parametrize(
    ("owner", "word"),
    [("Zoe", "nobody known"), ("Ben Hart", "neither speaks nor is named"), ("I", "nobody known")],
)
def test_an_unproven_owner_is_removed(owner, word):
    (done,) = checked(claim("Send the quote to finance by Friday.", SEND, 11, owner=owner, due_words="by Friday"))
    assert (done.state, done.owner) == (ClaimState.NEEDS_CONFIRMATION, None)
    assert word in done.reason
    assert done.due_date == date(2026, 11, 27)


def test_an_owner_who_is_named_is_proven_and_the_one_who_asks_is_not():
    ask = "Ben, can you call the vendor?"
    (named,) = checked(claim("Ben calls the vendor.", ask, 12, owner="Ben"))
    (asking,) = checked(claim("Call the vendor.", ask, 12, owner="Sam Ode"))
    assert (named.state, named.owner) == (ClaimState.VERIFIED, "Ben Hart")
    assert (asking.state, asking.owner) == (ClaimState.NEEDS_CONFIRMATION, None)


def test_naming_the_whole_meeting_as_evidence_proves_no_owner():
    lines = [*LINES, *[("Ben Hart", f"And item number {i}.") for i in range(20)], ("Zoe Far", "I was here too.")]
    (done,) = checked(claim("Send the quote.", SEND, *range(10, 40), owner="Zoe Far"), lines=lines)
    assert (done.state, done.owner) == (ClaimState.NEEDS_CONFIRMATION, None)


def test_a_first_name_that_two_people_have_names_nobody():
    meeting = dataclasses.replace(MEETING, participants=("Dana Lee", "Dana Kern"))
    (done,) = checked(claim("Send the quote.", SEND, 11, owner="Dana"), meeting=meeting)
    assert done.owner is None


def test_a_due_date_that_nobody_said_is_removed():
    (done,) = checked(claim("Call the vendor.", "Ben, can you call the vendor?", 12, due_words="by Monday", due_date=date(2027, 1, 1)))
    assert (done.state, done.due_words, done.due_date) == (ClaimState.NEEDS_CONFIRMATION, None, None)


def test_a_due_date_of_the_model_never_counts():
    (done,) = checked(claim("Send the quote.", SEND, 11, due_words="by Friday", due_date=date(2030, 1, 1)))
    assert done.due_date == date(2026, 11, 27)
    (undated,) = checked(claim("Send the quote.", SEND, 11, due_date=date(2030, 1, 1)))
    assert undated.due_date is None


def test_without_the_meetings_day_the_words_stay_words():
    (done,) = checked(claim("Send the quote.", SEND, 11, due_words="by Friday"), meeting=dataclasses.replace(MEETING, started_at=None))
    assert (done.state, done.due_words, done.due_date) == (ClaimState.VERIFIED, "by Friday", None)


@pytest.mark.parametrize(
    ("text", "quote", "ids", "word"),
    [
        ("Send the $50,000 quote to finance.", SEND, (11,), "50,000"),
        ("Launch Atlas on December 3rd.", LINES[0][1], (10,), "“December 3rd”"),
        ("Send the quote to Oracle.", SEND, (11,), "Oracle"),
        ("Ben sends the quote.", SEND, (11,), "Ben"),
        ("Raise the price this year.", LINES[3][1], (13,), "not"),
        ("Do not send the quote to finance.", SEND, (11,), "not"),
        ("Move the offsite to March.", LINES[4][1], (14,), "less certain"),
        ("Hire two more people.", LINES[9][1], (19,), "take it back"),
    ],
)
def test_what_the_quote_does_not_hold_needs_a_person(text, quote, ids, word):
    (done,) = checked(claim(text, quote, *ids, kind="decision"))
    assert done.state is ClaimState.NEEDS_CONFIRMATION
    assert word in done.reason


@pytest.mark.parametrize(
    ("text", "quote", "ids"),
    [
        ("Send the 15,000 dollar quote to finance by Friday.", SEND, (11,)),
        ("The price will not be raised this year.", LINES[3][1], (13,)),
        ("Maybe the offsite moves to March.", LINES[4][1], (14,)),
        ("Dana: send the quote to finance.", SEND, (11,)),
    ],
)
def test_the_same_in_other_words_is_verified(text, quote, ids):
    (done,) = checked(claim(text, quote, *ids, kind="decision"))
    assert done.state is ClaimState.VERIFIED, done.reason


def test_a_decision_changed_right_afterwards_needs_a_person():
    lines = [("A", "We agreed to launch on December 2nd."), ("B", "Wait, no, the ninth is better.")]
    (done,) = checked(claim("Launch on December 2nd.", lines[0][1], 10, kind="decision"), lines=lines)
    assert done.state is ClaimState.NEEDS_CONFIRMATION


def test_a_decision_taken_back_much_later_needs_a_person_and_its_neighbour_does_not():
    lines = [("A", "We will release the app on the twelfth of March."), ("B", "We decided to spend fifteen thousand dollars.")]
    lines += [("A", f"Bug number {i} is fixed.") for i in range(9)]
    lines += [("B", "The twelfth of March is a holiday."), ("A", "Then I take that back.")]
    gone, stays = checked(
        claim("Release on the twelfth of March.", lines[0][1], 10, kind="decision"),
        claim("Spend 15,000 dollars.", lines[1][1], 11, kind="decision"),
        lines=lines,
    )
    assert (gone.state, stays.state) == (ClaimState.NEEDS_CONFIRMATION, ClaimState.VERIFIED)


def test_the_name_of_a_company_behind_a_person_names_nobody():
    lines = [("A", "We send the offer to Northwind today."), ("James Bell (Northwind)", "Fine.")]
    (done,) = checked(claim("Send the offer.", lines[0][1], 10, owner="James Bell (Northwind)"), lines=lines)
    assert done.owner is None


def test_an_answering_no_negates_nothing():
    (done,) = checked(
        claim("Launch in spring.", "No, we agreed to launch in spring.", 10, kind="decision"),
        lines=[("A", "No, we agreed to launch in spring.")],
    )
    assert done.state is ClaimState.VERIFIED


def test_what_was_heard_badly_needs_a_person():
    made = Transcript((Segment(1, 0, 5, "We decided to buy the boat.", "Ben Hart", marks=("low_confidence",)),), "en", 5, "own", "x")
    draft = Deliverable(
        "minutes", "1", "", "en", "", (claim("Buy the boat.", "We decided to buy the boat.", 1, kind="decision"),), model="m"
    )
    (done,) = check(draft, made, MEETING).claims
    assert done.state is ClaimState.NEEDS_CONFIRMATION


def test_other_languages_are_checked_by_quote_number_and_person():
    lines = [("Eva Kurz", "Wir starten am 2. Dezember mit fünf Leuten."), ("Jan Bär", "Ich rufe den Kunden an.")]
    good, bad = checked(
        claim("Der Start ist am 2. Dezember.", lines[0][1], 10, kind="decision"),
        claim("Jan startet mit 7 Leuten.", lines[0][1], 10, kind="decision"),
        lines=lines,
        language="de",
    )
    assert good.state is ClaimState.VERIFIED
    assert bad.state is ClaimState.NEEDS_CONFIRMATION
    assert "Jan" in bad.reason


def test_scripts_without_spaces_are_compared_too():
    lines = [("李", "我们决定在十二月二日发布新版本。")]
    good, bad = checked(
        claim("发布新版本", "决定在十二月二日发布", 10), claim("取消", "我们决定取消发布会", 10), lines=lines, language="zh"
    )
    assert (good.state, bad.state) == (ClaimState.VERIFIED, ClaimState.DROPPED)


def test_the_place_is_the_words_own_time():
    words = (Word("Well", 3.0, 3.5), Word("we", 7.0, 7.2), Word("agreed", 7.2, 8.0), Word("today", 8.0, 9.0))
    made = Transcript((Segment(1, 3, 9, "Well we agreed today", "Ben Hart", words=words),), "en", 9, "own", "x")
    draft = Deliverable("minutes", "1", "", "en", "", (claim("Agreed today.", "we agreed today", 1),), model="m")
    assert check(draft, made, MEETING).claims[0].start == 7.0


def test_a_suggestion_stays_as_it_is_but_for_its_place():
    before = claim("I'll send it", SEND, 11, owner="Anybody", due_words="never", state=ClaimState.SUGGESTED, reason="By rules.")
    (after,) = checked(before)
    assert after == dataclasses.replace(before, start=60.0)


def test_checking_twice_changes_nothing():
    claims = (
        claim("Send.", SEND, 11, owner="Zoe"),
        claim("Pay.", "nobody said this", 10),
        claim("Send.", SEND, 17),
        claim("Send.", SEND, 11),
    )
    once = checked(*claims)
    assert checked(*once) == once


def test_coverage_and_speakers_follow_the_repaired_claims():
    draft = Deliverable("minutes", "1", "P", "en", "", (claim("Send.", SEND, 17), claim("x", "no such words here", 12)), model="m")
    done = check(dataclasses.replace(draft, coverage=Coverage(sent=(10, 11), cited=(17, 12))), transcript(), MEETING)
    assert done.coverage == Coverage(sent=(10, 11), cited=(11,))
    assert done.extra["speakers"]["11"] == "Dana Lee"


def test_a_summary_with_an_unknown_number_or_name_is_marked():
    draft = Deliverable(
        "minutes", "1", "P", "en", "The team met. They will pay 70,000. Dana met Oracle. Atlas launches on December 2.", (), model="m"
    )
    assert check(draft, transcript(), MEETING).extra["summary_doubts"] == ["They will pay 70,000.", "Dana met Oracle."]


# --- what may never happen ------------------------------------------------------------------------

ORDER = [ClaimState.DROPPED, ClaimState.NEEDS_CONFIRMATION, ClaimState.REPAIRED, ClaimState.VERIFIED]
texts = st.one_of(st.text(max_size=60), st.sampled_from([t for _, t in LINES]), st.sampled_from(["by Friday", "Dana", "2nd", "..."]))
claims = st.builds(
    Claim,
    kind=st.sampled_from(["decision", "action", "topic", "question", "highlight", "?"]),
    text=texts,
    quote=texts,
    segment_ids=st.lists(st.integers(-5, 30), max_size=5).map(tuple),
    owner=st.none() | st.sampled_from(["Dana", "Sam Ode", "Zoe"]) | st.text(max_size=10),
    due_words=st.none() | texts,
    state=st.sampled_from(list(ClaimState)),
    reason=st.sampled_from(["", "Checked."]),
)


@settings(max_examples=150, deadline=None)
@given(claims, st.lists(st.tuples(st.none() | st.text(max_size=9), st.text(max_size=60)), max_size=6), st.sampled_from(["en", None, "de"]))
def test_it_never_raises_and_never_invents(made, lines, language):
    everything = [*LINES, *lines]
    (done,) = checked(made, lines=everything, language=language)
    assert done.owner is None or done.owner == made.owner or done.owner in {"Dana Lee", "Sam Ode", "Ben Hart"} | {who for who, _ in lines}
    assert done.due_words in {None, made.due_words}
    assert (done.text, done.quote, done.kind) == (made.text, made.quote, made.kind)
    if done.state in {ClaimState.VERIFIED, ClaimState.REPAIRED} and not made.reason:
        assert quotes.normalised(made.quote)
        assert done.reason


@settings(max_examples=150, deadline=None)
@given(claims)
def test_it_never_upgrades_what_was_checked(made):
    (once,) = checked(made)
    (twice,) = checked(once)
    assert twice == once
    if made.reason and made.state is not ClaimState.SUGGESTED:
        assert once.state is made.state


@settings(max_examples=150, deadline=None)
@given(claims, st.sampled_from(["owner", "due_words", "number", "quote"]))
def test_an_added_lie_never_makes_a_claim_better(made, lie):
    honest = dataclasses.replace(made, state=ClaimState.NEEDS_CONFIRMATION, reason="", owner=None, due_words=None)
    worse = {
        "owner": {"owner": "Somebody Unknown"},
        "due_words": {"due_words": "by the 31st of Octember"},
        "number": {"text": honest.text + " 987654321"},
        "quote": {"quote": honest.quote + " zebra xylophone quux"},
    }[lie]
    (before,), (after,) = checked(honest), checked(dataclasses.replace(honest, **worse))
    assert ORDER.index(after.state) <= ORDER.index(before.state)


# --- words that are missing -------------------------------------------------------------------------

HALVES = (Segment(0, 0, 4, "We will not ever", "Sam Ode"), Segment(2, 10, 14, "ship on Friday to all.", "Sam Ode"))
NOT_HEARD = Segment(1, 4, 10, "[…]", marks=("gap",))
WHOLE = "We will not ever ship on Friday to all."


def _held_against(segments, *claims, gaps=()):
    record = Transcript(segments, "en", 20.0, "own", "test", gaps)
    return check(Deliverable("minutes", "1", "Planning", "en", "", claims, model="m"), record, MEETING).claims


@pytest.mark.parametrize("ids", [(0, 2), (0, 1, 2), (0,), ()])
def test_no_quote_runs_over_what_nobody_understood(ids):
    (done,) = _held_against((HALVES[0], NOT_HEARD, HALVES[1]), claim(WHOLE, WHOLE, *ids))
    assert done.state is ClaimState.DROPPED


@pytest.mark.parametrize("ids", [(0, 2), (0,), ()])
def test_no_quote_runs_over_what_was_not_recorded(ids):
    assert _held_against(HALVES, claim(WHOLE, WHOLE, 0, 2))[0].state is ClaimState.VERIFIED
    (done,) = _held_against(HALVES, claim(WHOLE, WHOLE, *ids), gaps=(Gap(4, 10),))
    assert done.state is ClaimState.DROPPED


@pytest.mark.parametrize("mark", ["gap", "loop", "credits"])
def test_what_nobody_said_is_no_evidence(mark):
    unsaid = Segment(1, 4, 10, "Ben Hart will pay.", "Ben Hart", marks=(mark,))
    (done,) = _held_against(
        (HALVES[0], unsaid, HALVES[1]), claim("Ship on Friday to all.", "ship on Friday to all", 1, 2, owner="Ben Hart")
    )
    assert done.segment_ids == (2,)
    assert done.owner is None


# --- what a claim is about --------------------------------------------------------------------------

UNRELATED = claim("The budget was approved.", LINES[6][1], 16, kind="decision")


def test_a_claim_that_its_quote_does_not_speak_of_needs_confirmation():
    (done,) = checked(UNRELATED)
    assert (done.state, done.reason) == (ClaimState.NEEDS_CONFIRMATION, "The quote speaks of something else.")


@pytest.mark.parametrize(
    ("text", "quote", "ids"),
    [
        ("Hiring of two people was decided.", "We decided to hire two more people.", (19,)),
        ("The printer needs a repair.", "the printer is broken again", (15,)),
        ("The vendor gets a call.", "can you call the vendor", (12,)),
    ],
)
def test_other_words_for_the_same_are_no_doubt(text, quote, ids):
    (done,) = checked(claim(text, quote, *ids, kind="decision"), lines=LINES[:-1])
    assert "something else" not in done.reason


def test_minutes_in_another_language_share_no_words_with_their_quotes():
    draft = Deliverable("minutes", "1", "P", "de", "", (claim("Alle sind fertig.", LINES[6][1], 16),), model="m")
    (done,) = check(draft, transcript(), MEETING).claims
    assert "something else" not in done.reason
