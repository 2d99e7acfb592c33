"""The pictures of an analysis, as SVG drawn here, in the reader's language: no script, nothing from elsewhere, light and dark."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from momentum.analysis import Analysis
from momentum.analysis.sentiment import SpeakerSentiment
from momentum.analysis.turns import Span
from momentum.languages.translator import Translator
from momentum.web.view import environment, speaker_in
from momentum.writers.markdown import clock

WIDTH, MARGIN = 760, 20
NAMES = 190
"""Width of the column of names."""
MOST = 12
"""Speakers with a row of their own."""
COLOURS = 8
"""Of the palette in the templates; more speakers than that share them."""
SIGNED = "+0.00;-0.00"
_LONGEST_NAME = 22
_LONGEST_TITLE = 60
_NUMBER = 24
"""Width that a chapter's number of up to three digits needs."""
# What XML 1.0 cannot hold even escaped: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Values = dict[str, Any]


def talk_time(found: Analysis, title: str, t: Translator) -> str:
    """A bar for each speaker, most talk time first."""
    rows = [(speaker_in(t.language, s.speaker), s.seconds, s.share) for s in found.talk.speakers[:MOST]]
    if others := found.talk.speakers[MOST:]:
        rows.append((_others(len(others), t), sum(s.seconds for s in others), sum(s.share for s in others)))
    longest = max((seconds for _, seconds, _ in rows), default=0.0) or 1.0
    room = WIDTH - 2 * MARGIN - NAMES - 120
    bars = [
        {
            **_named(name),
            "colour": i % COLOURS,
            "y": 64 + 34 * i,
            "width": round(room * seconds / longest, 1),
            "said": _said(seconds, share, t),
        }
        for i, (name, seconds, share) in enumerate(rows)
    ]
    told = "; ".join(f"{name}: {_said(seconds, share, t)}" for name, seconds, share in rows) or t._("Nobody spoke.")
    heading = t._("Talk time: %(title)s", title=title)
    return _picture("talk-time.svg", heading, told, 64 + 34 * max(1, len(bars)) + 16, t, bars=bars)


def timeline(found: Analysis, title: str, t: Translator) -> str:
    """When each speaker spoke, with the chapters above."""
    seconds, room = max(found.seconds, 1.0), WIDTH - 2 * MARGIN - NAMES
    titles = [_plain(f"{clock(c.start)} {c.title}", _LONGEST_TITLE) for c in found.chapters.chapters]
    starts = [_at(c.start, seconds, room) for c in found.chapters.chapters]
    numbered = zip(starts, _legible(starts), titles, strict=True)
    chapters = [{"x": x, "number": i, "legible": legible, "title": title} for i, (x, legible, title) in enumerate(numbered, 1)]
    names = [s.speaker for s in found.talk.speakers[:MOST]]
    lanes = [
        {
            **_named(speaker_in(t.language, name)),
            "colour": i % COLOURS,
            "y": 84 + 30 * i,
            "spans": _boxes(found.talk.spans[name], seconds, room),
        }
        for i, name in enumerate(names)
    ]
    bottom = 84 + 30 * max(1, len(lanes))
    told = t.counted("%(num)s speaker over %(time)s.", "%(num)s speakers over %(time)s.", len(found.talk.speakers), time=clock(seconds))
    told += f" {t._('Chapters:')} " + "; ".join(titles)
    others = _others(len(found.talk.speakers) - len(lanes), t)
    values = {"chapters": chapters, "lanes": lanes, "others": others, "bottom": bottom, "ticks": _ticks(seconds, room)}
    heading = t._("Who spoke when: %(title)s", title=title)
    return _picture("timeline.svg", heading, told, bottom + 44 + 20 * len(chapters), t, **values)


def sentiment(found: Analysis, title: str, t: Translator) -> str:
    """How each speaker's words sound over time; a sentence where that was not measured."""
    seconds, room = max(found.seconds, 1.0), WIDTH - 2 * MARGIN - NAMES
    order = [s.speaker for s in found.talk.speakers]
    measured = sorted((s for s in found.sentiment.speakers if s.points), key=lambda s: order.index(s.speaker))[:MOST]
    lanes = [
        {
            **_named(speaker_in(t.language, s.speaker)),
            "colour": order.index(s.speaker) % COLOURS,
            "y": 64 + 62 * i,
            "points": _points(s, seconds, room, 64 + 62 * i + 25, t),
        }
        for i, s in enumerate(measured)
    ]
    bottom = 64 + 62 * max(1, len(lanes))
    told = t.said(found.sentiment.reason or "") or "; ".join(_on_the_whole(s, t) for s in measured) or t._("Too little was said.")
    others = _others(len([s for s in found.sentiment.speakers if s.points]) - len(lanes), t)
    values = {"lanes": lanes, "others": others, "bottom": bottom, "ticks": _ticks(seconds, room), "room": room, "reason": told}
    heading = t._("How words sound, by a lexicon: %(title)s", title=title)
    return _picture("sentiment.svg", heading, told, bottom + 64, t, **values)


def _on_the_whole(of: SpeakerSentiment, t: Translator) -> str:
    return t._("%(name)s: %(value)s on the whole", name=speaker_in(t.language, of.speaker), value=t.number(of.value, SIGNED))


PICTURES: dict[str, Callable[[Analysis, str, Translator], str]] = {"talk-time": talk_time, "timeline": timeline, "sentiment": sentiment}
"""By the name in the address."""


def _picture(template: str, title: str, told: str, height: int, t: Translator, **values: Any) -> str:
    shared = {"width": WIDTH, "height": height, "margin": MARGIN, "names": NAMES, "axis": NAMES + MARGIN}
    heading = {"title": _plain(title, 300), "heading": _plain(title, 64), "told": _plain(told, 4000)}
    return environment(t.language).get_template(f"pictures/{template}").render(**shared, **heading, **values, language=t.language)


def _plain(text: str, longest: int) -> str:
    line = " ".join(_NO_XML.sub("", text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _named(name: str) -> Values:
    return {"name": _plain(name, _LONGEST_NAME), "whole": _plain(name, 300)}


def _others(count: int, t: Translator) -> str:
    return t.counted("%(num)s other", "%(num)s others", count) if count else ""


def _said(seconds: float, share: float, t: Translator) -> str:
    return f"{clock(seconds)} ({t.percent(share)})"


def _at(second: float, seconds: float, room: float) -> float:
    return round(MARGIN + NAMES + room * min(1.0, max(0.0, second / seconds)), 1)


def _boxes(spans: Sequence[Span], seconds: float, room: float) -> list[Values]:
    """Stretches at least a pixel wide; those that would touch are one, so that hours of speech stay a small picture."""
    boxes: list[Values] = []
    for start, end in spans:
        x, right = _at(start, seconds, room), _at(end, seconds, room)
        if boxes and x - boxes[-1]["x"] - boxes[-1]["width"] < 1:
            boxes[-1]["width"] = round(max(boxes[-1]["width"], right - boxes[-1]["x"]), 1)
        else:
            boxes.append({"x": x, "width": max(1.0, round(right - x, 1))})
    return boxes


def _legible(places: Sequence[float]) -> list[bool]:
    """Which of the numbers at these places have room beside the one before."""
    drawn_at, legible = -math.inf, []
    for x in places:
        legible.append(x - drawn_at >= _NUMBER)
        drawn_at = x if legible[-1] else drawn_at
    return legible


def _points(of: SpeakerSentiment, seconds: float, room: float, middle: int, t: Translator) -> list[Values]:
    """Dots, each with a line from the one before where nothing is missing between them."""
    points: list[Values] = []
    for before, point in zip([None, *of.points], of.points, strict=False):
        x, y = _at((point.start + min(point.end, seconds)) / 2, seconds, room), round(middle - 22 * point.value, 1)
        stretch = t._("%(start)s to %(end)s", start=clock(point.start), end=clock(min(point.end, seconds)))
        value = t.number(point.value, SIGNED)
        told = f"{stretch}: {value}, " + t.counted("%(num)s word", "%(num)s words", point.words)
        joined = points[-1] if points and before and before.end == point.start else None
        points.append({"x": x, "y": y, "told": told, "from": joined and (joined["x"], joined["y"])})
    return points


_STEPS = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


def _ticks(seconds: float, room: float) -> list[Values]:
    step = next((s for s in _STEPS if seconds / s <= 8), _STEPS[-1])
    return [{"x": _at(at, seconds, room), "text": clock(at)} for at in range(0, int(seconds) + 1, step)]
