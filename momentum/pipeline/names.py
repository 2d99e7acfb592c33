"""Gathers the witnesses of who spoke when. Names are a gift: a witness that cannot be had must not cost the words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace

from momentum.errors import MomentumError, Permanent, Retry
from momentum.media.cuts import SPEECH_BEGINS, SPEECH_ENDS
from momentum.media.decoder import Decoder
from momentum.media.voice import FRAME, VoiceGate
from momentum.model import SAMPLE_RATE, Segment
from momentum.pipeline.attribute import Witnesses
from momentum.pipeline.places import Found, Origin, Part, Track
from momentum.transcribers.captions import Turn

_FRAME_SECONDS = FRAME / SAMPLE_RATE
_JOINED = 0.3
"""Seconds of silence that do not end a stretch of speech."""


async def witnesses(origin: Origin, decoder: Decoder, found: Found) -> Witnesses:
    """All that the provider knows of who spoke when, on the meeting's clock.

    Raises Retry while its captions cannot be had yet, and where nobody at all is named, but a witness may be there a little later.
    """
    passing: list[Retry] = []
    captions = [c for part in found.parts if part.has_captions for c in await _captions(origin, part)]
    turns = [t for part in found.parts if part.has_turns for t in await _turns(origin, part, passing)]
    tracks = [track for part in found.parts if part.has_tracks for track in origin.tracks(part)]
    heard = [(track.name, spans) for track in tracks if (spans := await _spoken(decoder, track, passing)) is not None]
    known = Witnesses(
        captions=tuple(sorted(captions, key=lambda caption: caption.start)),
        turns=tuple(turns),
        tracks=tuple(Turn(start, end, (name,)) for name, spans in heard for start, end in spans),
        tracked=tuple(dict.fromkeys(name for name, _ in heard)),
        roster=(await origin.meeting()).participants,
    )
    if passing and not known.name_anybody:
        raise passing[0]
    return known


async def _captions(origin: Origin, part: Part) -> list[Segment]:
    try:
        captions = await origin.captions(part)
    except Permanent:
        return []
    return [replace(c, start=c.start + part.offset, end=c.end + part.offset) for c in captions]


async def _turns(origin: Origin, part: Part, passing: list[Retry]) -> list[Turn]:
    try:
        turns = await origin.turns(part)
    except Retry as error:
        passing.append(error)
        return []
    except MomentumError:
        return []
    return [replace(turn, start=turn.start + part.offset, end=turn.end + part.offset) for turn in turns]


async def _spoken(decoder: Decoder, track: Track, passing: list[Retry]) -> list[tuple[float, float]] | None:
    """Where a voice is heard in one participant's audio; None where it cannot be heard at all."""
    gate, probabilities = VoiceGate(), list[float]()
    try:
        async with aclosing(decoder.pcm(track.source)) as pcm:
            async for block in pcm:
                probabilities += await asyncio.to_thread(gate.feed, block)
    except Retry as error:
        passing.append(error)
        return None
    except MomentumError:
        return None
    probabilities += await asyncio.to_thread(gate.finish)
    return [(track.offset + start, track.offset + end) for start, end in _spans(probabilities)]


def _spans(probabilities: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Seconds of speech, with the gate's hysteresis; pauses within a phrase are no end of it."""
    start: float | None = None
    end = 0.0
    for number, probability in enumerate(probabilities):
        at = number * _FRAME_SECONDS
        if probability >= (SPEECH_BEGINS if start is None or at > end else SPEECH_ENDS):
            if start is not None and at - end > _JOINED:
                yield start, end
                start = None
            start = at if start is None else start
            end = at + _FRAME_SECONDS
    if start is not None:
        yield start, end
