"""Due words as people say them, worked out against the day of the meeting."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.model import Meeting
from momentum.writers import dates

WEDNESDAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("today", "2026-11-25"),
        ("by end of day", "2026-11-25"),
        ("tomorrow morning", "2026-11-26"),
        ("end of day tomorrow", "2026-11-26"),
        ("the day after tomorrow", "2026-11-27"),
        ("by Friday", "2026-11-27"),
        ("on Wednesday", "2026-12-02"),
        ("3pm on Friday", "2026-11-27"),
        ("next Tuesday", "2026-12-01"),
        ("next Friday", "2026-12-04"),
        ("Friday next week", "2026-12-04"),
        ("a week from Monday", "2026-12-07"),
        ("two weeks from now", "2026-12-09"),
        ("in two weeks", "2026-12-09"),
        ("within 3 days", "2026-11-28"),
        ("in a fortnight", "2026-12-09"),
        ("in a couple of days", "2026-11-27"),
        ("in a month", "2026-12-25"),
        ("end of the week", "2026-11-27"),
        ("by the end of next week", "2026-12-04"),
        ("end of the month", "2026-11-30"),
        ("end of next month", "2026-12-31"),
        ("the end of the quarter", "2026-12-31"),
        ("end of the year", "2026-12-31"),
        ("December 2nd", "2026-12-02"),
        ("December second", "2026-12-02"),
        ("the first of December", "2026-12-01"),
        ("2nd of December", "2026-12-02"),
        ("on the twenty-third of January", "2027-01-23"),
        ("Dec. 2, 2027", "2027-12-02"),
        ("January 5", "2027-01-05"),
        ("by the 15th", "2026-12-15"),
        ("Tuesday the 1st", "2026-12-01"),
        ("2026-12-24", "2026-12-24"),
    ],
)
def test_words_that_name_a_day(words, day):
    assert dates.resolve(words, WEDNESDAY) == date.fromisoformat(day)


@pytest.mark.parametrize("words", ["soon", "next week", "in a few days", "February 30th", "whenever", "next sprint", "2026-13-40", ""])
def test_words_that_name_no_day_give_none(words):
    assert dates.resolve(words, WEDNESDAY) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("I'll send it by Friday, promise.", "by Friday"),
        ("We ship on December second at noon.", "on December second"),
        ("Let us finish before the end of the month.", "before the end of the month"),
        ("It may work and we sat on it in march order.", None),
        ("The second point is the first one.", None),
        ("Can you have it by the 15th?", "by the 15th"),
    ],
)
def test_due_words_are_found_verbatim_in_speech(said, words):
    assert dates.find(said) == words


def test_the_meetings_day_is_the_one_of_its_own_zone():
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert dates.local_date(Meeting("x", late, "Europe/Berlin")) == date(2026, 11, 26)
    assert dates.local_date(Meeting("x", late, "No/Where")) == date(2026, 11, 25)
    assert dates.local_date(Meeting("x")) is None


@given(st.text(max_size=60), st.dates())
def test_no_text_breaks_it(text, day):
    dates.find(text)
    dates.resolve(text, day)


@given(st.sampled_from([p for p, _ in dates._PATTERNS]).flatmap(lambda p: st.from_regex(p, fullmatch=True)), st.dates())
def test_no_due_words_break_it(words, day):
    dates.resolve(words, day)


@pytest.mark.parametrize(
    "words",
    [
        *[
            "at nine",
            "before lunch",
            "by noon",
            "In half an hour",
            "half past eight",
            "before seven",
            "by quarter to six",
            "at seven thirty",
        ],
        *["before I go home", "first thing", "at 14:30", "by 3 p.m.", "after this call", "within the hour", "straight away", "by evening"],
    ],
)
def test_a_time_of_day_names_the_day_it_is_said_on(words):
    assert dates.resolve(words, WEDNESDAY) == WEDNESDAY
    assert dates.resolve(words, WEDNESDAY, time(7)) == WEDNESDAY


@pytest.mark.parametrize("words", ["before lunch", "by noon", "at 9 a.m.", "at 14:30", "first thing", "in the morning"])
def test_a_time_of_day_that_is_over_names_the_next_day(words):
    assert dates.resolve(words, WEDNESDAY, time(17)) == date(2026, 11, 26)


@pytest.mark.parametrize("words", ["nine", "by 15", "by 2027", "before the audit", "in the morning", "in 48 hours", "after the match"])
def test_what_may_be_no_time_of_day_names_no_day(words):
    assert dates.resolve(words, WEDNESDAY) is None


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("two weeks today", "2026-12-09"),
        ("the Friday after next", "2026-12-04"),
        ("the last day of November", "2026-11-30"),
        ("in the next ten days", "2026-12-05"),
        ("tomorrow at nine", "2026-11-26"),
        ("at eight on Monday", "2026-11-30"),
    ],
)
def test_days_told_in_other_ways(words, day):
    assert dates.resolve(words, WEDNESDAY, time(17)) == date.fromisoformat(day)


@given(st.text(max_size=40) | st.integers(0, 10**400).map(str), st.dates() | st.just(date.max), st.times())
def test_no_time_of_day_breaks_it(text, day, at):
    dates.resolve(text, day, at)
    dates.resolve(f"in {text} hours", day, at)
    dates.resolve("before lunch", day, at)
