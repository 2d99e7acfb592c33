"""What a figure is: a value, the goal it is held to, and whether it is met."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Tell = Callable[[str], None]
"""Says in a line how far a long figure is."""

TRIES = 5
"""Where a goal is in seconds, the best of these counts: a machine that does other things makes all of them longer."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `value` None: it cannot be measured here, and `note` says why."""

    name: str
    value: float | None
    goal: str
    ok: bool | None
    note: str = ""


Measure = Callable[[Tell], Awaitable[list[Figure]]]


def below(name: str, value: float, limit: float, unit: str, note: str = "") -> Figure:
    return Figure(name, round(value, 3), f"< {limit:g} {unit}".strip(), value < limit, note)


def at_most(name: str, value: float, limit: float, unit: str = "", note: str = "") -> Figure:
    return Figure(name, round(value, 3), f"<= {limit:g} {unit}".strip(), value <= limit, note)


def at_least(name: str, value: float, limit: float, unit: str = "", note: str = "") -> Figure:
    return Figure(name, round(value, 3), f">= {limit:g} {unit}".strip(), value >= limit, note)


def exactly(name: str, value: int, wanted: int, unit: str = "", note: str = "") -> Figure:
    return Figure(name, value, f"= {wanted} {unit}".strip(), value == wanted, note)


def missing(name: str, goal: str, why: str) -> Figure:
    return Figure(name, None, goal, None, why)
