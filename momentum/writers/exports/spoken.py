"""A transcript as Markdown: who said what, and when."""

from __future__ import annotations

from collections.abc import Iterator

from momentum.model import Meeting, Segment, Transcript
from momentum.writers import dates
from momentum.writers.markdown import clock, escape
from momentum.writers.transcripts import MARKS, told


def as_markdown(transcript: Transcript, meeting: Meeting) -> str:
    """One paragraph per turn, with its time and its speaker, and one for each stretch without words."""
    return "\n\n".join(_blocks(transcript, meeting)) + "\n"


def _blocks(transcript: Transcript, meeting: Meeting) -> Iterator[str]:
    yield f"# {escape(meeting.title) or 'Untitled meeting'}"
    yield f"*Transcript by {escape(transcript.engine)}*"
    start = dates.local_start(meeting)
    if start:
        yield f"**When:** {escape(dates.moment_in_words(start))}"
    turns = [(turn[0].start, _turn(turn)) for turn in _turns(transcript)]
    gaps = [(gap.start, f"*{clock(gap.start)} {escape(told(gap))}*") for gap in transcript.gaps]
    yield from (text for _, text in sorted([*turns, *gaps], key=lambda block: block[0]))


def _turns(transcript: Transcript) -> Iterator[list[Segment]]:
    turn: list[Segment] = []
    for segment in transcript.segments:
        if turn and (segment.speaker != turn[-1].speaker or segment.speaker is None):
            yield turn
            turn = []
        turn.append(segment)
    if turn:
        yield turn


def _turn(segments: list[Segment]) -> str:
    first = segments[0]
    name = f" {escape(first.speaker)}" if first.speaker else ""
    # An escaped start of a line stays in front of its own words: here they follow the time.
    words = " ".join(_said(segment) for segment in segments)
    return f"**{clock(first.start)}{name}**  \n{words}"


def _said(segment: Segment) -> str:
    marks = "".join(f" *({MARKS.get(mark, escape(mark))})*" for mark in segment.marks)
    return f"{escape(segment.text)}{marks}"
