"""Enrolment of a voice: a speaker of a transcript is heard again, for as little of the recording as that takes.

Nothing of a voice is kept while recordings are processed, so whoever is enrolled is listened to anew: that is what consent is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from momentum.errors import ErrorCode, Invalid
from momentum.languages import phrase
from momentum.media.decoder import Decoder
from momentum.media.voiceprint import VoiceEncoder
from momentum.model import SAMPLE_RATE, Segment, Transcript
from momentum.pipeline.places import Origin, Part

LEAST_SECONDS, ENOUGH_SECONDS = 15.0, 45.0
"""Of speech: with less a voice names the wrong people; more makes it no better."""
_SHORTEST = 1.5
_SURE = 0.8
_Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How somebody sounds, and how many seconds of speech that was taken from."""

    vector: tuple[float, ...]
    seconds: float


async def enrol(origin: Origin, decoder: Decoder, encoder: VoiceEncoder, transcript: Transcript, speaker: str) -> Enrolment:
    """The voice of one of the transcript's speakers.

    Raises Invalid where too little of it is certain, or is still in the recording; and the origin's words.
    """
    spans = certain(transcript.segments, speaker)
    _require(sum(end - start for start, end in spans), phrase(f"this transcript has less that is surely of {speaker!r}"))
    sounds = await _sounds(origin, decoder, spans)
    seconds = sum(map(len, sounds)) / 2 / SAMPLE_RATE
    _require(seconds, phrase(f"the recording as it is now has less of {speaker!r}"))
    vectors = await asyncio.to_thread(encoder.embed, sounds)
    return Enrolment(_middle([[float(value) for value in vector] for vector in vectors]), seconds)


def _require(seconds: float, otherwise: str) -> None:
    # Edges of spans are rounded to whole samples.
    if seconds < LEAST_SECONDS - 0.1:
        raise Invalid(ErrorCode.INVALID_REQUEST, f"A voice takes {LEAST_SECONDS:.0f} seconds of speech to enrol; {otherwise}.")


def certain(segments: Sequence[Segment], speaker: str) -> list[_Span]:
    """The first stretches of speech that are surely this person's, as much as is enough."""
    chosen: list[_Span] = []
    for segment in segments:
        sure = all(word.certainty is None or word.certainty >= _SURE for word in segment.words)
        if segment.speaker == speaker and sure and not segment.unsaid and segment.end - segment.start >= _SHORTEST:
            chosen.append((segment.start, segment.end))
        if sum(end - start for start, end in chosen) >= ENOUGH_SECONDS:
            break
    return chosen


async def _sounds(origin: Origin, decoder: Decoder, spans: Sequence[_Span]) -> list[bytes]:
    found = await origin.look()
    ends = [*(part.offset for part in found.parts[1:]), float("inf")]
    sounds: list[bytes] = []
    for part, end in zip(found.parts, ends, strict=True):
        inside = [(start - part.offset, stop - part.offset) for start, stop in spans if part.offset <= start < end]
        if inside and part.has_media:
            sounds += await _sounds_of(origin, decoder, part, inside)
    return sounds


async def _sounds_of(origin: Origin, decoder: Decoder, part: Part, spans: Sequence[_Span]) -> list[bytes]:
    """The sound of `spans`; the download ends with the last of them."""
    wanted = [(round(start * SAMPLE_RATE) * 2, round(end * SAMPLE_RATE) * 2) for start, end in spans]
    sounds = [bytearray() for _ in wanted]
    at = 0
    async with aclosing(decoder.pcm(origin.media(part))) as pcm:
        async for block in pcm:
            for (first, last), sound in zip(wanted, sounds, strict=True):
                sound.extend(block[max(0, first - at) : max(0, last - at)])
            at += len(block)
            if at >= max(last for _, last in wanted):
                break
    return [bytes(sound) for sound in sounds if len(sound) >= SAMPLE_RATE]


def _middle(vectors: Sequence[Sequence[float]]) -> tuple[float, ...]:
    sums = [sum(values) for values in zip(*vectors, strict=True)]
    length = sum(value * value for value in sums) ** 0.5
    return tuple(value / (length or 1.0) for value in sums)
