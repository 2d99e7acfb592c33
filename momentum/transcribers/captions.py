"""The provider's own text: Zoom's transcript and captions (WebVTT), its timeline of speakers, its chat. Pure and forgiving.

Zoom writes one cue per caption, `Name: words`; names may hold dots, brackets and colons, cues may have no name, and words may
look like a name. A name counts as one when the meeting's participants have it or more than one cue begins with it.

https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from momentum.model import Segment

_LONGEST_NAME = 80
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,9})?)"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_CHAT = re.compile(rf"^{_TIME}\t+\s*(.+?)\s*:\t(.*)$")
_VOICE = re.compile(r"^<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?(?:[bicuv]|ruby|rt|lang|\d[\d:.]*)(?:[.\s][^>]*)?>")
_NO_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is active from `start` to `end` (seconds of the recording): nobody, one, or several at once."""

    start: float
    end: float
    speakers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the chat, `at` seconds after the recording began."""

    at: float
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Cue:
    start: float
    end: float
    text: str
    voice: str | None
    numbered: bool


def read_vtt(text: str, participants: Sequence[str] = ()) -> tuple[Segment, ...]:
    """The cues as segments in order of time, ids from 0, with the speaker where the cue names one we believe.

    Line ends of any kind, a byte order mark, cue numbers or none; what is no cue is passed over, never an error. Zoom's
    closed captions (no numbers, no names) repeat themselves while a line stands on the screen: repeats become one segment.
    """
    cues = sorted(_cues(text), key=lambda cue: cue.start)
    names = _names([cue.text for cue in cues if cue.voice is None], participants)
    segments = [_segment(cue, names) for cue in cues]
    if not any(cue.numbered or cue.voice for cue in cues) and not names:
        segments = _without_repeats(segments)
    return tuple(replace(segment, id=number) for number, segment in enumerate(segments))


def read_timeline(text: str, *, seconds: float | None = None) -> tuple[Turn, ...]:
    """The turns of a timeline file; the refined list where there is one. The last turn ends at `seconds`, the recording's length.

    A file that is empty or not what it says gives no turns.
    """
    document = _parsed(text)
    entries = next((e for e in (document.get("timeline_refine"), document.get("timeline")) if isinstance(e, list) and e), [])
    changes = sorted((c for entry in entries if (c := _change(entry)) is not None), key=lambda change: change[0])
    if changes:
        changes.append((max(seconds or 0.0, changes[-1][0]), ()))
    turns = [Turn(start, end, speakers) for (start, speakers), (end, _) in pairwise(changes) if end > start]
    return tuple(_joined(turns))


def read_chat(text: str) -> tuple[ChatMessage, ...]:
    """The messages of a chat file; a line without a time goes on with the message before it."""
    messages: list[ChatMessage] = []
    for line in text.removeprefix("\ufeff").splitlines():
        if match := _CHAT.match(line):
            messages.append(ChatMessage(_seconds(*match.groups()[:3]), match[4], match[5].strip()))
        elif messages and line.strip():
            messages[-1] = replace(messages[-1], text=f"{messages[-1].text}\n{line.strip()}".strip())
    return tuple(messages)


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def _cues(text: str) -> Iterable[_Cue]:
    for block in re.split(r"\n[ \t]*\n", "\n".join(text.removeprefix("\ufeff").splitlines())):
        lines = block.strip().split("\n")
        at = next((i for i, line in enumerate(lines) if _TIMING.match(line)), None)
        if at is None or (lines[0].startswith(_NO_CUES[1:]) and at > 0):
            continue
        yield from _cue(lines[at:], numbered=at > 0 and not lines[at - 1].startswith(_NO_CUES))


def _cue(lines: list[str], *, numbered: bool) -> Iterable[_Cue]:
    timing = _TIMING.match(lines[0])
    words = " ".join(line.strip() for line in lines[1:] if line.strip())
    voice = _VOICE.match(words)
    said = " ".join(html.unescape(_TAG.sub("", _VOICE.sub("", words))).split())
    if timing and said:
        start, end = _seconds(*timing.groups()[:3]), _seconds(*timing.groups()[3:])
        yield _Cue(start, max(start, end), said, html.unescape(voice[1]).strip() if voice else None, numbered)


def _names(texts: Sequence[str], participants: Sequence[str]) -> tuple[str, ...]:
    """The names to believe, longest first."""
    known = {name.strip() for name in participants if name.strip()}
    seen = Counter(text.partition(": ")[0] for text in texts if ": " in text)
    repeated = [name for name, times in seen.items() if times > 1 and 0 < len(name) <= _LONGEST_NAME]
    whole = {found for name in repeated for found in _whole_names(name, texts)}
    return tuple(sorted(known | whole, key=lambda name: (-len(name), name)))


def _whole_names(name: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The names that begin so where names themselves hold ": ", as far as every cue that begins with it goes on that way.

    Empty where each cue goes on differently: then "Team: Red" and "Team: Blue" may be two people or one who says a list.
    """
    rests = [text[len(name) + 2 :] for text in texts if text.startswith(f"{name}: ")]
    heads = Counter(rest.partition(": ")[0] if ": " in rest else "" for rest in rests)
    if any(not head or len(name) + len(head) + 2 > _LONGEST_NAME for head in heads):
        return (name,)
    if len(heads) > 1 and max(heads.values()) == 1:
        return ()
    return tuple(whole for head in heads for whole in _whole_names(f"{name}: {head}", texts))


def _segment(cue: _Cue, names: Sequence[str]) -> Segment:
    if cue.voice:
        return Segment(0, cue.start, cue.end, cue.text, speaker=cue.voice)
    folded = cue.text.casefold()
    name = next((name for name in names if folded.startswith(f"{name.casefold()}: ")), None)
    if name is None:
        return Segment(0, cue.start, cue.end, cue.text)
    return Segment(0, cue.start, cue.end, cue.text.split(": ", name.count(": ") + 1)[-1].strip(), speaker=name)


def _without_repeats(segments: Sequence[Segment]) -> list[Segment]:
    kept: list[Segment] = []
    for segment in segments:
        if kept and segment.text == kept[-1].text and segment.start <= kept[-1].end:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, segment.end))
        else:
            kept.append(segment)
    return kept


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _change(entry: object) -> tuple[float, tuple[str, ...]] | None:
    if not isinstance(entry, dict):
        return None
    at = re.fullmatch(_TIME, str(entry.get("ts", "")).strip())
    users = entry.get("users")
    if at is None:
        return None
    listed = [str(u.get("username") or "").strip() for u in users if isinstance(u, dict)] if isinstance(users, list) else []
    return _seconds(*at.groups()), tuple(dict.fromkeys(name for name in listed if name))


def _joined(turns: Iterable[Turn]) -> list[Turn]:
    """Turns with the same speakers that follow each other, as one; those of nobody are no turns."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].speakers == turn.speakers and joined[-1].end >= turn.start:
            joined[-1] = replace(joined[-1], end=turn.end)
        else:
            joined.append(turn)
    return [turn for turn in joined if turn.speakers]
