"""A transcript as text, WebVTT, SubRip or JSON; pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

from momentum.model import Segment, Transcript


def as_text(transcript: Transcript) -> str:
    """One line per segment: `[HH:MM:SS] Name: words`, and one for each stretch that no file covers."""
    lines = [(s.start, _one_line(_named(s))) for s in transcript.segments]
    lines += [(gap.start, f"(not recorded until {clock(gap.end, '.')[:-4]})") for gap in transcript.gaps]
    return "".join(f"[{clock(start, '.')[:-4]}] {line}\n" for start, line in sorted(lines, key=lambda line: line[0]))


def as_vtt(transcript: Transcript) -> str:
    """WebVTT with speakers as `<v>` spans (https://www.w3.org/TR/webvtt1/#webvtt-cue-voice-span)."""
    cues = (f"{s.id + 1}\n{clock(s.start, '.')} --> {clock(s.end, '.')}\n{_voiced(s)}\n" for s in transcript.segments)
    return "\n".join(("WEBVTT\n", *cues))


def as_srt(transcript: Transcript) -> str:
    """SubRip: numbered cues, comma before the milliseconds."""
    cues = (f"{s.id + 1}\n{clock(s.start, ',')} --> {clock(s.end, ',')}\n{_one_line(_named(s))}\n" for s in transcript.segments)
    return "\n".join(cues)


def as_json(transcript: Transcript) -> str:
    """Everything, with words, marks and gaps."""
    return json.dumps(dataclasses.asdict(transcript), ensure_ascii=False, indent=1)


FORMATS: dict[str, Callable[[Transcript], str]] = {"txt": as_text, "vtt": as_vtt, "srt": as_srt, "json": as_json}
"""Renderings by file extension."""


def clock(seconds: float, separator: str) -> str:
    """`seconds` as HH:MM:SS<separator>mmm."""
    milliseconds = round(max(seconds, 0.0) * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d}{separator}{milliseconds % 1000:03d}"


def _named(segment: Segment) -> str:
    return f"{segment.speaker}: {segment.text}" if segment.speaker else segment.text


def _voiced(segment: Segment) -> str:
    text = _escaped(_one_line(segment.text))
    return f"<v {_escaped(_one_line(segment.speaker))}>{text}" if segment.speaker else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _one_line(text: str) -> str:
    # A blank line or an arrow would end the cue.
    return " ".join(text.split()).replace("-->", "→")
