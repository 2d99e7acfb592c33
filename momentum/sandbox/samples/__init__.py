"""The sample meetings, as the files Zoom would hand out. `make.py` made them from `scripts.py`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SAMPLES = ("planning", "customer", "standup", "short")


@dataclass(frozen=True, slots=True)
class Sample:
    """One voiced meeting with all its files."""

    key: str
    topic: str
    seconds: float
    participants: tuple[tuple[str, str], ...]
    """(name, e-mail address or "")."""
    lines: tuple[tuple[str, float, float, str], ...]
    """(speaker, start, end, text): what was really said."""
    audio: bytes = field(repr=False)
    video: bytes = field(repr=False)
    transcript: bytes = field(repr=False)
    timeline: bytes = field(repr=False)
    chat: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return " ".join(line[3] for line in self.lines)


@cache
def load(key: str) -> Sample:
    """One of SAMPLES. Raises ValueError for another name."""
    if key not in SAMPLES:
        raise ValueError(key)
    folder = Path(__file__).parent / key
    facts = json.loads((folder / "facts.json").read_text())
    return Sample(
        key=key,
        topic=facts["topic"],
        seconds=facts["seconds"],
        participants=tuple((p["name"], p["email"]) for p in facts["participants"]),
        lines=tuple((x["speaker"], x["start"], x["end"], x["text"]) for x in facts["lines"]),
        audio=(folder / "audio.m4a").read_bytes(),
        video=(folder / "video.mp4").read_bytes(),
        transcript=(folder / "transcript.vtt").read_bytes(),
        timeline=(folder / "timeline.json").read_bytes(),
        chat=(folder / "chat.txt").read_bytes(),
    )
