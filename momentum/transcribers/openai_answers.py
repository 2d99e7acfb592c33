"""Reading what a transcription API answered: a dict in, segments out, nothing touched.

OpenAI's models and the servers that imitate them differ in almost every field: no times, times in nanoseconds, lists that
are null, durations as strings. Whatever makes sense is used, the whole answer is kept as evidence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from momentum.model import Chunk, Heard, Segment, Word
from momentum.transcribers.openai_models import language_code
from momentum.transcribers.sentences import sentences, whole
from momentum.transcribers.spread import spread

_SLACK_SECONDS = 30.0
_UNITS = (1.0, 1e-3, 1e-6, 1e-9)
_NOTHING_SAID = {"[blank_audio]", "[silence]", "(silence)", "[no speech]"}  # markers of whisper.cpp and its kin, no words
# The schema's own words: https://github.com/openai/openai-openapi, TranscriptionSegment. Its 1.0 for silence cannot be reached.
_FAILED_LOGPROB, _FAILED_COMPRESSION, _SILENT = -1.0, 2.4, 0.6


def read(body: Mapping[str, Any], chunk: Chunk) -> Heard:
    """The words of one chunk; times are the server's where it gave usable ones, else spread over the chunk's speech."""
    segments, times = _timed(body, chunk), "server"
    if not segments:
        segments, times = spread(_said(body.get("text")), chunk.speech), "estimated"
    return Heard(segments, _language(body), _billed(body), raw={"times": times, "answer": dict(body)})


def _timed(body: Mapping[str, Any], chunk: Chunk) -> tuple[Segment, ...]:
    words, segments = _items(body.get("words")), _items(body.get("segments"))
    unit = _unit([*words, *segments], chunk.seconds)
    if unit is None:
        return ()
    spoken = _words(words, str(body.get("text") or ""), unit)
    if segments:
        return _with_words(tuple(s for i, item in enumerate(segments) if (s := _segment(i, item, unit))), spoken)
    return sentences(spoken, seconds=chunk.seconds)


def _items(value: object) -> list[Mapping[str, Any]]:
    """The entries of a list of objects that have both times; null, a missing list and odd entries are nothing."""
    entries = value if isinstance(value, list) else []
    return [e for e in entries if isinstance(e, dict) and _number(e.get("start")) is not None and _number(e.get("end")) is not None]


def _unit(items: list[Mapping[str, Any]], seconds: float) -> float | None:
    """What one unit of the server's times is in seconds (LocalAI counts nanoseconds); None when no unit makes sense."""
    if not items:
        return None
    latest = max(_number(item["end"]) or 0.0 for item in items)
    return next((unit for unit in _UNITS if latest * unit <= seconds + _SLACK_SECONDS), None)


def _words(items: list[Mapping[str, Any]], text: str, unit: float) -> list[Word]:
    """Words with times. OpenAI's come without punctuation: where the text has as many words, its spelling is used."""
    joined = whole([Word(_raw(item), _at(item, "start", unit), _at(item, "end", unit), _probability(item)) for item in items])
    written = text.split()
    spelling = written if len(written) == len(joined) else [word.text.strip() for word in joined]
    return [replace(word, text=f" {spelt}") for word, spelt in zip(joined, spelling, strict=True)]


def _raw(item: Mapping[str, Any]) -> str:
    return str(item.get("word") or item.get("text") or "")


def _probability(item: Mapping[str, Any]) -> float | None:
    value = _number(item.get("probability", item.get("score")))
    return value if value is not None and 0 <= value <= 1 else None


def _segment(number: int, item: Mapping[str, Any], unit: float) -> Segment | None:
    text = _said(item.get("text"))
    if not text:
        return None
    speaker = item.get("speaker")
    name = str(speaker) if isinstance(speaker, str | int) and str(speaker).strip() else None
    return Segment(number, _at(item, "start", unit), _at(item, "end", unit), text, speaker=name, marks=_marks(item))


def _with_words(segments: tuple[Segment, ...], words: list[Word]) -> tuple[Segment, ...]:
    """Each word in the segment that holds its middle; words between two segments stay with the one before."""
    inside: list[list[Word]] = [[] for _ in segments]
    at = 0
    for word in words:
        while at + 1 < len(segments) and (word.start + word.end) / 2 >= segments[at + 1].start:
            at += 1
        if segments:
            inside[at].append(replace(word, text=word.text.strip()))
    return tuple(replace(segment, words=tuple(held)) for segment, held in zip(segments, inside, strict=True))


def _marks(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The decoder's own doubts. Compatible servers send zeros, which say nothing and mark nothing."""
    logprob, compression, silent = (_number(item.get(name)) for name in ("avg_logprob", "compression_ratio", "no_speech_prob"))
    failed = logprob is not None and logprob < _FAILED_LOGPROB
    found = {
        "loop": compression is not None and compression > _FAILED_COMPRESSION,
        "credits": failed and silent is not None and silent > _SILENT,
        "low_confidence": failed,
    }
    return tuple(mark for mark, holds in found.items() if holds)


def _said(text: object) -> str:
    plain = " ".join(text.split()) if isinstance(text, str) else ""
    return "" if plain.lower() in _NOTHING_SAID else plain


def _language(body: Mapping[str, Any]) -> str | None:
    listed = body.get("languages")
    first = listed[0] if isinstance(listed, list) and listed else None
    code = first.get("code") if isinstance(first, dict) else first
    return language_code(code) or language_code(body.get("language"))


def _billed(body: Mapping[str, Any]) -> float | None:
    usage = body.get("usage")
    return _number(usage.get("seconds")) if isinstance(usage, dict) else None


def _at(item: Mapping[str, Any], name: str, unit: float) -> float:
    # To the millisecond: whisper-1 sends float32 artefacts such as 3.319999933242798.
    return round(max(0.0, (_number(item[name]) or 0.0) * unit), 3)


def _number(value: object) -> float | None:
    """A finite number, also where a server wrote it as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
