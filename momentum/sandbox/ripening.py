"""How far Zoom has got with the files of a meeting that ended a while ago.

It takes about twice the recorded time, up to a day: https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0062627.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from momentum.sandbox.catalogue import Meeting


class Stage(StrEnum):
    """In the order in which a recording goes through them."""

    UNKNOWN = "unknown"
    """Not listed, and asked for by name: there is none."""
    PREPARING = "preparing"
    """Not listed, and asked for by name: still being processed."""
    PROCESSING = "processing"
    """Listed, with files that have no type yet."""
    NO_TRANSCRIPT = "no_transcript"
    WHOLE = "whole"


_ENDS = {Stage.UNKNOWN: ("known", 300), Stage.PREPARING: ("listed", 900), Stage.PROCESSING: ("ready", 1800)}
_ENDS |= {Stage.NO_TRANSCRIPT: ("transcript", 3600)}
"""Option that says when a stage ends, in seconds since the meeting's end, and what holds without it."""


def stage_of(meeting: Meeting, effects: Mapping[str, Mapping[str, Any]], now: datetime) -> Stage:
    """Where a meeting's recording stands under the faults `ripening` and `ripening_by_clock`."""
    if "ripening" in effects:
        return Stage(effects["ripening"].get("stage", Stage.PROCESSING))
    if "ripening_by_clock" not in effects:
        return Stage.WHOLE
    age, options = (now - meeting.end).total_seconds(), effects["ripening_by_clock"]
    ends = {stage: options.get(option, usual) for stage, (option, usual) in _ENDS.items()}
    return next((stage for stage, end in ends.items() if end == "never" or age < float(end)), Stage.WHOLE)
