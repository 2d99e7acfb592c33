"""What a reader must know before they trust names and numbers: who was there, speakers that are estimates, where transcripts disagree."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from momentum.languages.translator import ENGLISH, Translator
from momentum.model import Deliverable, Reading, Transcript

MOST_SHOWN = 20


def with_doubts(deliverable: Deliverable, transcript: Transcript) -> Deliverable:
    """The deliverable with what it must tell of its transcript in `extra`: "participants", "estimated_speakers" and "listen_here"."""
    cited = {number for claim in deliverable.claims for number in claim.segment_ids}
    readings = [(s.id in cited, s.id, reading) for s in transcript.segments for reading in s.readings]
    # What claims rest on comes first, then the rest in order of time.
    readings.sort(key=lambda one: (not one[0], one[2].start))
    told: dict[str, Any] = {"participants": list(transcript.people)}
    told["listen_here"] = [_item(number, reading) for _, number, reading in readings[:MOST_SHOWN]]
    told["estimated_speakers"] = any(segment.estimated for segment in transcript.segments)
    return dataclasses.replace(deliverable, extra={**deliverable.extra, **{key: value for key, value in told.items() if value}})


def _item(segment_id: int, reading: Reading) -> dict[str, Any]:
    return {"segment_id": segment_id, **dataclasses.asdict(reading)}


def in_words(readings: Iterable[Reading], t: Translator = ENGLISH) -> list[str]:
    """As in `listen here: "fifteen" or "fifty"`, ours first."""
    return [t._("listen here: %(ours)s or %(theirs)s", ours=_quoted(r.ours, t), theirs=_quoted(r.theirs, t)) for r in readings]


def _quoted(text: str, t: Translator) -> str:
    return t._("“%(words)s”", words=text) if text else t._("nothing")
