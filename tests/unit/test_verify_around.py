"""What the talk around a quote may add to it, and what it may not: days, units, scales, directions, names and owners."""

from datetime import UTC, date, datetime

import pytest

from momentum.model import Claim, ClaimState, Deliverable, Meeting, Segment, Transcript
from momentum.pipeline.verify import check

MEETING = Meeting("Planning", datetime(2026, 11, 25, 10, tzinfo=UTC), "Europe/Berlin", ("Dana Lee", "Sam Ode", "Ben Hart"))
"""On a Wednesday, at eleven in the morning."""


def checked(lines, text, quote, *ids, kind="highlight", **more):
    segments = tuple(Segment(i, i * 5.0, i * 5.0 + 4, said, ("Dana Lee", "Sam Ode")[i % 2]) for i, said in enumerate(lines))
    claim = Claim(kind, text, quote, ids, **more)
    draft = Deliverable("minutes", "1", "Planning", "en", "", (claim,), model="m")
    return check(draft, Transcript(segments, "en", 60.0, "own", "test"), MEETING).claims[0]


def proven(done):
    assert done.state is ClaimState.VERIFIED, done.reason
    return True


def doubted(done, word):
    assert (done.state, word in done.reason) == (ClaimState.NEEDS_CONFIRMATION, True), done.reason
    return True


# --- days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "due", "day"),
    [
        ("I'll call the plant at nine.", "at nine", "2026-11-25"),
        ("I'll call the plant before lunch.", "before lunch", "2026-11-25"),
        ("I'll call the plant tomorrow at nine.", "at nine", "2026-11-26"),
        ("I'll call the plant at nine on Friday.", "at nine", "2026-11-27"),
        ("I'll call the plant at nine, and on Friday we meet.", "at nine", "2026-11-25"),
    ],
)
def test_a_time_of_day_is_due_on_the_day_of_the_meeting_or_on_the_one_beside_it(said, due, day):
    right, wrong = date.fromisoformat(day), date(2026, 12, 24)
    made = {"kind": "action", "owner": "Dana Lee", "due_words": due}
    assert proven(checked([said], "Call the plant.", said, 0, due_date=right, **made))
    assert doubted(
        checked([said], "Call the plant.", said, 0, due_date=wrong, **made), "25 November" if right.day == 25 else str(right.day)
    )


def test_a_day_may_be_named_around_where_the_evidence_names_none():
    lines = ["We open on the twenty-sixth.", "Put me down for that.", "I need one more helper on Friday."]
    assert proven(checked(lines, "Sam volunteers for the 26th.", lines[1], 1))
    assert doubted(checked(lines, "One more helper is needed on the 26th.", lines[2], 2), "the 26th")


@pytest.mark.parametrize(
    ("text", "is_day"), [("It moves to the first pass.", False), ("It moves to the second.", True), ("On the second it moves.", True)]
)
def test_an_ordinal_that_counts_something_names_no_day(text, is_day):
    done = checked(["So it moves, first pass, second lamp."], text, "So it moves, first pass, second lamp.", 0)
    assert ("does not say" in done.reason) == is_day


# --- units and scales -------------------------------------------------------------------------------

RUNS = ["The build takes nine seconds.", "Hm.", "On Windows it's still thirteen."]


def test_a_bare_number_takes_its_unit_from_the_talk_around():
    assert proven(checked(RUNS, "On Windows it takes 13 seconds.", RUNS[2], 2))
    assert doubted(checked(RUNS, "On Windows it takes 13 minutes.", RUNS[2], 2), "count in minutes")


def test_no_unit_around_counts_against_the_one_in_the_evidence():
    lines = ["We meet once a week.", "It runs six times a day."]
    assert doubted(checked(lines, "It runs six times a week.", lines[1], 1), "weeks")


def test_a_unit_around_is_not_lent_to_a_number_that_has_another_one():
    lines = ["The limit is nine seconds.", "We wait five minutes.", "Make it five."]
    assert doubted(checked(lines, "The wait becomes five seconds.", lines[2], 2), "seconds")


def test_a_range_shares_its_unit():
    lines = ["The cedar goes from six percent to four.", "It costs ten euros."]
    assert proven(checked(lines, "The cedar goes from six to four percent.", lines[0], 0))
    assert doubted(checked(lines, "The cedar goes from six to four euros.", lines[0], 0), "euros")


def test_an_age_needs_no_unit():
    assert proven(checked(["She's twelve, the daughter."], "The daughter is a twelve-year-old.", "She's twelve, the daughter.", 0))
    lines = ["It's twelve months old, the car."]
    assert doubted(checked(lines, "The car is twelve years old.", lines[0], 0), "years")


def test_a_small_number_takes_the_scale_of_the_talk():
    lines = ["They want it for five thousand bottles.", "And at eight?", "At eight I'd think about bottles."]
    assert proven(checked(lines, "At 8,000 bottles it may be thought about.", lines[2], 1, 2))
    assert doubted(checked(lines, "At 9,000 bottles it may be thought about.", lines[2], 1, 2), "9,000")
    assert doubted(checked(lines[1:], "At 8,000 bottles it may be thought about.", lines[2], 0, 1), "8,000")


# --- directions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ("Its eleven minutes became six.", "It had six minutes instead of eleven.", "It had eleven minutes instead of six."),
        ("It had 130. The new run is down to 118.", "The new run has 118, no longer 130.", "The new run has 130, no longer 118."),
        ("We said five days and the work took eleven.", "The work took 11 instead of five days.", "The work took five days instead of 11."),
        ("It goes up from 5 to 20 gigabytes.", "It is raised from 5 to 20 gigabytes.", "It is raised from 20 to 5 gigabytes."),
        ("We send thirty of the forty-four trains.", "30 of the 44 trains are sent.", "44 of the 30 trains are sent."),
    ],
)  # fmt: skip
def test_what_was_and_what_is_are_told_apart_however_it_is_said(said, right, wrong):
    assert proven(checked([said], right, said, 0))
    assert doubted(checked([said], wrong, said, 0), "other way round")


@pytest.mark.parametrize(
    ("lines", "right", "wrong"),
    [
        (["Two sets are dear.", "One set, then."], "One set is bought; two are dear.", "Two sets are bought."),
        (["Open from ten to three?", "Open eleven to three."], "It is open from eleven to three.", "It is open from ten to three."),
        (["Night begins at eleven or ten.", "No, night is at ten."], "Night begins at ten.", "Night begins at eleven, not at ten."),
    ],
)  # fmt: skip
def test_the_numbers_of_the_quote_come_before_those_beside_it(lines, right, wrong):
    assert proven(checked(lines, right, lines[1], 0, 1))
    assert doubted(checked(lines, wrong, lines[1], 0, 1), "number")


# --- names and owners -------------------------------------------------------------------------------

VISIT = ["The Weber choir comes on Monday.", *["So, what else is there."] * 20, "I'll walk with the guests to the hall."]


def test_an_order_names_nobody_and_a_name_counts_wherever_it_was_said():
    task = {"kind": "action", "owner": "Sam Ode"}
    assert proven(checked(VISIT, "Accompany guests to the hall.", VISIT[-1], 21, **task))
    assert proven(checked(VISIT, "Accompany the guests of Weber to the hall.", VISIT[-1], 21, **task))
    assert doubted(checked(VISIT, "Accompany the guests of Wolski to the hall.", VISIT[-1], 21, **task), "Wolski")
    assert doubted(checked(VISIT, "Marcus walks with the guests to the hall.", VISIT[-1], 21, kind="action"), "Marcus")


def test_people_called_by_what_they_do_are_no_strangers():
    lines = ["Who takes a bike must bring a lock."]
    assert proven(checked(lines, "Borrowers must bring a lock.", lines[0], 0))
    assert doubted(checked(lines, "Connors is to bring a lock.", lines[0], 0), "Connors")


def test_whose_thing_it_is_need_not_speak():
    lines = ["My offer is on the table.", "We take the offer of Dana.", "Fine.", "Then the offer is taken."]
    assert proven(checked(lines, "Dana's offer is taken.", lines[3], 3))
    assert doubted(checked(lines, "Dana takes the offer.", lines[3], 3), "Dana")


def test_a_subject_may_stand_just_before_the_quote_but_not_that_of_a_decision():
    lines = ["Now the kiln.", "I overloaded it, I think."]
    assert proven(checked(lines, "Too much may have been put into the kiln.", lines[1], 1))
    assert doubted(checked(lines, "The kiln may be full.", lines[1], 1, kind="decision"), "something else")


def test_who_speaks_only_beside_the_quote_does_not_own_it():
    lines = ["The office opens then.", "At three, on the dot, for the office."]
    made = {"kind": "action", "due_words": "At three"}
    assert proven(checked(lines, "Call the office.", lines[1], 0, 1, owner="Sam Ode", **made))
    assert checked(lines, "Call the office.", lines[1], 0, 1, owner="Dana Lee", **made).owner is None


# --- answers, and what only looks like another value ------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "quote"),
    [
        (["Send him the new version and I'll defend it.", "Tomorrow, all right."], 0),
        (["On the counter by the first of March.", "It'll be there."], 0),
        (["I'd like to see a draft.", "Should I write one?", "Yes, please."], 2),
    ],
)
def test_who_accepts_what_others_ask_in_the_quote_owns_it(lines, quote):
    made = {"kind": "action", "owner": "Sam Ode"}
    assert checked(lines, "Write the new version of the draft.", lines[quote], *range(len(lines)), **made).owner == "Sam Ode"


def test_who_declines_owns_nothing():
    lines = ["Send him the new version and I'll defend it.", "No, not me."]
    assert checked(lines, "Send the new version.", lines[0], 0, 1, kind="action", owner="Sam Ode").owner is None


@pytest.mark.parametrize("said", ["as soon as we hang up", "the minute we're done here", "as soon as this call is over"])
def test_the_end_of_the_call_is_today(said):
    line = f"I'll record it {said}."
    assert proven(checked([line], "Record it.", line, 0, kind="action", owner="Dana Lee", due_words=said, due_date=date(2026, 11, 25)))


def test_numbers_of_different_things_may_stand_in_another_order():
    line = "Seven euros eighty a kilo, for sixty bags."
    assert proven(checked([line], "Sixty bags are offered at \u20ac7.80 a kilo.", line, 0))
    assert doubted(checked(["It goes from four to six."], "It goes from six to four.", "It goes from four to six.", 0), "other way round")


def test_a_day_settles_no_number_and_triple_is_no_count():
    lines = ["And the release of eight point one?", "It's planned for Wednesday.", "Tuesday the first of December. Done."]
    assert proven(checked(lines, "Release 8.1 comes on Tuesday 1 December.", lines[2], 0, 2, kind="decision"))
    lines = ["The glass only works with triple.", "With double we're six percent over.", "Triple, then."]
    assert proven(checked(lines, "The glass is triple, as double is 6 percent over.", lines[2], 0, 1, 2, kind="decision"))


def test_decimals_may_lack_their_whole_part():
    line = "The lab found point zero three milligrams, the limit's point zero one."
    assert proven(checked([line], "The lab found 0.03 milligrams; the limit is 0.01.", line, 0))
    assert doubted(checked([line], "The lab found 0.3 milligrams.", line, 0), "0.3")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The bill is still to come.", "The bill hasn't come."),
        ("There is no sync on Thursday as Dana is skiing.", "On Thursday I'm skiing, so no sync then."),
        ("She may be offered no more than 2,500.", "You can offer her up to two thousand five hundred. Not more."),
        ("The bikes are kept in the ski cellar.", "The bikes go to the ski cellar, yes."),
    ],
)
def test_the_same_no_in_other_words(text, said):
    assert proven(checked([said], text, said, 0))


def test_what_is_too_long_or_of_nothing_said_is_not_verified():
    line = "We ship on Friday."
    assert doubted(checked([line], "We ship. " * 400, line, 0), "too long")
    assert doubted(checked([line], "Yyyyyy zzzzz", line, 0, kind="topic"), "Nobody spoke of that")
    assert proven(checked([line], "Shipping", line, 0, kind="topic"))
