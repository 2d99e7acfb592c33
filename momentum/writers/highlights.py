"""Highlights: what can honestly be drafted without a language model. Never called minutes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from momentum.languages import N_, phrase
from momentum.model import Claim, ClaimState, Coverage, Deliverable, Meeting, Transcript
from momentum.writers import dates, luhn, rules, spoken
from momentum.writers.spoken import Sentence

NAME = "highlights"
VERSION = "1"
LABEL = N_("Highlights")

_FILLERS = re.compile(
    r"^(?:(?:okay|ok|so|um+|uh+|well|right|alright|yeah|yes|and|but|er+|hmm+|mm+|oh|now|then|anyway)\b[\s,.…-]*)+", re.IGNORECASE
)


def draft(transcript: Transcript, meeting: Meeting, *, instead_of: str | None = None) -> Deliverable:
    """Key moments spread over the timeline, suggested actions and decisions by rules, each with its quote. Never raises on any text.

    `instead_of`: the document that was asked for and cannot be written, as nothing in the transcript was said for certain.
    """
    found = spoken.sentences(transcript.segments)
    english = spoken.is_english(transcript.language, " ".join(s.text for s in found[:400]))
    significant = luhn.significant_words(found, english=english)
    suggestions = rules.suggest(found, spoken.people(transcript, meeting)) if english else []
    taken = {s.sentence.index for s in suggestions}
    moments = [s for s in luhn.key_moments(found, significant, transcript.seconds) if s.index not in taken]
    claims = tuple(_moment(s) for s in moments) + tuple(_suggested(s, dates.local_date(meeting)) for s in suggestions)
    return Deliverable(
        kind=NAME,
        writer_version=VERSION,
        title=meeting.title,
        language=transcript.language,
        summary=" ".join(filter(None, (_told(transcript, moments, suggestions, english=english), _instead(instead_of)))),
        claims=claims,
        coverage=Coverage(cited=tuple(sorted({i for c in claims for i in c.segment_ids}))),
        usd=0.0,
        extra={"label": LABEL, "keywords": _keywords(found, significant), "speakers": spoken.speakers_of(claims, transcript)},
    )


def _keywords(found: Sequence[Sentence], significant: dict[str, int]) -> list[str]:
    """The words that stand in the most sentences; none in scripts without spaces, where pairs of characters are no words."""
    frequent = sorted(significant, key=lambda w: (-significant[w], w))[:40]
    spread = {w: sum(w in spoken.words(s.text) for s in found) for w in frequent}
    return [w for w in sorted(spread, key=lambda w: (-spread[w], w)) if spread[w] > 1 and len(w) > 2][:8]


def _moment(sentence: Sentence) -> Claim:
    return Claim(
        kind="highlight",
        text=_readable(sentence.text),
        quote=sentence.text,
        segment_ids=sentence.segment_ids,
        state=ClaimState.SUGGESTED,
        reason="Picked because words that come up often in this meeting stand close together here.",
        start=sentence.start,
    )


def _suggested(suggestion: rules.Suggestion, said_on: date | None) -> Claim:
    due = suggestion.due_words
    return Claim(
        kind=suggestion.kind,
        text=_readable(suggestion.sentence.text),
        quote=suggestion.sentence.text,
        segment_ids=suggestion.sentence.segment_ids,
        owner=suggestion.owner,
        due_words=due,
        due_date=dates.resolve(due, said_on) if due and said_on else None,
        state=ClaimState.SUGGESTED,
        reason=suggestion.reason,
        start=suggestion.sentence.start,
    )


def _readable(text: str) -> str:
    """The quote without the fillers in front; nothing else is changed."""
    stripped = _FILLERS.sub("", text).strip() or text.strip()
    return stripped[:1].upper() + stripped[1:]


NOTHING_SAID = "Nothing was said in this recording: no speech was found in it."
NOTHING_UNDERSTOOD = (
    "Nothing in this recording was understood: the speech engine found no words, or wrote some that were probably never said. "
    "The transcript marks where. Another speech model, or the language given by hand, may hear more."
)


def _told(transcript: Transcript, moments: Sequence[Sentence], suggestions: Sequence[rules.Suggestion], *, english: bool) -> str:
    if not transcript.segments:
        return NOTHING_SAID
    if all(segment.unsaid for segment in transcript.segments):
        return NOTHING_UNDERSTOOD
    return _summary(moments, suggestions, english=english)


def _instead(label: str | None) -> str:
    return f"{label} were not written: there are no words to write them from." if label else ""


def _summary(moments: Sequence[Sentence], suggestions: Sequence[rules.Suggestion], *, english: bool) -> str:
    if not moments and not suggestions:
        return "Drafted without a language model. Nothing in this recording stood out enough to be shown; the transcript has every word."
    actions = sum(s.kind == "action" for s in suggestions)
    parts = [
        _count(len(moments), _MOMENTS),
        _count(actions, _ACTIONS),
        _count(len(suggestions) - actions, _DECISIONS),
    ]
    if english:
        return (
            f"Drafted without a language model: {parts[0]}, {parts[1]} and {parts[2]}, picked by rules. Accept or reject each by its quote."
        )
    return (
        f"Drafted without a language model: {parts[0]}. Actions and decisions were not looked for: "
        "the rules that find them know English only, and this meeting is in another language."
    )


_Forms = tuple[str, str, str]
_MOMENTS: _Forms = phrase("no key moments"), phrase("{} key moment"), phrase("{} key moments")
_ACTIONS: _Forms = phrase("no suggested actions"), phrase("{} suggested action"), phrase("{} suggested actions")
_DECISIONS: _Forms = phrase("no suggested decisions"), phrase("{} suggested decision"), phrase("{} suggested decisions")


def _count(number: int, forms: _Forms) -> str:
    return forms[min(number, 2)].format(number)
