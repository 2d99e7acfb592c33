"""A transcript as text, WebVTT or SubRip, notes in its own language; pure."""

from __future__ import annotations

from collections.abc import Callable

from momentum.languages import N_
from momentum.languages.translator import ENGLISH, Translator, translator_of
from momentum.model import LISTEN_HERE, Gap, GapReason, Segment, Transcript
from momentum.writers.doubts import in_words

_WORDLESS = {
    GapReason.NOT_RECORDED: N_("not recorded"),
    GapReason.NO_TRANSCRIPT: N_("recorded, but without the provider's transcript"),
    GapReason.NO_AUDIO: N_("recorded, but no file of it can be heard"),
    GapReason.BROKEN_OFF: N_("the end of the file is missing"),
}
_SHORTEST_CUE = 5.0


def as_text(transcript: Transcript) -> str:
    """One line per segment: `[HH:MM:SS] Name: words [what looks wrong]`, and one for each stretch without words."""
    t = translator_of(transcript.language)
    lines = [(s.start, _one_line(_named(s, t))) for s in transcript.segments]
    lines += [(gap.start, told(gap, t)) for gap in transcript.gaps]
    return "".join(f"[{clock(start, '.')[:-4]}] {line}\n" for start, line in sorted(lines, key=lambda line: line[0]))


def as_vtt(transcript: Transcript) -> str:
    """WebVTT with speakers as `<v>` spans (https://www.w3.org/TR/webvtt1/#webvtt-cue-voice-span)."""
    return "\n".join(("WEBVTT\n", *_cues(transcript, ".", _voiced)))


def as_srt(transcript: Transcript) -> str:
    """SubRip: numbered cues, comma before the milliseconds."""
    return "\n".join(_cues(transcript, ",", lambda segment, t: _one_line(_named(segment, t))))


def _cues(transcript: Transcript, separator: str, words: Callable[[Segment, Translator], str]) -> list[str]:
    """Numbered cues. Who watches is told of what was recorded and has no words; what no file covers is never played."""
    t = translator_of(transcript.language)
    cues = [(s.start, s.end, words(s, t)) for s in transcript.segments]
    silent = [gap for gap in transcript.gaps if gap.reason is not GapReason.NOT_RECORDED]
    cues += [(gap.start, max(gap.end, gap.start + _SHORTEST_CUE), told(gap, t)) for gap in silent]
    ordered = enumerate(sorted(cues, key=lambda cue: cue[0]), 1)
    return [f"{n}\n{clock(start, separator)} --> {clock(end, separator)}\n{line}\n" for n, (start, end, line) in ordered]


MARKS = {
    "loop": N_("repeats itself"),
    "credits": N_("probably never said"),
    "rate": N_("more words than the time allows"),
    "gap": N_("not understood"),
    "low_confidence": N_("heard badly"),
}
"""What a reader is told of a segment that looks wrong."""


FORMATS: dict[str, Callable[[Transcript], str]] = {"txt": as_text, "vtt": as_vtt, "srt": as_srt}
"""Renderings by file extension."""


def clock(seconds: float, separator: str) -> str:
    """`seconds` as HH:MM:SS<separator>mmm."""
    milliseconds = round(max(seconds, 0.0) * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d}{separator}{milliseconds % 1000:03d}"


def told(gap: Gap, t: Translator = ENGLISH) -> str:
    """A stretch without words, in brackets: "(not recorded until 00:12:30)"."""
    what = t._(_WORDLESS[gap.reason])
    until = clock(gap.end, ".")[:-4] if gap.end > gap.start else ""
    return f"({t._('%(what)s until %(time)s', what=what, time=until) if until else what})"


def notes(segment: Segment, t: Translator = ENGLISH) -> list[str]:
    """What a reader is told of a segment beside its words: what looks wrong, and where two transcripts disagree."""
    marks = (mark for mark in segment.marks if mark != LISTEN_HERE)
    return [*(t._(MARKS[mark]) if mark in MARKS else mark for mark in marks), *in_words(segment.readings, t)]


def speaker(segment: Segment, t: Translator = ENGLISH) -> str:
    """Who says it, labelled where that is an estimate; "" where nobody is named."""
    if segment.speaker and segment.estimated:
        return t._("%(name)s (estimated)", name=segment.speaker)
    return segment.speaker or ""


def _marked(segment: Segment, t: Translator) -> str:
    return " ".join((segment.text, *(f"[{note}]" for note in notes(segment, t))))


def _named(segment: Segment, t: Translator) -> str:
    return f"{speaker(segment, t)}: {_marked(segment, t)}" if segment.speaker else _marked(segment, t)


def _voiced(segment: Segment, t: Translator) -> str:
    text = _escaped(_one_line(_marked(segment, t)))
    return f"<v {_escaped(_one_line(speaker(segment, t)))}>{text}" if segment.speaker else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _one_line(text: str) -> str:
    # A blank line or an arrow would end the cue.
    return " ".join(text.split()).replace("-->", "→")
