"""Numbers in words and digits are the same numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.writers.numbers import numbers, readings


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("fifteen thousand dollars", "15000"),
        ("$15,000", "15000"),
        ("15k", "15000"),
        ("two hundred and five people", "205"),
        ("one million two hundred thousand", "1200000"),
        ("1.5 million", "1500000"),
        ("twenty-five", "25"),
        ("the twenty third", "23"),
        ("December 2nd", "2"),
        ("December the third", "3"),
        ("thirty percent", "30"),
        ("30%", "30"),
    ],
)
def test_one_value(said, value):
    assert numbers(said) == {Decimal(value)}


def test_neighbours_are_not_added_up():
    assert numbers("five six") == {Decimal(5), Decimal(6)}


def test_the_pronoun_one_is_no_number():
    assert numbers("that one is fine, wait a second") == set()


@given(st.text(max_size=100))
def test_no_text_breaks_it(text):
    numbers(text)


@given(st.integers(min_value=2, max_value=999_999_999))
def test_digits_with_and_without_commas(number):
    assert numbers(f"{number:,}") == numbers(str(number)) == {Decimal(number)}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("three quarters of it", "0.75"),
        ("two thirds of them", "67"),
        ("a quarter to six", "5"),
        ("at ten to nine", "50"),
        ("half eight", "30"),
        ("half a dozen", "6"),
        ("an hour and a half", "90"),
        ("two hours and a half", "2.5"),
        ("three and three quarters", "3.75"),
        ("a couple of hundred", "200"),
        ("nought point five", "0.5"),
        ("in the eighties", "80"),
        ("one in four", "25"),
        ("none left", "0"),
    ],
)
def test_what_several_words_mean_together(said, value):
    assert Decimal(value) in readings(said)


def test_a_span_is_no_time_of_day():
    assert Decimal(7) not in readings("five to eight people")
