"""A transcript as Markdown, in its own language: who said what, and when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from momentum.languages.translator import Translator, translator_of
from momentum.model import Meeting, Segment, Transcript
from momentum.writers import dates
from momentum.writers.markdown import clock, escape
from momentum.writers.transcripts import notes, speaker, told


def as_markdown(transcript: Transcript, meeting: Meeting) -> str:
    """One paragraph per turn, with its time and its speaker, and one for each stretch without words."""
    return "\n\n".join(_blocks(transcript, meeting)) + "\n"


def _blocks(transcript: Transcript, meeting: Meeting) -> Iterator[str]:
    t = translator_of(transcript.language)
    yield f"# {escape(meeting.title) or t._('Untitled meeting')}"
    yield f"*{t._('Transcript by %(engine)s', engine=escape(transcript.engine))}*"
    start = dates.local_start(meeting)
    if start:
        yield f"**{t._('When:')}** {escape(t.moment(start))}"
    turns = [(turn[0].start, _turn(turn, t)) for turn in _turns(transcript)]
    gaps = [(gap.start, f"*{clock(gap.start)} {escape(told(gap, t))}*") for gap in transcript.gaps]
    yield from (text for _, text in sorted([*turns, *gaps], key=lambda block: block[0]))


def _turns(transcript: Transcript) -> Iterator[list[Segment]]:
    """Segments of one speaker in a row; a stretch without words ends a turn, so that it stands where it was."""
    gaps = sorted(gap.start for gap in transcript.gaps)
    turn: list[Segment] = []
    for segment in transcript.segments:
        resumes = bool(turn) and bisect_right(gaps, turn[-1].start) != bisect_right(gaps, segment.start)
        if turn and (resumes or speaker(segment) != speaker(turn[-1]) or segment.speaker is None):
            yield turn
            turn = []
        turn.append(segment)
    if turn:
        yield turn


def _turn(segments: list[Segment], t: Translator) -> str:
    first = segments[0]
    name = f" {escape(speaker(first, t))}" if first.speaker else ""
    # An escaped start of a line stays in front of its own words: here they follow the time.
    words = " ".join(_said(segment, t) for segment in segments)
    return f"**{clock(first.start)}{name}**  \n{words}"


def _said(segment: Segment, t: Translator) -> str:
    return escape(segment.text) + "".join(f" *({escape(note)})*" for note in notes(segment, t))
