import pytest

from momentum.outbound.openai_ends import end_of
from momentum.outbound.openai_prices import usd
from momentum.settings import DEFAULT_LANGUAGE_MODEL


def test_a_call_costs_what_the_list_says():
    assert usd("gpt-6-luna", input_tokens=1_000_000 // 4, output_tokens=100_000) == pytest.approx(0.025 + 0.05)


def test_a_dated_snapshot_costs_what_its_model_costs():
    assert usd("gpt-6.1-sol-2026-10-01", input_tokens=1000, output_tokens=0) == pytest.approx(0.002)


def test_a_very_long_question_costs_more():
    assert usd("gpt-6-sol", input_tokens=300_000, output_tokens=1_000) == pytest.approx(0.3 * 2 * 2 + 0.001 * 10 * 1.5)


@pytest.mark.parametrize("model", ["llama-3", "gpt-6-lunatic", "gpt-6-luna-mini"])
def test_of_a_model_that_is_not_on_the_list_nothing_is_claimed(model):
    assert usd(model, input_tokens=10, output_tokens=10) is None


def test_the_default_model_is_on_the_list():
    assert usd(DEFAULT_LANGUAGE_MODEL, input_tokens=1, output_tokens=1) is not None


@pytest.mark.parametrize(("model", "ends"), [("gpt-4o", 2027), ("gpt-4o-2024-08-06", 2027), ("gpt-4-0613", 2026), ("gpt-4o-audio", None)])
def test_a_model_and_its_snapshots_end_on_the_vendors_day(model, ends):
    found = end_of(model)
    assert (found and found.year) == ends


def test_the_default_model_has_no_end_yet():
    assert end_of(DEFAULT_LANGUAGE_MODEL) is None
