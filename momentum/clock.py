"""The one place that reads the real clock; everything else is told the time."""

from __future__ import annotations

from datetime import UTC, datetime


def real_clock() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)
