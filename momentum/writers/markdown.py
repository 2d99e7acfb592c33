"""Deliverables as Markdown, in the language they are written in. Whatever comes from the meeting stays text: no markup survives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from momentum.languages import N_
from momentum.languages.translator import ENGLISH, Translator, translator_of
from momentum.model import Claim, ClaimState, Deliverable, GapReason, Meeting, Ruling
from momentum.writers import dates, receipts

_MARKUP = re.compile(r"([\\`*_\[\]#|~])")
_WWW = re.compile(r"\b(www)\.", re.IGNORECASE)  # a link without being written as one: https://github.github.com/gfm/#autolinks-extension-
_LINE_START = re.compile(r"^(\d+)([.)])|^([-+=>])")
# Control characters, and those that turn the direction of the text around them.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

MOST_NAMED = 30
"""Participants that are named at the top; all of them stand in the data."""
SECTIONS = {
    "decision": N_("Decisions"),
    "action": N_("Action items"),
    "question": N_("Open questions"),
    "topic": N_("Topics"),
    "highlight": N_("Key moments"),
    "statement": N_("Statement"),
}
SUGGESTED_SECTIONS = {"decision": N_("Suggested decisions"), "action": N_("Suggested actions")}
OWN = "own:"
"""How the kind begins of a document whose label and headings a person wrote."""


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
    t = translator_of(deliverable.language)
    blocks = [
        f"# {escape(deliverable.title or meeting.title) or t._('Untitled meeting')}",
        _origin(deliverable, t),
        *notices(deliverable, t),
        *_when(deliverable, meeting, t),
        *_summary(deliverable, t),
        _count(deliverable.claims, t),
        *_sections(deliverable, t),
        *_listen(deliverable, t),
        *_keywords(deliverable, t),
        *_receipt(deliverable, t),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def notices(deliverable: Deliverable, t: Translator) -> list[str]:
    """What a reader has to know before they rely on the document, as Markdown: what is missing in it, and that speakers are estimates."""
    return [*_faults(deliverable, t), *_unread(deliverable, t), *_gaps(deliverable, t), *_estimates(deliverable, t)]


def _origin(deliverable: Deliverable, t: Translator) -> str:
    label = str(deliverable.extra.get("label") or deliverable.kind.replace("_", " ").capitalize())
    label = escape(label if deliverable.kind.startswith(OWN) else t._(label))
    if deliverable.model is None:
        return f"*{t._('%(label)s, drafted without a language model', label=label)}*"
    told = t._("%(label)s, written by %(model)s and checked against the recording by code", label=label, model=escape(deliverable.model))
    return f"*{told}*"


def _faults(deliverable: Deliverable, t: Translator) -> list[str]:
    faults = deliverable.extra.get("faults")
    if not isinstance(faults, list) or not faults:
        return []
    told = " ".join(escape(t.said(str(fault))) for fault in faults)
    return [f"> **{t._('Words are missing:')}** {told} {t._('What was said behind the break is not in this document.')}"]


def _unread(deliverable: Deliverable, t: Translator) -> list[str]:
    if not deliverable.coverage.unread:
        return []
    lines = [f"> - {escape(t.said(reason))}" for _, _, reason in deliverable.coverage.unread]
    return ["\n".join([f"> **{t._('Part of this meeting is missing here:')}**", ">", *lines])]


_GAPS = {
    GapReason.NOT_RECORDED: (N_("Not in the recording"), N_("No file covers that time.")),
    GapReason.NO_TRANSCRIPT: (
        N_("Not in the transcript"),
        N_("It was recorded, but the provider wrote no transcript of that time, and only the provider's was asked for."),
    ),
    GapReason.NO_AUDIO: (N_("Not heard"), N_("It was recorded, but no file of that time can be heard.")),
    GapReason.BROKEN_OFF: (N_("Broken off"), N_("The end of the file is missing.")),
}


def _gaps(deliverable: Deliverable, t: Translator) -> list[str]:
    gaps = deliverable.extra.get("gaps")
    known = [gap for gap in gaps if isinstance(gap, list | tuple) and len(gap) in {2, 3}] if isinstance(gaps, list) else []
    by_reason: dict[str, list[str]] = {}
    for start, end, *reason in known:
        by_reason.setdefault(reason[0] if reason else GapReason.NOT_RECORDED, []).append(_stretch(start, end, t))
    told = [(words, ", ".join(by_reason[reason])) for reason, words in _GAPS.items() if reason in by_reason]
    return [f"> **{t._(title)}:** {stretches}. {t._(why)}" for (title, why), stretches in told]


def _stretch(start: float, end: float, t: Translator) -> str:
    if end > start:
        return t._("%(start)s to %(end)s", start=clock(start), end=clock(end))
    return t._("from %(start)s on", start=clock(start))


def _estimates(deliverable: Deliverable, t: Translator) -> list[str]:
    if not deliverable.extra.get("estimated_speakers"):
        return []
    why = t._("nobody named them, so they were told apart by their voices. Check a name before you rely on it.")
    return [f"> **{t._('Speakers are estimated:')}** {why}"]


def _when(deliverable: Deliverable, meeting: Meeting, t: Translator) -> list[str]:
    start = dates.local_start(meeting)
    lines = [f"**{t._('When:')}** {escape(t.moment(start))}"] if start else []
    people = deliverable.extra.get("participants")
    if isinstance(people, list) and people:
        more = [t._("and %(count)s more", count=len(people) - MOST_NAMED)] if len(people) > MOST_NAMED + 1 else []
        named = people[:MOST_NAMED] if more else people
        lines.append(f"**{t._('Who:')}** {', '.join([*(escape(str(p)) for p in named), *more])}")
    return ["  \n".join(lines)]


def _summary(deliverable: Deliverable, t: Translator) -> Iterable[str]:
    """The summary's paragraphs, and which of its sentences code could not find in what was said."""
    summary = deliverable.summary if deliverable.model else t.said(deliverable.summary)
    yield from (escape(paragraph) for paragraph in re.split(r"\n\s*\n", summary))
    doubts = deliverable.extra.get("summary_doubts")
    if isinstance(doubts, list) and doubts:
        yield f"**{t._('Not proven in this summary:')}** " + " ".join(escape(str(d)) for d in doubts)


def _count(claims: Sequence[Claim], t: Translator) -> str:
    told = counted(claims, t)
    return f"**{told}.**" if told else ""


def counted(claims: Sequence[Claim], t: Translator = ENGLISH) -> str:
    """The claims' states in words, then what a person said: "11 of 13 verified; 2 need you; 1 rejected by a person", or ""."""
    told = (_states([c for c in claims if c.ruling is None], t), *_rulings(claims, t))
    return "; ".join(part for part in told if part)


RULED = {
    Ruling.CONFIRMED: N_("confirmed by a person"),
    Ruling.EDITED: N_("edited by a person"),
    Ruling.REJECTED: N_("rejected by a person"),
}


def _rulings(claims: Sequence[Claim], t: Translator) -> list[str]:
    rulings = Counter(c.ruling for c in claims)
    return [f"{rulings[ruling]} {t._(RULED[ruling])}" for ruling in Ruling if rulings[ruling]]


def _states(claims: Sequence[Claim], t: Translator) -> str:
    states = Counter(c.state for c in claims)
    checked = len(claims) - states[ClaimState.SUGGESTED]
    if not checked:
        return ""
    repaired, asking, dropped = states[ClaimState.REPAIRED], states[ClaimState.NEEDS_CONFIRMATION], states[ClaimState.DROPPED]
    parts = [t._("%(proven)s of %(all)s verified", proven=states[ClaimState.VERIFIED] + repaired, all=checked)]
    if repaired:
        parts[0] += f" ({t._('%(count)s after the place in the recording was corrected', count=repaired)})"
    if asking:
        parts.append(t.counted("%(num)s needs you", "%(num)s need you", asking))
    if dropped:
        told = t.counted("%(num)s left out because nobody said it", "%(num)s left out because nobody said them", dropped)
        parts.append(told)
    return "; ".join(parts)


def _sections(deliverable: Deliverable, t: Translator) -> Iterable[str]:
    for heading, claims in outline(deliverable, t):
        yield f"## {escape(heading)}\n\n" + "\n".join(_claim(c, deliverable, t) for c in claims)


def outline(deliverable: Deliverable, t: Translator) -> list[tuple[str, list[Claim]]]:
    """(heading, claims) of each section that has any, in the document's order; dropped claims are in none."""
    shown = [c for c in deliverable.claims if c.state is not ClaimState.DROPPED and c.ruling is not Ruling.REJECTED]
    headings = _headings(deliverable, t)
    placed = [(heading, [c for c in shown if c.section == name]) for name, heading in headings.items()]
    rest = [c for c in shown if c.section not in headings]
    kinds = dict.fromkeys((*SECTIONS, *(c.kind for c in rest)))
    by_kind = [(kind, [c for c in rest if c.kind == kind]) for kind in kinds]
    return [(h, c) for h, c in placed if c] + [(_heading(kind, c, t), c) for kind, c in by_kind if c]


def _headings(deliverable: Deliverable, t: Translator) -> dict[str, str]:
    """The document's own sections, by the name that its claims know them by; what a person called them stays."""
    sections = deliverable.extra.get("sections")
    known = [s for s in sections if isinstance(s, list | tuple) and len(s) == 2] if isinstance(sections, list) else []
    own = deliverable.kind.startswith(OWN)
    return {str(name): str(heading) if own else t._(str(heading)) for name, heading in known}


def _heading(kind: str, claims: Sequence[Claim], t: Translator) -> str:
    if all(c.state is ClaimState.SUGGESTED and c.ruling is None for c in claims) and kind in SUGGESTED_SECTIONS:
        return t._(SUGGESTED_SECTIONS[kind])
    return t._(SECTIONS[kind]) if kind in SECTIONS else kind.replace("_", " ").capitalize()


def _claim(claim: Claim, deliverable: Deliverable, t: Translator) -> str:
    task = [_owner(claim, t), _due(claim, t)] if claim.kind == "action" else []
    facts = [f for f in (*task, _said(claim, deliverable, t), _state(claim, t)) if f]
    line = f"- {escape(claim.text)}" + (f" ({'; '.join(facts)})" if facts else "")
    return f"{line}\n  > {_quoted(claim.quote, t)}" if claim.quote and _differs(claim) else line


def _quoted(text: str, t: Translator) -> str:
    return t._("“%(words)s”", words=escape(text))


def _differs(claim: Claim) -> bool:
    return " ".join(claim.quote.split()).casefold() != " ".join(claim.text.split()).casefold()


def _said(claim: Claim, deliverable: Deliverable, t: Translator) -> str:
    """Who said it, and when: "Dana Lee at 03:12"."""
    speakers = deliverable.extra.get("speakers")
    known = speakers if isinstance(speakers, dict) else {}
    names = ", ".join(dict.fromkeys(escape(str(known[str(i)])) for i in claim.segment_ids if str(i) in known))
    time = clock(claim.start)
    return t._("%(who)s at %(time)s", who=names, time=time) if names and time else names or time


def _owner(claim: Claim, t: Translator) -> str:
    return t._("owner: %(name)s", name=escape(claim.owner)) if claim.owner else t._("no owner named")


def _due(claim: Claim, t: Translator) -> str:
    words = _quoted(claim.due_words, t) if claim.due_words else ""
    if claim.due_date:
        return t._("due %(when)s", when=t.day(claim.due_date)) + (f" ({words})" if words else "")
    return t._("due %(when)s", when=words) if words else ""


def _state(claim: Claim, t: Translator) -> str:
    if claim.ruling is not None:
        return t._(RULED[claim.ruling])
    if claim.state is ClaimState.NEEDS_CONFIRMATION:
        return f"**{t._('needs you')}**" + (f": {escape(t.said(claim.reason))}" if claim.reason else "")
    return "" if claim.state is ClaimState.SUGGESTED else t._("verified")


def _receipt(deliverable: Deliverable, t: Translator) -> list[str]:
    receipt = deliverable.extra.get("receipt")
    if not isinstance(receipt, dict):
        return []
    return ["---", f"*{t._('What left the machine:')} {escape(receipts.in_words(receipt, t))}*"]


def _listen(deliverable: Deliverable, t: Translator) -> list[str]:
    """Where two transcripts disagree about a number or a name, with both readings."""
    places = deliverable.extra.get("listen_here")
    if not isinstance(places, list) or not places:
        return []
    lines = [f"- {_disagreement(place, t)}" for place in places]
    return [f"## {t._('Listen here')}\n\n" + "\n".join(lines)]


def _disagreement(place: Mapping[str, Any], t: Translator) -> str:
    ours, theirs = (_quoted(place[one], t) if place[one] else t._("nothing") for one in ("ours", "theirs"))
    return t._("at %(time)s: we heard %(ours)s, the provider has %(theirs)s", time=clock(place["start"]), ours=ours, theirs=theirs)


def _keywords(deliverable: Deliverable, t: Translator) -> list[str]:
    keywords = deliverable.extra.get("keywords")
    if not isinstance(keywords, list) or not keywords:
        return []
    return [f"**{t._('Words that come up most:')}** {', '.join(escape(str(k)) for k in keywords)}"]
