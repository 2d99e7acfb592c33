"""Dataclasses of `model` as compact JSON, and text as PostgreSQL can hold it.

Short keys and left-out defaults: a word is `[text, start, end, probability, certainty, speaker]`, cut off behind the last of
these that says something. A word whose speaker is its segment's has a certainty and no speaker of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, overload

from momentum.model import Coverage, Gap, GapReason, Heard, Options, Reading, Segment, Tokens, Usage, Word

Json = dict[str, Any]


@overload
def clean(text: str) -> str: ...
@overload
def clean(text: None) -> None: ...
def clean(text: str | None) -> str | None:
    """`text` without what PostgreSQL cannot store: NUL is dropped, a lone surrogate becomes U+FFFD."""
    if text is None:
        return None
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def storable(value: Any) -> Any:
    """JSON-ready `value` with every string cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value


def compact(value: object) -> str:
    """JSON without blanks, moments in ISO 8601; refuses NaN, which PostgreSQL's jsonb does not know."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_iso)


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


# --- what was said --------------------------------------------------------------------------------


def dump_segments(segments: Iterable[Segment]) -> list[Json]:
    """Segments as a JSON array."""
    return [_dump_segment(segment) for segment in segments]


def load_segments(stored: Iterable[Json]) -> tuple[Segment, ...]:
    """The inverse of dump_segments."""
    return tuple(_load_segment(item) for item in stored)


def _dump_segment(segment: Segment) -> Json:
    item: Json = {"i": segment.id, "s": segment.start, "e": segment.end, "t": clean(segment.text)}
    if segment.speaker is not None:
        item["p"] = clean(segment.speaker)
    if segment.words:
        item["w"] = [_dump_word(word, segment.speaker) for word in segment.words]
    if segment.marks:
        item["m"] = storable(segment.marks)
    if segment.estimated:
        item["v"] = True
    if segment.readings:
        item["r"] = [[r.kind, clean(r.ours), clean(r.theirs), r.start, r.end] for r in segment.readings]
    return item


def _load_segment(item: Json) -> Segment:
    return Segment(
        id=item["i"],
        start=float(item["s"]),
        end=float(item["e"]),
        text=item["t"],
        speaker=item.get("p"),
        words=tuple(_load_word(word, item.get("p")) for word in item.get("w", ())),
        marks=tuple(item.get("m", ())),
        estimated=item.get("v", False),
        readings=tuple(Reading(kind, ours, theirs, float(start), float(end)) for kind, ours, theirs, start, end in item.get("r", ())),
    )


def _dump_word(word: Word, of_segment: str | None) -> list[Any]:
    own = None if word.certainty is not None and word.speaker == of_segment else clean(word.speaker)
    facts = [clean(word.text), word.start, word.end, word.probability, word.certainty, own]
    while facts[-1] is None:
        facts.pop()
    return facts


def _load_word(item: Sequence[Any], of_segment: str | None) -> Word:
    text, start, end, probability, certainty, own = (*item, None, None, None)[:6]
    speaker = own if certainty is None else own or of_segment
    return Word(text, float(start), float(end), _number(probability), speaker, _number(certainty))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def dump_heard(heard: Heard) -> Json:
    """An engine's answer with its evidence."""
    item: Json = {"segments": dump_segments(heard.segments), "language": clean(heard.language)}
    if heard.billed_seconds is not None:
        item["billed"] = heard.billed_seconds
    if heard.raw is not None:
        item["raw"] = storable(heard.raw)
    return item


def load_heard(item: Json) -> Heard:
    """The inverse of dump_heard."""
    billed = item.get("billed")
    return Heard(load_segments(item["segments"]), item["language"], None if billed is None else float(billed), item.get("raw"))


def dump_gaps(gaps: Iterable[Gap]) -> list[list[Any]]:
    """Gaps as `[start, end]`, in seconds, with the reason behind where it is not the usual one, and what is wrong where something is."""
    return [_dump_gap(gap) for gap in gaps]


def load_gaps(stored: Iterable[Sequence[Any]]) -> tuple[Gap, ...]:
    """The inverse of dump_gaps."""
    return tuple(_load_gap(*item) for item in stored)


def _dump_gap(gap: Gap) -> list[Any]:
    times: list[Any] = [gap.start, gap.end]
    if gap.detail:
        return [*times, gap.reason.value, clean(gap.detail)]
    return times if gap.reason is GapReason.NOT_RECORDED else [*times, gap.reason.value]


def _load_gap(start: float, end: float, reason: str = GapReason.NOT_RECORDED, detail: str = "") -> Gap:
    return Gap(float(start), float(end), GapReason(reason), detail)


# --- what is written ------------------------------------------------------------------------------


def dump_coverage(coverage: Coverage) -> Json:
    """Segment ids as runs `[first, last]`: whole transcripts are sent, so runs are few."""
    unread = [[first, last, clean(reason)] for first, last, reason in coverage.unread]
    stored: Json = {"sent": _runs(coverage.sent), "cited": _runs(coverage.cited), "unread": unread}
    more = {"missing": _runs(coverage.missing), "tokens": {name: n for name, n in asdict(coverage.tokens).items() if n}}
    return stored | {name: value for name, value in more.items() if value}


def load_coverage(item: Json) -> Coverage:
    """The inverse of dump_coverage."""
    unread = tuple((first, last, reason) for first, last, reason in item.get("unread", ()))
    sent, cited, missing = (_ids(item.get(name, ())) for name in ("sent", "cited", "missing"))
    return Coverage(sent, cited, unread, missing, Tokens(**item.get("tokens", {})))


def _runs(ids: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in ids:
        if runs and runs[-1][1] + 1 == number:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def _ids(runs: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(number for first, last in runs for number in range(first, last + 1))


def dump_usage(usage: Usage) -> Json:
    """What is not zero."""
    return {name: value for name, value in asdict(usage).items() if value}


def load_usage(item: Json) -> Usage:
    """The inverse of dump_usage."""
    return Usage(
        input_tokens=item.get("input_tokens", 0),
        output_tokens=item.get("output_tokens", 0),
        calls=item.get("calls", 0),
        audio_seconds=float(item.get("audio_seconds", 0.0)),
    )


# --- what was asked for ---------------------------------------------------------------------------


def dump_options(options: Options) -> Json:
    """What differs from the defaults."""
    default = asdict(Options())
    return {name: storable(value) for name, value in asdict(options).items() if value != default[name]}


def load_options(item: Json) -> Options:
    """The inverse of dump_options."""
    values: Json = {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
    return Options(**values)
