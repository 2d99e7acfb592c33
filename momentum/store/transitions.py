"""Which state of a processing may follow which: the one place that knows."""

from __future__ import annotations

from momentum.errors import Conflict, ErrorCode, Permanent
from momentum.languages import phrase
from momentum.model import ProcessingState as State

ALLOWED: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.WAITING, State.ACTION_REQUIRED, State.FAILED, State.CANCELLED}),
    State.RUNNING: frozenset({State.RUNNING, State.WAITING, State.ACTION_REQUIRED, State.DONE, State.FAILED, State.CANCELLED}),
    State.WAITING: frozenset({State.QUEUED, State.RUNNING, State.WAITING, State.ACTION_REQUIRED, State.FAILED, State.CANCELLED}),
    State.ACTION_REQUIRED: frozenset({State.QUEUED, State.FAILED, State.CANCELLED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
}


def follow(current: State, wanted: State, *, cancel_requested: bool) -> State:
    """The state that comes next; `current` itself when there is nothing left to change.

    Raises Permanent(PROCESSING_CANCELLED) where somebody cancelled, Conflict where `wanted` cannot follow.
    """
    if cancel_requested and wanted is State.RUNNING:
        raise cancelled()
    if cancel_requested and wanted in {State.WAITING, State.ACTION_REQUIRED}:
        return State.CANCELLED
    if wanted in ALLOWED[current]:
        return wanted
    if _already(current, wanted):
        return current
    raise _refusal(current, wanted)


def cancelled() -> Permanent:
    """What a step is told when nobody wants its result any more."""
    return Permanent(ErrorCode.PROCESSING_CANCELLED, "This processing was cancelled.")


def _already(current: State, wanted: State) -> bool:
    # Steps run at least once: the last one, run again after a crash, finds its processing done.
    return current is wanted or (current is State.DONE and wanted is State.RUNNING)


def _refusal(current: State, wanted: State) -> Permanent | Conflict:
    if current is State.CANCELLED:
        return cancelled()
    if current.finished:
        return Conflict(ErrorCode.PROCESSING_FINISHED, f"This processing is already {_NAMES[current]}.")
    return Conflict(ErrorCode.CONFLICT, f"This processing is {_NAMES[current]} and cannot become {_NAMES[wanted]}.")


_NAMES = {
    State.QUEUED: phrase("queued"),
    State.RUNNING: phrase("running"),
    State.WAITING: phrase("waiting"),
    State.ACTION_REQUIRED: phrase("action_required"),
    State.DONE: phrase("done"),
    State.FAILED: phrase("failed"),
    State.CANCELLED: phrase("cancelled"),
}
