"""What an operator sets, read into what is in force."""

import pytest

from momentum.settings import load_settings


@pytest.mark.parametrize(
    ("said", "meant"),
    [("free", "free"), ("Business", "business"), ("enterprise", "business"), ("basic", "free"), ("one of 2027", "pro"), ("", "pro")],
)
def test_a_plan_that_is_not_known_counts_as_pro(said, meant):
    assert load_settings(_env_file=None, zoom_plan=said).zoom_plan == meant
