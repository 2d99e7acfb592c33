"""Every page of the table in places.py, looked at as readers see it: what it weighs, says, asks for, and what checkers find."""

import os
from pathlib import Path

import pytest

from momentum.web.headers import HEADERS
from tests.browser.contents import MARKUP
from tests.browser.looks import AXE, every_look, eyes, one_look_each

pytestmark = pytest.mark.anyio

LIGHTEST = 60 * 1024
"""Bytes that a page with everything it loads stays under."""
SLOW = 2_000
"""Milliseconds that no page may take however busy the machine is; `make bench ARGS=pages` measures against 200."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(one_look_each, id="one-look-each"),
        pytest.param(every_look, id="every-look", marks=[pytest.mark.acceptance, pytest.mark.timeout(900)]),
    ],
)
async def seen(request, browser, full, tmp_path_factory):
    """What was seen of each page; pictures of all lie in the folder that MOMENTUM_SCREENSHOTS names, or with the test's files."""
    pictures = _folder(tmp_path_factory) if request.param is every_look else None
    async with eyes(browser, full) as looking:
        return [await _patiently(looking, *what, picture=pictures) for what in request.param()]


async def _patiently(looking, *what, picture):
    """A look; one that was slow is taken again, as other work on the machine may have held it up."""
    first = await looking.look(*what, picture=picture)
    return first if first.first_paint <= SLOW else await looking.look(*what, picture=picture)


def _folder(tmp_path_factory):
    folder = Path(os.environ.get("MOMENTUM_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def wrong(seen, what):
    """The looks of which something holds that must not."""
    return {str(one): found for one in seen if (found := what(one))}


def each_answers_as_it_should_and_has_one_heading(seen):
    assert wrong(seen, lambda one: one.status != one.place.status and one.status) == {}
    assert wrong(seen, lambda one: one.headings != 1) == {}


def axe_finds_nothing(seen):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: tests/prepare.d/axe")
    assert wrong(seen, lambda one: one.violations) == {}


def nothing_runs_off_the_side(seen):
    assert wrong(seen, lambda one: one.runs_off) == {}


def nothing_comes_below_the_foot(seen):
    assert wrong(seen, lambda one: one.hollow) == {}


def each_weighs_less_than_sixty_kilobytes_with_all_it_loads(seen):
    assert wrong(seen, lambda one: one.weight >= LIGHTEST and one.weight) == {}
    assert min(one.weight for one in seen) > 3_000, "something was counted"


def none_is_slow(seen):
    assert wrong(seen, lambda one: one.first_paint > SLOW and one.first_paint) == {}


def nothing_is_refused_by_the_policy_and_nothing_is_asked_of_others(seen):
    assert wrong(seen, lambda one: one.complaints) == {}
    assert wrong(seen, lambda one: one.elsewhere) == {}


def each_answer_carries_the_headers_that_keep_a_page_to_itself(seen):
    assert wrong(seen, _lacking) == {}
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def _lacking(one):
    # Whoever follows a link from a shared document tells nobody where it stood.
    stricter = {"Referrer-Policy": "no-referrer"} if one.place.name.startswith("shared") else {}
    return [name for name, value in (HEADERS | stricter).items() if one.headers.get(name.lower()) != value]


def markup_in_what_people_say_stays_text(seen):
    with_markup = [one for one in seen if "markup" in one.place.name]
    assert len(with_markup) >= 3
    for one in with_markup:
        assert "<script>alert" not in one.source
        assert '<img src="x"' not in one.source
        assert "&lt;script&gt;alert" in one.source, str(one)
        assert str(7127 * 9137) not in one.source
    assert "javascript:" in MARKUP
    assert not any('href="javascript:' in one.source for one in seen)


CHECKS = (
    each_answers_as_it_should_and_has_one_heading,
    axe_finds_nothing,
    nothing_runs_off_the_side,
    nothing_comes_below_the_foot,
    each_weighs_less_than_sixty_kilobytes_with_all_it_loads,
    none_is_slow,
    nothing_is_refused_by_the_policy_and_nothing_is_asked_of_others,
    each_answer_carries_the_headers_that_keep_a_page_to_itself,
    markup_in_what_people_say_stays_text,
)


def test_every_page(seen, subtests):
    """One test, as the looks take longer than all checks of them."""
    for check in CHECKS:
        with subtests.test(check=check.__name__):
            check(seen)
