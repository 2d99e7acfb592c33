"""Where a processing stands, step by step, and what is left of it: pure, for the pages that show it.

What is left is told from how long the same steps took before (`store.steps.paces`), or of the step that runs from its own
progress. Where neither says anything, nothing is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from momentum.model import STEPS, ProcessingState, Remark
from momentum.store.processings import Processing

USUAL = {"discover": 0.003, "transcribe": 0.12, "attribute": 0.005, "generate": 0.03, "verify": 0.005, "deliver": 0.001}
"""Seconds that a second of sound takes, roughly: good enough for the length of a bar, and for nothing else."""
ENOUGH = 0.1
"""Of a step must be done before its own progress tells how long the rest takes."""
_ENOUGH_SECONDS = 5.0
_RESUMED_SECONDS = 10.0

_OF_A_FORMER = frozenset({"transcribe", "attribute"})
"""What a new version of a document does without: it is written from the transcript of the former one."""
_DONE_ALL_THE_SAME = frozenset({Remark.NO_MODEL, Remark.NOTHING_SAID})


class StepState(StrEnum):
    """How it is with one step."""

    TO_COME = "to_come"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    """Here the processing failed, was cancelled, or needs its person."""
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `remark` is a `model.Remark`, or "former" where a former version's transcript is used."""

    name: str
    state: StepState
    seconds: float | None = None
    fraction: float | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """Seconds until the end, or (`whole` false) until the end of the step that runs."""

    seconds: float
    whole: bool


def steps(processing: Processing) -> list[Step]:
    """All steps in their order, as they stand."""
    return [_step(processing, name) for name in STEPS]


def overall(processing: Processing, paces: Mapping[str, float]) -> float:
    """How much is done of all that is to do, 0..1. `paces`: see `store.steps.paces`; {} where nothing is known."""
    if processing.state is ProcessingState.DONE:
        return 1.0
    weights = {**USUAL, **paces}
    to_do = [step for step in steps(processing) if step.state is not StepState.SKIPPED]
    whole = sum(weights[step.name] for step in to_do)
    done = sum(weights[step.name] * (1.0 if step.state is StepState.DONE else step.fraction or 0.0) for step in to_do)
    return done / whole if whole else 0.0


def left(processing: Processing, paces: Mapping[str, float], now: datetime) -> Left | None:
    """How long it still takes, while it runs; None where nothing honest can be said."""
    sound = processing.audio_seconds or (processing.duration_minutes or 0) * 60.0
    if processing.state is not ProcessingState.RUNNING or processing.step is None or not sound:
        return None
    standing = steps(processing)
    to_come = [step.name for step in standing if step.state is StepState.TO_COME]
    running = next((step for step in standing if step.state is StepState.RUNNING), None)
    this = _of_step(processing, running, paces, sound, now) if running else 0.0
    if this is None:
        return None
    if all(name in paces for name in to_come):
        return Left(this + sum(paces[name] * sound for name in to_come), whole=True)
    return Left(this, whole=False) if running else None


def _of_step(processing: Processing, step: Step, paces: Mapping[str, float], sound: float, now: datetime) -> float | None:
    gone = (now - processing.updated_at).total_seconds()  # nothing but the start of a step moves that moment while it runs
    if step.name in paces:
        whole = paces[step.name] * sound
        return whole * (1 - step.fraction) if step.fraction is not None else max(0.0, whole - gone)
    if step.fraction is None or step.fraction < ENOUGH or gone < _ENOUGH_SECONDS or not _began_at_its_beginning(processing):
        return None
    return gone * (1 - step.fraction) / step.fraction


def _began_at_its_beginning(processing: Processing) -> bool:
    """Whether the step that runs was not taken up again: what it found done already would make it look quick."""
    if processing.started_at is None or processing.attempt > 1:
        return False
    earlier = sum(seconds for name, seconds in processing.seconds_per_step.items() if name != processing.step)
    return (processing.updated_at - processing.started_at).total_seconds() - earlier < _RESUMED_SECONDS


def _step(processing: Processing, name: str) -> Step:
    remark, seconds = processing.remarks.get(name), processing.seconds_per_step.get(name)
    if processing.options.again and name in _OF_A_FORMER:
        return Step(name, StepState.SKIPPED, remark="former")
    place = _place(processing, name)
    if place < 0 or processing.state is ProcessingState.DONE:
        return _ended(name, seconds, remark)
    if place > 0:
        return Step(name, StepState.TO_COME)
    return _current(processing, name, seconds, remark)


def _place(processing: Processing, name: str) -> int:
    """Before (< 0), at or after (> 0) where the processing is."""
    now_at = processing.step or (STEPS[0] if processing.state is not ProcessingState.QUEUED else None)
    return STEPS.index(name) - (STEPS.index(now_at) if now_at in STEPS else -1)


def _current(processing: Processing, name: str, seconds: float | None, remark: str | None) -> Step:
    match processing.state:
        case ProcessingState.RUNNING if processing.fraction == 1.0 and seconds is not None:
            return _ended(name, seconds, remark)  # the next one begins in a moment
        case ProcessingState.RUNNING:
            return Step(name, StepState.RUNNING, fraction=processing.fraction, remark=remark)
        case ProcessingState.WAITING:
            return Step(name, StepState.WAITING, fraction=processing.fraction)
        case ProcessingState.QUEUED:
            return Step(name, StepState.TO_COME)
        case _:
            return Step(name, StepState.STOPPED)


def _ended(name: str, seconds: float | None, remark: str | None) -> Step:
    done = remark is None or remark in _DONE_ALL_THE_SAME
    return Step(name, StepState.DONE if done else StepState.SKIPPED, seconds if done else None, remark=remark)
