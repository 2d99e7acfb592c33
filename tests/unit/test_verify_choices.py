"""What the check of claims makes of what was chosen, of what becomes of something, and of what is settled differently afterwards."""

import pytest

from momentum.model import Claim, ClaimState, Deliverable, Meeting, Segment, Transcript
from momentum.pipeline.verify import check

MEETING = Meeting("Planning", participants=("Dana Lee", "Sam Ode"))


def checked(lines, text, *, quote=None, kind="decision"):
    segments = tuple(Segment(i, i * 5.0, i * 5.0 + 4, said, who) for i, (who, said) in enumerate(lines))
    draft = Deliverable("minutes", "1", "Planning", "en", "", (Claim(kind, text, quote or lines[0][1], (0,)),), model="m")
    return check(draft, Transcript(segments, "en", 60.0, "own", "test"), MEETING).claims[0]


def one(said, text):
    return checked([("Dana Lee", said)], text)


SAID = [
    ("Blue for the doors, green for the walls.", "The doors are blue, the walls green.", "The doors are green, the walls blue."),
    ("The hall is cheaper than the barn.", "The hall is cheaper than the barn.", "The barn is cheaper than the hall."),
    ("Wednesday, then, that is settled.", "The visit is on Wednesday.", "The visit stays on Monday."),
    ("Then it's three chairs.", "Three chairs are bought.", "Up to five chairs are bought."),
    ("One copy, then.", "One copy is printed.", "30 copies are printed."),
    ("We paint it with a roller.", "It is painted with a roller.", "It is painted without a roller."),
    ("They don't enter without a guide.", "They enter only with a guide.", None),
]


@pytest.mark.parametrize(("said", "right", "wrong"), SAID)
def test_what_was_chosen_is_told_from_what_was_not(said, right, wrong):
    assert one(said, right).state is ClaimState.VERIFIED, one(said, right).reason
    assert wrong is None or "chooses something else" in one(said, wrong).reason


CARRIED = [
    ("We'll take the offer of the printer.", "The offer of the printer is declined.", "declined"),
    ("We paint the hall on Sunday.", "The hall is painted on Sunday in spite of the rain.", "in spite of"),
    ("The meter showed three units at the mill.", "The meter at the mill exceeded three units.", "exceeded"),
]


@pytest.mark.parametrize(("said", "text", "word"), CARRIED)
def test_what_becomes_of_something_must_be_carried_by_some_words(said, text, word):
    done = one(said, text)
    assert done.state is ClaimState.NEEDS_CONFIRMATION
    assert word in done.reason


def test_other_words_carry_what_becomes_of_something():
    assert one("The offer of the printer, we turn it down.", "The offer of the printer is declined.").state is ClaimState.VERIFIED
    assert one("We paint the hall on Sunday, rain or not.", "The hall is painted on Sunday in spite of rain.").state is ClaimState.VERIFIED


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("We can't meet on Thursday.", "The meeting goes ahead on Thursday."),
        ("Nobody drives it until Monday.", "The van is driven before Monday."),
        ("Then he begins in May.", "Mister Orr is not hired."),
    ],
)
def test_a_no_on_one_side_alone_is_doubted(said, text):
    assert one(said, text).state is ClaimState.NEEDS_CONFIRMATION


SUPERSEDED = [
    ["We meet on Tuesday.", "The hall is closed that day.", "Hm.", "Wednesday, then."],
    ["Order four lamps.", "Four lamps cost eight hundred.", "Ouch.", "Two lamps, then."],
    ["We should sue the builder.", "He doesn't want to, he told me.", "Then no lawsuit, it's his house."],
    ["Let's move the bar.", "We can't, the pipes are in that wall.", "Right."],
    ["I planned the visit for June.", "June is the harvest.", "Who knows."],
    ["We print the old menu.", "The prices on the old menu are wrong, though.", "Okay, we print the new menu."],
]


@pytest.mark.parametrize("lines", SUPERSEDED)
def test_what_is_settled_differently_afterwards_needs_a_person(lines):
    speakers = ["Dana Lee", "Sam Ode", "Dana Lee", "Dana Lee"]
    done = checked(list(zip(speakers, lines, strict=False)), lines[0])
    assert "take it back" in done.reason


def test_who_breaks_off_with_a_no_decides_nothing():
    done = one("Then sell the boat... no.", "The boat is sold.")
    assert done.state is ClaimState.NEEDS_CONFIRMATION
    assert "take it back" in done.reason


@pytest.mark.parametrize(
    "lines",
    [
        ["We meet on Tuesday.", "Next, the heating.", "Wednesday, then."],
        ["Order four lamps.", "By the way, the door is broken.", "Hm.", "Then we call the joiner."],
        ["Order four lamps.", "Okay.", "Good."],
    ],
)
def test_what_is_settled_of_something_else_takes_nothing_back(lines):
    speakers = ["Dana Lee", "Sam Ode", "Dana Lee", "Dana Lee"]
    assert "take it back" not in checked(list(zip(speakers, lines, strict=False)), lines[0]).reason


@pytest.mark.parametrize("said", ["I suspect the leak comes from the roof.", "It sounds like the leak comes from the roof."])
def test_a_suspicion_is_a_doubt(said):
    assert "less certain" in one(said, "The leak comes from the roof.").reason
    assert one(said, "The leak seems to come from the roof.").state is ClaimState.VERIFIED


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("The pump runs to noon and then stops.", "The pump stops running at noon."),
        ("Our lawyer's still reading the lease.", "The lawyer has not finished the lease."),
        ("The booth is dear, and I'm not sure it pays.", "The booth is dear and may not pay."),
        ("No cart carries more than nine sacks.", "A cart may carry no more than nine sacks."),
    ],
)
def test_a_not_on_one_side_may_say_the_same(said, text):
    assert one(said, text).state is ClaimState.VERIFIED, one(said, text).reason
