"""What was said and taken back later: by "scratch that", or by saying it differently (English)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from momentum.model import Claim, Segment
from momentum.pipeline.verify import amounts, language, polarity
from momentum.pipeline.verify.evidence import Evidence
from momentum.writers import dates, numbers, rules

SOON = 5
"""Segments after a claim in which "scratch that" means it, if nothing else was settled in between."""
LATER = 30
"""Segments after a claim in which somebody may say the same thing differently."""
_TAKES_BACK = re.compile(
    r"\b(?:take (?:that|it) back|forget (?:it|that|about|the|it)|i was wrong|i spoke too soon|we can't do that|that won't work|off the table|"
    r"then (?:do not|don't|not)|undo that|on reflection|on second thoughts?|hold that|my mistake|after all|my bad|i misspoke|i stand corrected|withdraw that|strike that)\b"
    r"|^\W*(?:oh,? )?no,? (?:sorry|wait|hang on|hold on|actually)\b|^\W*(?:oh no,? wait|hang on|hold on,? no)\b",
    re.IGNORECASE,
)
_FORGET = re.compile(r"\b(?:forget|scratch|scrap|never mind) (?:the |about the |about )?(?P<what>\w+)", re.IGNORECASE)
_ANEW = re.compile(
    r"\b(?:make (?:it|that)|instead|let's|rather|since (?:agreed|decided)|sorry|actually|correction|,? not|better|it is|change|enough)\b|^\W*no\b",
    re.IGNORECASE,
)
_TURNS = re.compile(r"\b(?:okay|ok|actually|instead|you're right|then|after all|rather|sorry|good|fine|no|don't)\b", re.IGNORECASE)
_TALK = 40
"""Characters before a sentence in which somebody may give way: "Oh, you're right." """
_COUNTED_ANEW = re.compile(rf"{_ANEW.pattern}|\bthen\W*$", re.IGNORECASE)
_NOT_THAT = re.compile(r"\bnot ((?:\w+ ?){1,3})", re.IGNORECASE)
_NO = re.compile(r"^\W*no\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"\b(?:it|them|that)\b", re.IGNORECASE)
_COUNTS = {language.stem(w) for w in (*numbers.CARDINALS, *numbers.ORDINALS, *numbers.SCALES, *amounts.UNITS)}
_FEW = 1
"""Words of its own that a sentence has which only names another day or number: "Let's take the twenty-sixth instead." """
_NEW_SUBJECT = 6
"""Words that mean something after which talk without any word of the claim is about something else."""
_SETTLED = re.compile(r"\bwe(?:'ve| have)? (?:approved|agreed|decided|said)\b", re.IGNORECASE)
_SETTLES = re.compile(
    r"^\W*(?:(?:so|then|okay|ok|fine|good|right|well|and)\W+)*(?:we|let's|i'll|i will)\b(?! (?:always|usually|never|normally|used)\b)",
    re.IGNORECASE,
)


def positions(segments: Sequence[Segment]) -> list[int]:
    """Where somebody takes something back, whatever it is."""
    return [n for n, s in enumerate(segments) if _is_retraction(s.text)]


def taken_back(claim: Claim, evidence: Evidence, segments: Sequence[Segment], found: Sequence[int], day: date | None) -> Segment | None:
    """The segment that takes the claim back: that of the quote itself, or one behind it. `found` are `positions(segments)`."""
    last = max(evidence.place.positions)
    topic = language.stems(f"{claim.text} {evidence.quoted}") - _COUNTS
    if _is_retraction(evidence.after):
        return segments[last]
    settled = False
    for at in range(last + 1, min(len(segments), last + 1 + LATER)):
        near = at - last <= SOON and not settled
        between = " ".join(s.text for s in segments[last + 1 : at])
        if (near and at in found and _is_still_about(topic, evidence.quoted, between, day)) or _is_revised(
            claim, evidence.quoted, between, segments[at].text, topic, day, near=near
        ):
            return segments[at]
        settled = settled or bool(_SETTLES.search(segments[at].text) or _SETTLED.search(segments[at].text))
    if claim.kind == "highlight":
        return None  # facts are corrected at once
    return next((segments[n] for n in found if n > last and _is_about(claim, evidence.quoted, segments, last, n, day)), None)


def _is_still_about(topic: frozenset[str], quoted: str, between: str, day: date | None) -> bool:
    """Whether nothing new came up in between: no other subject, no day where the quote has none."""
    new = language.stems(between) - _COUNTS
    if len(new) > _NEW_SUBJECT and not new & topic:
        return False
    return bool(dates.mentions(quoted, day)) or not dates.mentions(between, day)


def _is_retraction(text: str) -> bool:
    return bool(text) and (rules.takes_back(text) or bool(_TAKES_BACK.search(text) or _FORGET.search(text)))


def _is_about(claim: Claim, quoted: str, segments: Sequence[Segment], last: int, at: int, day: date | None) -> bool:
    """Whether the talk around a retraction shares half of the claim's words or its day, or names what to forget."""
    topic = language.stems(claim.text) - _COUNTS
    if (match := _FORGET.search(segments[at].text)) and language.stem(match["what"].casefold()) in topic:
        return True
    around = " ".join(s.text for s in segments[max(last + 1, at - 2) : at + 2])
    days = {m.day for m in dates.mentions(quoted, day) if m.day} & {m.day for m in dates.mentions(around, day) if m.day}
    return bool(days) or len(topic & language.stems(around)) >= max(2, len(topic) / 2)


def _is_revised(claim: Claim, quoted: str, between: str, text: str, topic: frozenset[str], day: date | None, *, near: bool) -> bool:
    """A sentence about the same that settles something else: another day, another number, or the opposite."""
    if text.rstrip().endswith("?") or polarity.is_hedged(text) or (_NO.search(text) and between.rstrip().endswith("?")):
        return False
    shared = len(topic & language.stems(text))
    turns = bool(_TURNS.search(text) or _TURNS.search(between[-_TALK:]))
    points_back = near and bool(_POINTS_BACK.search(text))
    if (shared >= (1 if near else 2) or points_back) and turns and polarity.opposes(text, claim.text):
        return True
    short = len(_own(text, day) - topic) <= _FEW
    enough = (near and (shared or short)) or shared >= 2
    return bool(enough) and ((_ANEW.search(text) and _other_day(quoted, between, text, day)) or _other_number(quoted, between, text, day))


def _own(text: str, day: date | None) -> frozenset[str]:
    """What a sentence speaks of beside days and numbers."""
    return {s for s in language.stems(_timeless(text, day)) - _COUNTS if not any(c.isdigit() for c in s)}


def _other_day(quoted: str, between: str, text: str, day: date | None) -> bool:
    """Another day than the quote's, with none in between that it could stand for instead."""
    if day is None:
        return False
    ours, others, theirs = ({m.day for m in dates.mentions(t, day) if m.day} for t in (quoted, between, text))
    return bool(ours and theirs) and others <= theirs and not ours & theirs


def _timeless(text: str, day: date | None) -> str:
    for mention in reversed(dates.mentions(text, day)):
        text = text[: mention.start] + " " + text[mention.end :]
    return text


def _other_number(quoted: str, between: str, text: str, day: date | None) -> bool:
    """ "Make it two fifty", "then seven, not six": one number instead of another, with none in between."""
    if not _COUNTED_ANEW.search(text):
        return False
    text, quoted = _timeless(text, day), _timeless(quoted, day)
    ours, others, theirs = ({n.value for n in numbers.find(t)} for t in (quoted, between, text))
    if denied := {n.value for m in _NOT_THAT.finditer(text) for n in numbers.find(m[1])[:1]}:
        return bool(denied & ours)
    return bool(ours) and len(theirs) == 1 and others <= ours | theirs and not ours & theirs
