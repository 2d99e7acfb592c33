"""What looks wrong in a transcript, found by code: marks, never deletions. Pure; works in any language.

Speech engines invent: sentences repeated for minutes, subtitle credits on silence, more words than anybody can say. Their own
quality numbers do not catch it, and lists of phrases eat people's real "Okay", so structure decides and a short list comes last.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

from momentum.model import Chunk, Heard, Segment

Spans = Sequence[tuple[float, float]]

LOOP, CREDITS, RATE, LOW_CONFIDENCE = "loop", "credits", "rate", "low_confidence"

# OpenAI's decoder calls a window failed above this: https://github.com/openai/whisper, whisper/transcribe.py.
_COMPRESSION = 2.4
_COMPRESSIBLE_BYTES = 80  # shorter text says nothing by its compression
_REPEATS = 4
_REPEATED_CHARACTERS = 20
_SPOKEN_SHARE = 0.2
_SILENT_SECONDS = 1.0
_WORDS_PER_SECOND = 7.0
_CHARACTERS_PER_SECOND = 40.0
_FEWEST_FOR_A_RATE = 6
_PROBABILITY = 0.4

_CREDITS = re.compile(
    r"subtitles? by|captions? by|amara\.org|thank(s| you) for watching|(like and|please) subscribe"
    r"|untertitel (der|von|im auftrag)|sous-titr|subtítulos (por|realizados)|legendas pela|sottotitoli (di|creati)"
    r"|субтитр|字幕|ご視聴ありがとうございました|시청해\s?주셔서",
    re.IGNORECASE,
)


def marked(heard: Heard, chunk: Chunk) -> tuple[Segment, ...]:
    """The segments of one chunk with their marks. Times are put inside the chunk and in order; nothing is dropped."""
    latest, result = 0.0, []
    for segment in heard.segments:
        inside = _inside(segment, latest, chunk.seconds)
        latest = inside.start
        result.append(inside)
    looping = _repeated_across(result)
    return tuple(replace(s, marks=_marks(s, chunk.speech, looping=i in looping)) for i, s in enumerate(result))


def _inside(segment: Segment, latest: float, seconds: float) -> Segment:
    start = min(max(segment.start, latest, 0.0), seconds)
    words = tuple(replace(w, start=min(max(w.start, start), seconds), end=min(max(w.end, start), seconds)) for w in segment.words)
    return replace(segment, start=start, end=min(max(segment.end, start), seconds), words=words)


def _marks(segment: Segment, speech: Spans, *, looping: bool) -> tuple[str, ...]:
    found = {
        LOOP: looping or repeats_itself(segment.text),
        CREDITS: _said_in_silence(segment, speech) or is_credit(segment.text),
        RATE: _too_quick(segment),
        LOW_CONFIDENCE: _doubted(segment),
    }
    return tuple(dict.fromkeys([*segment.marks, *(mark for mark, holds in found.items() if holds)]))


def repeats_itself(text: str) -> bool:
    """Whether a piece of the text stands many times in a row, or the whole compresses as speech never does."""
    plain = _plain(text)
    raw = plain.encode()
    if len(raw) >= _COMPRESSIBLE_BYTES and len(raw) / len(zlib.compress(raw)) > _COMPRESSION:
        return True
    return any(_runs(plain, length) for length in range(2, min(60, len(plain) // _REPEATS) + 1))


def _runs(plain: str, period: int) -> bool:
    """Whether `plain` holds a stretch of that period, repeated often enough and long enough to be no way of speaking."""
    needed, run = max((_REPEATS - 1) * period, _REPEATED_CHARACTERS), 0
    for before, after in zip(plain, plain[period:], strict=False):
        run = run + 1 if before == after else 0
        if run >= needed:
            return True
    return False


def _repeated_across(segments: Sequence[Segment]) -> set[int]:
    """Positions of segments that say the same, four or more in a row."""
    found: set[int] = set()
    first = 0
    for i in range(1, len(segments) + 1):
        if i == len(segments) or _plain(segments[i].text) != _plain(segments[first].text):
            if i - first >= _REPEATS:
                found.update(range(first, i))
            first = i
    return found


def is_credit(text: str) -> bool:
    """Whether a short text is one of the closing words that engines put on silence."""
    return len(text) <= 60 and _CREDITS.search(text) is not None


def _said_in_silence(segment: Segment, speech: Spans) -> bool:
    length = segment.end - segment.start
    spoken = sum(max(0.0, min(segment.end, end) - max(segment.start, start)) for start, end in speech)
    return length >= _SILENT_SECONDS and spoken / length < _SPOKEN_SHARE


def _too_quick(segment: Segment) -> bool:
    words, length = len(segment.text.split()), max(segment.end - segment.start, 0.1)
    by_words = words >= _FEWEST_FOR_A_RATE and words / length > _WORDS_PER_SECOND
    return by_words or (len(segment.text) > _CHARACTERS_PER_SECOND and len(segment.text) / length > _CHARACTERS_PER_SECOND)


def _doubted(segment: Segment) -> bool:
    known = [word.probability for word in segment.words if word.probability is not None]
    return bool(known) and sum(known) / len(known) < _PROBABILITY


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())
