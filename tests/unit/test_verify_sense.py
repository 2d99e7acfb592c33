"""What the check of claims makes of times, numbers, units, owners, opposites, doubts and of what is taken back."""

from datetime import UTC, date, datetime

import pytest

from momentum.model import Claim, ClaimState, Deliverable, Meeting, Segment, Transcript
from momentum.pipeline.verify import check
from momentum.writers import dates, numbers

MEETING = Meeting("Planning", datetime(2026, 11, 25, 10, tzinfo=UTC), "Europe/Berlin", ("Dana Lee", "Sam Ode", "Ben Hart"))


def checked(lines, text, quote, *ids, kind="decision", **more):
    segments = tuple(Segment(i, i * 5.0, i * 5.0 + 4, said, who) for i, (who, said) in enumerate(lines))
    claim = Claim(kind, text, quote, ids or (0,), **more)
    draft = Deliverable("minutes", "1", "Planning", "en", "", (claim,), model="m")
    return check(draft, Transcript(segments, "en", 60.0, "own", "test"), MEETING).claims[0]


def one(said, text, **more):
    return checked([("Dana Lee", said)], text, said, **more)


SAME = [
    ("We launch on the second of December.", "The launch is on 2 December."),
    ("We ship it in two weeks.", "It ships on 9 December."),
    ("It costs a hundred and twenty euros a month.", "It costs €120 a month."),
    ("We pay two francs fifty.", "2.50 francs are paid."),
    ("It is sixteen fifty with a contract, in dollars.", "It is $16.50 with a contract."),
    ("Batch four-one-nine is blocked.", "Batch 419 is blocked."),
    ("We serve twelve point four million people.", "12.4 million people are served."),
    ("The schools are out.", "The schools are not included."),
    ("We drop the old plan.", "The old plan is discontinued."),
    ("No consultant this time.", "No consultant is hired this time."),
    ("We leave the opening hours as they are.", "The opening hours are not changed."),
    ("We don't buy it until the test has run.", "It is not bought until the test has run."),
    ("Seven of nine people passed without help.", "7 of 9 people passed without help."),
    ("Subscriptions are down to nine hundred. It was a thousand.", "Subscriptions fell from 1,000 to 900."),
    ("A hundred and ten. No, sorry, a hundred and twelve guests.", "There are 112 guests."),
    ("We take three, not five.", "Three are taken, not five."),
    ("Maybe the offsite moves to March.", "The offsite may move to March."),
    ("There's a slight chance that the offsite moves.", "The offsite might move."),
    ("We've had two quotes, nine thousand and six thousand four hundred.", "The two quotes are 9,000 and 6,400."),
    ("The new motor for pump nine is thirty-six thousand dollars.", "The motor for pump 9 costs $36,000."),
    ("We buy the red machine. Perhaps Ben joins us by phone.", "The red machine is bought."),
]


@pytest.mark.parametrize(("said", "text"), SAME)
def test_the_same_in_other_words_is_verified(said, text):
    done = one(said, text)
    assert done.state is ClaimState.VERIFIED, done.reason


OTHER = [
    ("We launch on the second of December.", "The launch is on 3 December.", "3 December"),
    ("We ship it next sprint.", "It ships this sprint.", "this sprint"),
    ("It costs fifteen thousand euros.", "It costs 15,000 dollars.", "dollars"),
    ("The trial takes three weeks.", "The trial takes three days.", "days"),
    ("It is four hundred a month, in euros.", "It is 400 euros a year.", "year"),
    ("We finished seventeen of twenty stories.", "20 of 17 stories were finished.", "other way round"),
    ("The share rises from twenty to thirty percent.", "The share rises from 30 to 20 percent.", "other way round"),
    ("A hundred and ten. No, sorry, a hundred and twelve guests.", "There are 110 guests.", "110"),
    ("We approve the budget.", "The budget is rejected.", "opposite"),
    ("We keep the office open.", "The office is closed.", "opposite"),
    ("The price goes up by three percent.", "The price falls by three percent.", "opposite"),
    ("We take three, not five.", "Five are taken, not three.", "something else"),
    ("The tests run before the release.", "The tests run after the release.", "opposite"),
    ("We don't touch the programme.", "The programme is touched.", "not"),
    ("We hire Kim.", "Kim is not hired.", "not"),
    ("Maybe the offsite moves to March.", "The offsite moves to March.", "less certain"),
    ("If legal agrees we sign.", "We sign.", "less certain"),
    ("We could drop the old phones.", "The old phones are dropped.", "less certain"),
    ("The offsite is in March.", "The offsite might be in March.", "less certain"),
    ("Should we sell the boat?", "The boat is sold.", ""),
    ("We meet the vendor.", "Marcus meets the vendor.", "Marcus"),
    ("We meet the vendor.", "We meet the vendor with Rebecca Stone.", "Rebecca"),
]


@pytest.mark.parametrize(("said", "text", "word"), OTHER)
def test_something_else_needs_a_person_and_says_why(said, text, word):
    done = one(said, text)
    assert done.state is ClaimState.NEEDS_CONFIRMATION, done
    assert word in done.reason


OFFER = [("Sam Ode", "Can somebody send the offer to Ben Hart?"), ("Dana Lee", "I'll send it to Ben by Friday.")]


@pytest.mark.parametrize(("owner", "kept"), [("Dana Lee", True), ("Ben Hart", False), ("Sam Ode", False)])
def test_who_says_i_will_owns_it(owner, kept):
    done = checked(OFFER, "Send the offer by Friday.", OFFER[1][1], 0, 1, kind="action", owner=owner, due_words="by Friday")
    assert (done.owner == owner) is kept
    assert (done.state is ClaimState.VERIFIED) is kept


def test_who_only_asks_owns_nothing():
    done = one("It is two weeks, please correct it today.", "Correct the two weeks.", kind="action", owner="Dana Lee")
    assert done.owner is None
    assert "asks" in done.reason


def test_a_text_that_begins_with_somebody_else_has_another_owner():
    done = checked(OFFER, "Sam sends the offer.", OFFER[1][1], 0, 1, kind="action", owner="Dana Lee")
    assert done.owner is None
    assert "Sam Ode" in done.reason


def test_a_day_that_the_words_do_not_mean_is_set_right_and_said():
    done = one("I'll do it by Friday.", "Do it.", kind="action", due_words="by Friday", due_date=date(2026, 12, 4))
    assert done.due_date == date(2026, 11, 27)
    assert done.state is ClaimState.NEEDS_CONFIRMATION
    assert "Friday 27 November 2026, not Friday 4 December 2026" in done.reason


TAKEN_BACK = [
    ["We release on Sunday.", "Hang on, nobody works then.", "Then forget Sunday."],
    ["We approve Keller and Partners.", "There is a conflict.", "Oh, then I take that back."],
    ["We order ten thousand labels.", "They last a week, I'd take forty.", "True, make it forty thousand then."],
    ["The party is on the nineteenth of June.", "That's the final.", "Let's take the twenty-sixth instead."],
    ["The clean-up stops on Monday.", "People need it.", "Okay, then it stays on."],
]


@pytest.mark.parametrize("lines", TAKEN_BACK)
def test_what_is_taken_back_needs_a_person_and_says_where(lines):
    done = checked([("Dana Lee", lines[0]), ("Sam Ode", lines[1]), ("Dana Lee", lines[2])], lines[0], lines[0])
    assert done.state is ClaimState.NEEDS_CONFIRMATION
    assert "take it back at 00:" in done.reason


def test_the_final_decision_is_not_taken_back():
    lines = [("Dana Lee", "We release on Sunday."), ("Dana Lee", "No, wait, we release on Monday.")]
    done = checked(lines, "The release is on Monday.", "we release on Monday", 1)
    assert done.state is ClaimState.VERIFIED, done.reason


def test_a_question_answered_with_yes_is_a_decision():
    lines = [("Sam Ode", "Should we sell the boat?"), ("Dana Lee", "Yes, let's sell it.")]
    assert checked(lines, "The boat is sold.", lines[0][1], 0, 1).state is ClaimState.VERIFIED
    assert "nobody answers yes" in checked(lines[:1], "The boat is sold.", lines[0][1], 0).reason


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("by close of business Thursday", "2026-11-26"),
        ("Monday week", "2026-12-07"),
        ("the first Monday in January", "2027-01-04"),
        ("the last Friday of the month", "2026-11-27"),
        ("within ten working days", "2026-12-09"),
        ("by the end of March", "2027-03-31"),
        ("end of Q1", "2027-03-31"),
        ("Tuesday the ninth of March", "2027-03-09"),
    ],
)
def test_more_words_that_name_a_day(words, day):
    assert dates.resolve(words, date(2026, 11, 25)) == date.fromisoformat(day)


def test_times_are_found_where_they_stand():
    found = dates.mentions("Nobody under 16 may come before Friday, nor in May.", date(2026, 11, 25))
    assert [(m.words, m.led) for m in found] == [("Friday", True), ("May", False)]


@pytest.mark.parametrize(
    ("said", "value"), [("half a million", "500000"), ("zero point four", "0.4"), ("two dozen", "24"), ("a hundred", "100")]
)
def test_more_numbers(said, value):
    assert {str(n.normalize()) for n in numbers.numbers(said)} == {str(numbers.Decimal(value).normalize())}


@pytest.mark.parametrize(("said", "value"), [("two four", "2.4"), ("three fifty", "350"), ("twenty twenty-seven", "2027"), ("two-oh", "2")])
def test_numbers_that_can_be_read_in_two_ways(said, value):
    assert numbers.Decimal(value) in numbers.readings(said)


@pytest.mark.parametrize(
    ("later", "state"),
    [
        ("Then forget Sundays.", ClaimState.VERIFIED),
        ("Then forget the plan.", ClaimState.NEEDS_CONFIRMATION),
        ("Make it four days.", ClaimState.VERIFIED),
        ("Make it four.", ClaimState.NEEDS_CONFIRMATION),
    ],
)
def test_a_word_that_takes_back_must_mean_the_claim(later, state):
    said = "We order seven chairs as in the plan."
    done = checked([("Dana Lee", said), ("Sam Ode", later)], "Seven chairs are ordered.", said)
    assert done.state is state, done.reason


def test_of_a_question_and_its_answer_in_the_same_words_the_answer_is_quoted():
    lines = [("Dana Lee", "The machine, do we lease it?"), ("Sam Ode", "We buy it."), ("Ben Hart", "No money. We lease it.")]
    done = checked(lines, "The machine is leased.", "We lease it.", 0, 2)
    assert (done.state, done.start) == (ClaimState.VERIFIED, 10.0 + 4 * 2 / 5), done.reason
