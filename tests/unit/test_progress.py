"""What a page says of a processing: its steps, how much is done, how long it still takes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from momentum.model import STEPS, Options, ProcessingState
from momentum.store.processings import Processing
from momentum.web.progress import USUAL, Left, left, overall, steps

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = UUID(int=1)
PACES = {"discover": 0.0, "transcribe": 0.1, "attribute": 0.01, "generate": 0.05, "verify": 0.01, "deliver": 0.0}


def processing(state="running", step="transcribe", **more):
    values = dict.fromkeys(Processing.__slots__) | {
        "id": ID, "options": Options(), "state": ProcessingState(state), "step": step, "attempt": 1, "remarks": {},
        "seconds_per_step": {"discover": 1.0}, "duration_minutes": 60, "updated_at": NOW, "started_at": NOW - timedelta(seconds=1),
    }  # fmt: skip
    return Processing(**(values | more))


def states(**more):
    return [step.state.value for step in steps(processing(**more))]


def test_the_steps_of_one_that_runs_waits_stops_and_is_done():
    assert states(fraction=0.5) == ["done", "running", *["to_come"] * 4]
    assert states(fraction=1.0, seconds_per_step={"discover": 1.0, "transcribe": 9.0})[:3] == ["done", "done", "to_come"]
    assert states(state="waiting")[1] == "waiting"
    assert [states(state=state)[1] for state in ("failed", "cancelled", "action_required")] == ["stopped"] * 3
    assert states(state="queued", step=None) == ["to_come"] * 6
    assert states(state="failed", step=None)[0] == "stopped"
    assert states(state="done", step="deliver") == ["done"] * 6


def test_what_was_skipped_says_why():
    remarks = {"transcribe": "captions", "attribute": "no_names", "generate": "no_model"}
    told = steps(processing(state="done", step="deliver", remarks=remarks, seconds_per_step=dict.fromkeys(STEPS, 2.0)))
    assert [(step.state.value, step.remark, step.seconds) for step in told[1:4]] == [
        ("skipped", "captions", None),
        ("skipped", "no_names", None),
        ("done", "no_model", 2.0),
    ]
    again = steps(processing(step="generate", options=Options(again=str(ID))))
    assert [(step.state.value, step.remark) for step in again[:4]] == [
        ("done", None), ("skipped", "former"), ("skipped", "former"), ("running", None),
    ]  # fmt: skip


def test_how_much_is_done_counts_what_is_to_do():
    assert overall(processing(state="queued", step=None), {}) == 0.0
    assert overall(processing(state="done", step="deliver"), {}) == 1.0
    assert overall(processing(fraction=0.5), PACES) == pytest.approx(0.05 / 0.17)
    assert overall(processing(step="generate", fraction=0.5, options=Options(again=str(ID))), PACES) == pytest.approx(0.025 / 0.06)
    assert set(USUAL) == set(STEPS)


def test_what_is_left_comes_from_earlier_processings():
    assert left(processing(fraction=0.5), PACES, NOW) == Left(pytest.approx(3600 * (0.05 + 0.07)), whole=True)
    assert left(processing(step="generate"), PACES, NOW + timedelta(seconds=80)) == Left(pytest.approx(100 + 36), whole=True)
    assert left(processing(fraction=0.5, audio_seconds=1000.0), PACES, NOW) == Left(pytest.approx(120), whole=True)


def test_without_them_the_steps_own_progress_tells_of_this_step_alone():
    later = NOW + timedelta(seconds=60)
    assert left(processing(fraction=0.25), {}, later) == Left(180.0, whole=False)
    assert left(processing(fraction=0.05), {}, later) is None
    assert left(processing(fraction=0.25), {}, NOW + timedelta(seconds=1)) is None
    assert left(processing(), {}, later) is None


def test_nothing_is_told_that_is_not_known():
    later = NOW + timedelta(seconds=60)
    taken_up_again = {"started_at": NOW - timedelta(minutes=5)}
    assert left(processing(fraction=0.25, **taken_up_again), {}, later) is None
    assert left(processing(fraction=0.25, attempt=2), {}, later) is None
    assert left(processing(fraction=0.5, duration_minutes=None), PACES, NOW) is None
    assert [left(processing(state=state, fraction=0.5), PACES, NOW) for state in ("queued", "waiting", "failed", "done")] == [None] * 4
