from itertools import product

import pytest

from momentum.errors import Conflict, ErrorCode, Permanent
from momentum.model import ProcessingState as State
from momentum.store.transitions import ALLOWED, follow


def test_every_state_says_what_may_follow():
    assert set(ALLOWED) == set(State)


def test_a_finished_processing_can_only_be_queued_again_and_a_done_one_not_even_that():
    assert {state: set(ALLOWED[state]) for state in State if state.finished} == {
        State.DONE: set(), State.FAILED: {State.QUEUED}, State.CANCELLED: {State.QUEUED},
    }  # fmt: skip


@pytest.mark.parametrize(("current", "wanted"), list(product(State, State)))
def test_whatever_is_not_allowed_is_refused_or_changes_nothing(current, wanted):
    try:
        found = follow(current, wanted, cancel_requested=False)
    except (Conflict, Permanent):
        assert wanted not in ALLOWED[current]
    else:
        assert found is (wanted if wanted in ALLOWED[current] else current)


@pytest.mark.parametrize("current", [State.QUEUED, State.RUNNING, State.WAITING])
def test_no_step_starts_once_somebody_asked_to_cancel(current):
    with pytest.raises(Permanent) as caught:
        follow(current, State.RUNNING, cancel_requested=True)

    assert caught.value.code is ErrorCode.PROCESSING_CANCELLED


@pytest.mark.parametrize("wanted", [State.WAITING, State.ACTION_REQUIRED])
def test_a_cancelled_processing_does_not_wait_for_another_try(wanted):
    assert follow(State.RUNNING, wanted, cancel_requested=True) is State.CANCELLED


def test_the_last_step_run_again_finds_its_processing_done():
    assert follow(State.DONE, State.RUNNING, cancel_requested=False) is State.DONE


def test_retrying_what_is_done_says_so():
    with pytest.raises(Conflict) as caught:
        follow(State.DONE, State.QUEUED, cancel_requested=False)

    assert (caught.value.code, caught.value.detail) == (ErrorCode.PROCESSING_FINISHED, "This processing is already done.")


def test_a_step_of_a_cancelled_processing_stops():
    with pytest.raises(Permanent) as caught:
        follow(State.CANCELLED, State.DONE, cancel_requested=False)

    assert caught.value.code is ErrorCode.PROCESSING_CANCELLED
