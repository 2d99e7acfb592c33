"""Deliverables as Markdown. Whatever comes from the meeting stays text: no markup of it survives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from momentum.model import Claim, ClaimState, Deliverable, GapReason, Meeting, Ruling
from momentum.writers import dates, receipts

_MARKUP = re.compile(r"([\\`*_\[\]#|~])")
_WWW = re.compile(r"\b(www)\.", re.IGNORECASE)  # a link without being written as one: https://github.github.com/gfm/#autolinks-extension-
_LINE_START = re.compile(r"^(\d+)([.)])|^([-+=>])")
# Control characters, and those that turn the direction of the text around them.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

MOST_NAMED = 30
"""Participants that are named at the top; all of them stand in the data."""
SECTIONS = {"decision": "Decisions", "action": "Action items", "question": "Open questions", "topic": "Topics", "highlight": "Key moments"}
SUGGESTED_SECTIONS = {"decision": "Suggested decisions", "action": "Suggested actions"}


def escape(text: str) -> str:
    """One line of text from a meeting, safe in Markdown and in HTML made from it."""
    line = " ".join(_INVISIBLE.sub("", text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _MARKUP.sub(r"\\\1", line).replace("://", "\\://")
    line = _WWW.sub(r"\1\\.", line)
    return _LINE_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", line)


def clock(seconds: float | None) -> str:
    """As in "03:12": minutes and seconds of the recording; minutes run on past an hour: "75:04"."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    return f"{whole // 60:02d}:{whole % 60:02d}"


def render(deliverable: Deliverable, meeting: Meeting) -> str:
    """Any stored deliverable as one Markdown document that ends with a line break."""
    blocks = [
        f"# {escape(deliverable.title or meeting.title) or 'Untitled meeting'}",
        _origin(deliverable),
        *notices(deliverable),
        *_when(deliverable, meeting),
        *_summary(deliverable),
        _count(deliverable.claims),
        *_sections(deliverable),
        *_listen(deliverable),
        *_keywords(deliverable),
        *_receipt(deliverable),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def notices(deliverable: Deliverable) -> list[str]:
    """What a reader has to know before they rely on the document, as Markdown: what is missing in it, and that speakers are estimates."""
    return [*_faults(deliverable), *_unread(deliverable), *_gaps(deliverable), *_estimates(deliverable)]


def _origin(deliverable: Deliverable) -> str:
    label = escape(str(deliverable.extra.get("label") or deliverable.kind.replace("_", " ").capitalize()))
    if deliverable.model is None:
        return f"*{label}, drafted without a language model*"
    return f"*{label}, written by {escape(deliverable.model)} and checked against the recording by code*"


def _faults(deliverable: Deliverable) -> list[str]:
    faults = deliverable.extra.get("faults")
    if not isinstance(faults, list) or not faults:
        return []
    told = " ".join(escape(str(fault)) for fault in faults)
    return [f"> **Words are missing:** {told} What was said behind the break is not in this document."]


def _unread(deliverable: Deliverable) -> list[str]:
    if not deliverable.coverage.unread:
        return []
    lines = [f"> - {escape(reason)}" for _, _, reason in deliverable.coverage.unread]
    return ["\n".join(["> **Part of this meeting is missing here:**", ">", *lines])]


_GAPS = {
    GapReason.NOT_RECORDED: ("Not in the recording", "No file covers that time."),
    GapReason.NO_TRANSCRIPT: (
        "Not in the transcript",
        "It was recorded, but the provider wrote no transcript of that time, and only the provider's was asked for.",
    ),
    GapReason.NO_AUDIO: ("Not heard", "It was recorded, but no file of that time can be heard."),
    GapReason.BROKEN_OFF: ("Broken off", "The end of the file is missing."),
}


def _gaps(deliverable: Deliverable) -> list[str]:
    gaps = deliverable.extra.get("gaps")
    known = [gap for gap in gaps if isinstance(gap, list | tuple) and len(gap) in {2, 3}] if isinstance(gaps, list) else []
    by_reason: dict[str, list[str]] = {}
    for start, end, *reason in known:
        stretch = f"{clock(start)} to {clock(end)}" if end > start else f"from {clock(start)} on"
        by_reason.setdefault(reason[0] if reason else GapReason.NOT_RECORDED, []).append(stretch)
    told = [(words, ", ".join(by_reason[reason])) for reason, words in _GAPS.items() if reason in by_reason]
    return [f"> **{title}:** {stretches}. {why}" for (title, why), stretches in told]


def _estimates(deliverable: Deliverable) -> list[str]:
    if not deliverable.extra.get("estimated_speakers"):
        return []
    return ["> **Speakers are estimated:** nobody named them, so they were told apart by their voices. Check a name before you rely on it."]


def _when(deliverable: Deliverable, meeting: Meeting) -> list[str]:
    start = dates.local_start(meeting)
    lines = [f"**When:** {escape(dates.moment_in_words(start))}"] if start else []
    people = deliverable.extra.get("participants")
    if isinstance(people, list) and people:
        more = [f"and {len(people) - MOST_NAMED} more"] if len(people) > MOST_NAMED + 1 else []
        named = people[:MOST_NAMED] if more else people
        lines.append(f"**Who:** {', '.join([*(escape(str(p)) for p in named), *more])}")
    return ["  \n".join(lines)]


def _summary(deliverable: Deliverable) -> Iterable[str]:
    """The summary's paragraphs, and which of its sentences code could not find in what was said."""
    yield from (escape(paragraph) for paragraph in re.split(r"\n\s*\n", deliverable.summary))
    doubts = deliverable.extra.get("summary_doubts")
    if isinstance(doubts, list) and doubts:
        yield "**Not proven in this summary:** " + " ".join(escape(str(d)) for d in doubts)


def _count(claims: Sequence[Claim]) -> str:
    told = counted(claims)
    return f"**{told}.**" if told else ""


def counted(claims: Sequence[Claim]) -> str:
    """The claims' states in words, then what a person said: "11 of 13 verified; 2 need you; 1 rejected by you", or ""."""
    told = (_states([c for c in claims if c.ruling is None]), *_rulings(claims))
    return "; ".join(part for part in told if part)


def _rulings(claims: Sequence[Claim]) -> list[str]:
    rulings = Counter(c.ruling for c in claims)
    return [f"{rulings[ruling]} {ruling.value} by you" for ruling in Ruling if rulings[ruling]]


def _states(claims: Sequence[Claim]) -> str:
    states = Counter(c.state for c in claims)
    checked = len(claims) - states[ClaimState.SUGGESTED]
    if not checked:
        return ""
    repaired, asking, dropped = states[ClaimState.REPAIRED], states[ClaimState.NEEDS_CONFIRMATION], states[ClaimState.DROPPED]
    parts = [f"{states[ClaimState.VERIFIED] + repaired} of {checked} verified"]
    if repaired:
        parts[0] += f" ({repaired} after the place in the recording was corrected)"
    if asking:
        parts.append(f"{asking} need{'s' if asking == 1 else ''} you")
    if dropped:
        parts.append(f"{dropped} left out because nobody said {'it' if dropped == 1 else 'them'}")
    return "; ".join(parts)


def _sections(deliverable: Deliverable) -> Iterable[str]:
    for heading, claims in outline(deliverable):
        yield f"## {heading}\n\n" + "\n".join(_claim(c, deliverable) for c in claims)


def outline(deliverable: Deliverable) -> list[tuple[str, list[Claim]]]:
    """(heading, claims) of each section that has any, in the document's order; dropped claims are in none. Headings are escaped."""
    shown = [c for c in deliverable.claims if c.state is not ClaimState.DROPPED and c.ruling is not Ruling.REJECTED]
    headings = _headings(deliverable)
    placed = [(heading, [c for c in shown if c.section == name]) for name, heading in headings.items()]
    rest = [c for c in shown if c.section not in headings]
    kinds = dict.fromkeys((*SECTIONS, *(c.kind for c in rest)))
    by_kind = [(kind, [c for c in rest if c.kind == kind]) for kind in kinds]
    return [(h, c) for h, c in placed if c] + [(_heading(kind, c), c) for kind, c in by_kind if c]


def _headings(deliverable: Deliverable) -> dict[str, str]:
    """The document's own sections, by the name that its claims know them by."""
    sections = deliverable.extra.get("sections")
    known = [s for s in sections if isinstance(s, list | tuple) and len(s) == 2] if isinstance(sections, list) else []
    return {str(name): escape(str(heading)) for name, heading in known}


def _heading(kind: str, claims: Sequence[Claim]) -> str:
    if all(c.state is ClaimState.SUGGESTED and c.ruling is None for c in claims) and kind in SUGGESTED_SECTIONS:
        return SUGGESTED_SECTIONS[kind]
    return SECTIONS.get(kind, escape(kind.replace("_", " ").capitalize()))


def _claim(claim: Claim, deliverable: Deliverable) -> str:
    task = [_owner(claim), _due(claim)] if claim.kind == "action" else []
    facts = [f for f in (*task, _said(claim, deliverable), _state(claim)) if f]
    line = f"- {escape(claim.text)}" + (f" ({'; '.join(facts)})" if facts else "")
    return f"{line}\n  > “{escape(claim.quote)}”" if claim.quote and _differs(claim) else line


def _differs(claim: Claim) -> bool:
    return " ".join(claim.quote.split()).casefold() != " ".join(claim.text.split()).casefold()


def _said(claim: Claim, deliverable: Deliverable) -> str:
    """Who said it, and when: "Dana Lee at 03:12"."""
    speakers = deliverable.extra.get("speakers")
    known = speakers if isinstance(speakers, dict) else {}
    names = ", ".join(dict.fromkeys(escape(str(known[str(i)])) for i in claim.segment_ids if str(i) in known))
    return " at ".join(part for part in (names, clock(claim.start)) if part)


def _owner(claim: Claim) -> str:
    return f"owner: {escape(claim.owner)}" if claim.owner else "no owner named"


def _due(claim: Claim) -> str:
    if claim.due_date:
        words = f" (“{escape(claim.due_words)}”)" if claim.due_words else ""
        return f"due {dates.day_in_words(claim.due_date)}{words}"
    return f"due “{escape(claim.due_words)}”" if claim.due_words else ""


def _state(claim: Claim) -> str:
    if claim.ruling is not None:
        return f"{claim.ruling.value} by you"
    if claim.state is ClaimState.NEEDS_CONFIRMATION:
        return f"**needs you**: {escape(claim.reason)}" if claim.reason else "**needs you**"
    return "" if claim.state is ClaimState.SUGGESTED else "verified"


def _receipt(deliverable: Deliverable) -> list[str]:
    receipt = deliverable.extra.get("receipt")
    return ["---", f"*What left the machine: {escape(receipts.in_words(receipt))}*"] if isinstance(receipt, dict) else []


def _listen(deliverable: Deliverable) -> list[str]:
    """Where two transcripts disagree about a number or a name, with both readings."""
    places = deliverable.extra.get("listen_here")
    if not isinstance(places, list) or not places:
        return []
    lines = [f"- at {clock(p['start'])}: we heard {_reading(p['ours'])}, the provider has {_reading(p['theirs'])}" for p in places]
    return ["## Listen here\n\n" + "\n".join(lines)]


def _reading(text: str) -> str:
    return f"“{escape(text)}”" if text else "nothing"


def _keywords(deliverable: Deliverable) -> list[str]:
    keywords = deliverable.extra.get("keywords")
    if not isinstance(keywords, list) or not keywords:
        return []
    return [f"**Words that come up most:** {', '.join(escape(str(k)) for k in keywords)}"]
