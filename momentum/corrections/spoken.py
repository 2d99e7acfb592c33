"""A layer over a transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from momentum.corrections.layers import EditSegment, FixTerm, Layer, MergeSpeakers, Reassign, RenameSpeaker, renaming
from momentum.corrections.terms import replaced
from momentum.corrections.timing import retimed, spans
from momentum.model import Segment, Transcript

STRIDE = 1_000_000
"""The part of segment 7 that begins at its word 12 has the id 12000007: the same each time the layers are laid."""


def transcript_under(transcript: Transcript, layers: Sequence[Layer]) -> Transcript:
    """The transcript with every layer laid over it, in order."""
    for layer in layers:
        transcript = _under(transcript, layer)
    return transcript


def machine_id(segment_id: int) -> int:
    """The segment of the machine's transcript that this one is a part of."""
    return segment_id % STRIDE


def objection(layer: Layer, transcript: Transcript) -> str | None:
    """Why a layer cannot be laid over this transcript, in a sentence; None where it can."""
    if isinstance(layer, RenameSpeaker | MergeSpeakers):
        wanted = (layer.speaker,) if isinstance(layer, RenameSpeaker) else layer.speakers
        missing = [name for name in wanted if name not in transcript.speakers]
        return f"Nobody called {missing[0]!r} speaks here." if missing else None
    if isinstance(layer, EditSegment):
        return None if _position(transcript, layer.segment) is not None else f"There is no segment {layer.segment}."
    return _misplaced(layer, transcript) if isinstance(layer, Reassign) else None


def _misplaced(layer: Reassign, transcript: Transcript) -> str | None:
    first, last = _position(transcript, layer.first), _position(transcript, layer.last)
    if first is None or last is None:
        return f"There is no segment {layer.first if first is None else layer.last}."
    if first > last:
        return "The first segment comes after the last."
    for at, word in ((first, layer.first_word), (last, layer.last_word)):
        segment = transcript.segments[at]
        if word is not None and not spans(segment.words, segment.text):
            return f"Segment {segment.id} has no times for its words: name it whole."
        if word is not None and word >= len(segment.words):
            return f"Segment {segment.id} has {len(segment.words)} words."
    backwards = first == last and layer.last_word is not None and (layer.first_word or 0) > layer.last_word
    return "The first word comes after the last." if backwards else None


def _position(transcript: Transcript, segment_id: int) -> int | None:
    return next((n for n, segment in enumerate(transcript.segments) if segment.id == segment_id), None)


def _under(transcript: Transcript, layer: Layer) -> Transcript:
    if isinstance(layer, RenameSpeaker | MergeSpeakers):
        return _renamed(transcript, *renaming(layer))
    if isinstance(layer, FixTerm):
        return _each(transcript, lambda segment: _saying(segment, replaced(segment.text, layer.term, layer.replacement)))
    if isinstance(layer, EditSegment):
        return _each(transcript, lambda segment: _saying(segment, layer.text) if segment.id == layer.segment else segment)
    return _reassigned(transcript, layer) if isinstance(layer, Reassign) else transcript


def _each(transcript: Transcript, change: Callable[[Segment], Segment]) -> Transcript:
    return replace(transcript, segments=tuple(map(change, transcript.segments)))


def _saying(segment: Segment, text: str) -> Segment:
    return segment if text == segment.text else replace(segment, text=text, words=retimed(segment, text))


def _renamed(transcript: Transcript, former: Sequence[str], name: str) -> Transcript:
    """Who speaks, and who was there, under the new name."""

    def renamed(segment: Segment) -> Segment:
        if segment.speaker not in former and not any(word.speaker in former for word in segment.words):
            return segment
        words = tuple(replace(word, speaker=name) if word.speaker in former else word for word in segment.words)
        return replace(segment, speaker=name if segment.speaker in former else segment.speaker, words=words)

    people = transcript.participants and tuple(dict.fromkeys(name if one in former else one for one in transcript.participants))
    return replace(_each(transcript, renamed), participants=people)


def _reassigned(transcript: Transcript, layer: Reassign) -> Transcript:
    if _misplaced(layer, transcript):
        return transcript
    segments: list[Segment] = []
    inside = False
    for segment in transcript.segments:
        inside = inside or segment.id == layer.first
        segments += _parts(segment, layer) if inside else [segment]
        inside = inside and segment.id != layer.last
    return replace(transcript, segments=tuple(segments))


def _parts(segment: Segment, layer: Reassign) -> list[Segment]:
    """The segment, cut where the span begins or ends within it; the part inside has the new speaker."""
    begin = (layer.first_word or 0) if segment.id == layer.first else 0
    end = layer.last_word + 1 if segment.id == layer.last and layer.last_word is not None else len(segment.words)
    if begin == 0 and end >= len(segment.words):
        return [_said_by(segment, layer.speaker)]
    cuts = sorted({0, begin, end, len(segment.words)})
    parts = [_part(segment, a, b) for a, b in pairwise(cuts)]
    return [_said_by(part, layer.speaker) if a == begin else part for part, a in zip(parts, cuts, strict=False)]


def _said_by(segment: Segment, speaker: str | None) -> Segment:
    """Somebody who knows says so: it is no estimate any more."""
    words = tuple(replace(word, speaker=speaker, certainty=None) for word in segment.words)
    return replace(segment, speaker=speaker, words=words, estimated=False)


def _part(segment: Segment, begin: int, end: int) -> Segment:
    places = spans(segment.words, segment.text) or []
    text = segment.text[places[begin][0] if begin else 0 : places[end][0] if end < len(places) else None].strip()
    words = segment.words[begin:end]
    return replace(
        segment,
        id=segment.id + begin * STRIDE,
        start=words[0].start if begin else segment.start,
        end=words[-1].end if end < len(places) else segment.end,
        text=text,
        words=words,
    )
