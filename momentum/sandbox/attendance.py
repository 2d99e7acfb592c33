"""Who came to a meeting when: one row for each time somebody joins, as Zoom lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from momentum.sandbox.catalogue import Meeting

LISTENER = "iPhone"
"""A guest who says nothing, under the name that their phone gave."""


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody is there from `start` to `end`."""

    name: str
    email: str
    start: datetime
    end: datetime


def joins(meeting: Meeting) -> tuple[Join, ...]:
    """In a meeting of three or more the second one drops out and comes back, and a guest listens."""
    return tuple(_joins(meeting))


def people(meeting: Meeting) -> int:
    """How many were there."""
    return len({(join.name, join.email) for join in joins(meeting)})


def _joins(meeting: Meeting) -> Iterator[Join]:
    length = meeting.end - meeting.start
    several = len(meeting.participants) > 2
    for number, (name, email) in enumerate(meeting.participants):
        came = meeting.start + timedelta(seconds=number)
        if several and number == 1:
            dropped = meeting.start + length / 2
            yield Join(name, email, came, dropped)
            came = dropped + timedelta(seconds=4)
        yield Join(name, email, came, meeting.end)
    if several:
        yield Join(LISTENER, "", meeting.start + length / 3, meeting.end)
