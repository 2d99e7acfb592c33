"""What was said and taken back later: by "scratch that", or by saying it differently (English)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from momentum.model import Claim, Segment
from momentum.pipeline.verify import language, polarity
from momentum.pipeline.verify.evidence import Evidence
from momentum.writers import dates, numbers, rules

SOON = 6
"""Segments after a claim in which "scratch that" means it, if nothing else was settled in between."""
LATER = 30
"""Segments after a claim in which somebody may say the same thing differently."""
_TAKES_BACK = re.compile(
    r"\b(?:take (?:that|it) back|forget (?:it|that|about|the|it)|i was wrong|i spoke too soon|we can't do that|that won't work|off the table|"
    r"then (?:do not|don't|not)|undo that|on reflection|on second thoughts?|hold that|withdraw that|strike that)\b"
    r"|^\W*(?:oh,? )?no,? (?:sorry|wait|hang on|hold on|actually)\b|^\W*(?:oh no,? wait|hang on|hold on,? no)\b",
    re.IGNORECASE,
)
_FORGET = re.compile(r"\b(?:forget|scratch|scrap|never mind) (?:the |about the |about )?(?P<what>\w+)", re.IGNORECASE)
_DIFFERENTLY = re.compile(
    r"\b(?:instead|rather|actually|after all|no longer|sorry|correction|in fact|since (?:agreed|decided)|make (?:it|that)|let's|then|okay|right|"
    r"no|not|one, then|good)\b",
    re.IGNORECASE,
)
_SETTLES = re.compile(r"^\W*(?:(?:so|then|okay|ok|fine|good|right|well|and)\W+)*(?:we|let's|i'll|i will|the)\b", re.IGNORECASE)


def positions(segments: Sequence[Segment]) -> list[int]:
    """Where somebody takes something back, whatever it is."""
    return [n for n, s in enumerate(segments) if _is_retraction(s.text)]


def taken_back(claim: Claim, evidence: Evidence, segments: Sequence[Segment], found: Sequence[int], day: date | None) -> bool:
    """Whether the rest of the quote's own segment, or one behind it, takes the claim back. `found` are `positions(segments)`."""
    last = max(evidence.place.positions)
    topic = language.stems(f"{claim.text} {evidence.quoted}")
    if _is_retraction(evidence.after) or any(_is_about(topic, segments, last, n) for n in found if n > last):
        return True
    settled = False
    for at in range(last + 1, min(len(segments), last + 1 + LATER)):
        near = at - last <= SOON and not settled
        if near and at in found:
            return True
        if _is_revised(claim, evidence.quoted, segments[at].text, topic, day, near=near):
            return True
        settled = settled or bool(_SETTLES.search(segments[at].text))
    return False


def _is_retraction(text: str) -> bool:
    return bool(text) and (rules.takes_back(text) or bool(_TAKES_BACK.search(text) or _FORGET.search(text)))


def _is_about(topic: set[str], segments: Sequence[Segment], last: int, at: int) -> bool:
    """Whether the talk around a retraction shares two words that mean something, or names what to forget."""
    if (match := _FORGET.search(segments[at].text)) and language.stem(match["what"].casefold()) in topic:
        return True
    around = " ".join(s.text for s in segments[max(last + 1, at - 2) : at + 2])
    return len(topic & language.stems(around)) >= 2


def _is_revised(claim: Claim, quoted: str, text: str, topic: set[str], day: date | None, *, near: bool) -> bool:
    """A sentence about the same that settles something else: another day, another number, or the opposite."""
    if text.rstrip().endswith("?") or not _DIFFERENTLY.search(text):
        return False
    shared = len(topic & language.stems(text))
    if shared >= (1 if near else 2) and polarity.opposes(text, claim.text):
        return True
    enough = near or shared >= 2
    return enough and (_other_day(quoted, text, day) or _other_number(quoted, text))


def _other_day(quoted: str, text: str, day: date | None) -> bool:
    ours, theirs = ({m.day for m in dates.mentions(t, day) if m.day} if day else set() for t in (quoted, text))
    return bool(ours and theirs) and not ours & theirs


def _other_number(quoted: str, text: str) -> bool:
    """ "Make it two fifty", "then seven, not six": one number instead of another, said of nothing else."""
    ours, theirs = ({n.value for n in numbers.find(t)} for t in (quoted, text))
    if any(re.search(rf"\bnot {re.escape(quoted[n.start : n.end])}\b", text, re.IGNORECASE) for n in numbers.find(quoted)):
        return True
    said_anew = re.search(r"\b(?:make (?:it|that)|instead|let's say|rather|since agreed|sorry)\b", text, re.IGNORECASE)
    return bool(ours and theirs and said_anew) and not ours & theirs
