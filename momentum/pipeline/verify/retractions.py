"""What was said and taken back later: by "scratch that", or by saying it differently (English)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from momentum.model import Claim, Segment
from momentum.pipeline.verify import amounts, certainty, language, negation, times
from momentum.pipeline.verify.evidence import Evidence
from momentum.writers import dates, numbers, rules
from momentum.writers.spoken import words

SOON = 5
"""Segments after a claim in which "scratch that" means it, if nothing else was settled in between."""
LATER = 30
"""Segments after a claim in which somebody may say the same thing differently."""
_TAKES_BACK = language.phrases(
    r"""
    take (?:that|it) back|forget (?:it|that|about|the)|hold that|withdraw that|strike that|undo that|off the table
    i was wrong|my mistake|my bad|i misspoke|i stand corrected|i spoke too soon|on reflection|on second thoughts?
    we can't do that|that won't work|then (?:do not|don't(?! worry)|not)|then [^.?!]* after all|after all(?=\W*$)
    (?<!\w )no,? (?:sorry|wait|hang on|hold on|actually)
    """
)
_FORGET = re.compile(r"\b(?:forget|scratch|scrap|never mind) (?:the |about the |about )?(?P<what>\w+)", re.IGNORECASE)
_AFTER_ALL = re.compile(r"\bthen (?P<what>[^.?!]*) after all\b", re.IGNORECASE)
_ANEW = re.compile(
    r"\b(?:make (?:it|that)|instead|let's|rather|since (?:agreed|decided)|sorry|actually|correction|, not|(?:is|be) better|it is|change|"
    r"is enough)\b|^\W*no\b",
    re.IGNORECASE,
)
_ON_ANOTHER_DAY = re.compile(r"\b(?:later|earlier)\b", re.IGNORECASE)
_CORRECTS = re.compile(r"\b(?:sorry|actually|correction|not|no|wrong|mistake)\b", re.IGNORECASE)
"""A fact is corrected in so many words."""
_GIVES_WAY = re.compile(r"\b(?:you're right|good point|fair point)\b", re.IGNORECASE)
_TURNS = re.compile(
    r"\b(?:okay|ok|actually|instead|you're right|all right|in that case|then|after all|rather|sorry|good|fine|no|don't)\b", re.IGNORECASE
)
_TALK = 40
"""Characters before a sentence in which somebody may give way: "Oh, you're right." """
_COUNTED_ANEW = re.compile(rf"{_ANEW.pattern}|\bthen\W*$", re.IGNORECASE)
_NOT_THAT = re.compile(r"\bnot ((?:\w+ ?){1,3})", re.IGNORECASE)
_NO = re.compile(r"^\W*no\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"(?<=\w )(?:it|them|that)\b", re.IGNORECASE)
"""What is done to the same thing: "keep it"; "it drops players" tells something new."""
_POINTS = 3
"""Words of its own of a sentence that speaks of the same by "it"."""
_FEW = 1
"""Words of its own that a sentence has which only names another day or number: "Let's take the twenty-sixth instead." """
_LONGEST = 25
"""Words of a sentence that revises; longer ones explain."""
_NEW_SUBJECT = 4
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
    if certainty.is_open(claim.text):
        return None  # it says itself that it may come otherwise
    last = max(evidence.place.positions)
    topic = language.stems(f"{claim.text} {evidence.quoted}") - amounts.COUNTS
    said = _Said(claim, evidence.quoted, topic, day)
    settled = False
    for at in range(last + 1, min(len(segments), last + 1 + LATER)):
        near = at - last <= SOON and not settled
        between = " ".join(s.text for s in segments[last + 1 : at])
        if near and at in found and _is_still_about(said, between, segments[at].text) and not _is_settled(segments, at):
            return segments[at]
        for sentence in language.sentences(segments[at].text):
            if _is_revised(said, between, sentence, near=near):
                return segments[at]
            between = f"{between} {sentence}"
        settled = settled or bool(_SETTLES.search(segments[at].text) or _SETTLED.search(segments[at].text))
    if claim.kind == "highlight":
        return None  # facts are corrected at once
    return next((segments[n] for n in found if n > last and _is_about(claim, evidence, segments, n, day)), None)


def _is_still_about(said: _Said, between: str, text: str) -> bool:
    """Whether nothing new came up: no other subject, no day where the quote has none, and `text` takes nothing else back."""
    new = language.stems(between) - amounts.COUNTS
    if (len(new) > _NEW_SUBJECT and not new & said.topic) or _names_another(text, said.topic):
        return False
    return bool(dates.mentions(said.quoted, said.day)) or not dates.mentions(between, said.day)


def _names_another(text: str, topic: frozenset[str]) -> bool:
    """Whether what is taken back has a name, and the claim does not speak of it: "Then forget Sundays"."""
    named = language.stems(" ".join(m["what"] for pattern in (_FORGET, _AFTER_ALL) for m in pattern.finditer(text))) - amounts.COUNTS
    return bool(named) and not named & topic


def _is_settled(segments: Sequence[Segment], at: int) -> bool:
    """Whether the one who objects withdraws the objection at once: "No wait, that's the week after. Fine"."""
    behind = segments[at + 1].text if at + 1 < len(segments) and segments[at + 1].speaker == segments[at].speaker else ""
    return bool(_FINE.search(behind))


_FINE = re.compile(r"^\W*(?:it's |that's |all )?(?:fine|okay then|good then|alright then)\b", re.IGNORECASE)


def _is_retraction(text: str) -> bool:
    return bool(text) and (rules.takes_back(text) or bool(_TAKES_BACK.search(text) or _FORGET.search(text)))


def _is_about(claim: Claim, evidence: Evidence, segments: Sequence[Segment], at: int, day: date | None) -> bool:
    """Whether the talk around a retraction shares half of the claim's words or its day, or names what to forget."""
    topic = language.stems(claim.text) - amounts.COUNTS
    if (match := _FORGET.search(segments[at].text)) and language.stem(match["what"].casefold()) in topic:
        return True
    last, quoted = max(evidence.place.positions), evidence.quoted
    around = " ".join(s.text for s in segments[max(last + 1, at - 2) : at + 2])
    days = {m.day for m in dates.mentions(quoted, day) if m.day} & {m.day for m in dates.mentions(around, day) if m.day}
    return bool(days) or len(topic & language.stems(around)) >= max(2, len(topic) / 2)


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said, with what its claim says, and the day of the meeting."""

    claim: Claim
    quoted: str
    topic: frozenset[str]
    day: date | None


def _is_revised(said: _Said, between: str, text: str, *, near: bool) -> bool:
    """Whether a sentence about the same settles something else: another day, another number, or the opposite."""
    asks = text.rstrip().endswith("?") or (_NO.search(text) and between.rstrip().endswith("?"))
    if asks or certainty.is_hedged(text) or len(text.split()) > _LONGEST or (said.claim.kind == "highlight" and not near):
        return False
    shared = len(said.topic & language.stems(text))
    about = shared >= (1 if near else 2)
    denies = said.claim.kind != "highlight" and _turns(text, between) and (about or _points_back(said, text, near=near))
    if about and near and _GIVES_WAY.search(text):
        return True
    if denies and negation.opposes(text, said.claim.text):
        return True
    short = len(_own(text, said.day) - said.topic) <= _FEW
    if not ((near and short) or shared >= 2) or (said.claim.kind == "highlight" and not _CORRECTS.search(text)):
        return False
    return bool((_ANEW.search(text) or _ON_ANOTHER_DAY.search(text)) and _other_day(said, between, text)) or _other_number(
        said, between, text
    )


def _points_back(said: _Said, text: str, *, near: bool) -> bool:
    """Whether a sentence right behind speaks of the same by "it", and of nothing else."""
    return near and bool(_POINTS_BACK.search(text)) and len(_own(text, said.day) - said.topic) <= _POINTS


def _turns(text: str, between: str) -> bool:
    """Whether somebody gives way in these words, or right before them."""
    return bool(_TURNS.search(text) or _TURNS.search(between[-_TALK:]))


def _own(text: str, day: date | None) -> frozenset[str]:
    """What a sentence speaks of beside days and numbers."""
    return frozenset(s for s in language.stems(times.without(text, day)) - amounts.COUNTS if not any(c.isdigit() for c in s))


def _other_day(said: _Said, between: str, text: str) -> bool:
    """Another day than the quote's, with none in between that it could stand for instead."""
    if said.day is None:
        return False
    ours, others, theirs = ({m.day for m in dates.mentions(t, said.day) if m.day} for t in (said.quoted, between, text))
    return bool(ours and theirs) and others <= theirs and not ours & theirs


def _other_number(said: _Said, between: str, text: str) -> bool:
    """Another number than the last one of the quote: "make it two fifty", "then seven, not six", or a bare "forty"."""
    text, quoted = times.without(text, said.day), times.without(said.quoted, said.day)
    last, others, theirs = _values(quoted)[-1:], _values(between), _values(text)
    if not last or not theirs or last[0] not in numbers.readings(said.claim.text):
        return False
    if denied := {n.value for m in _NOT_THAT.finditer(text) for n in numbers.find(m[1])[:1]}:
        return last[0] in denied
    anew = _STRONGLY_ANEW.search(text) or (_COUNTED_ANEW.search(text) and set(others) <= {*last, *theirs})
    bare = not between.strip() and all(language.stem(w) in amounts.COUNTS for w in words(text))
    return (
        len(theirs) == 1
        and theirs[0] not in _values(quoted)
        and bool(anew or bare)
        and _is_like(last[0], theirs[0])
        and _unit_of(theirs[0], text) in {"", _unit_of(last[0], quoted)}
    )


_STRONGLY_ANEW = re.compile(r"\b(?:fair (?:point|enough)|make (?:it|that)|let's say|instead|all right|since agreed)\b", re.IGNORECASE)


def _is_like(old: Decimal, new: Decimal) -> bool:
    """Whether one may stand for the other: another value, of the same size."""
    return old != new and bool(old) and Decimal("0.1") <= new / old <= 10


def _unit_of(value: Decimal, text: str) -> str:
    """The unit that stands with a number; "" where it counts something else or stands alone."""
    return next((unit or "" for number, unit in amounts.pairs(text) if number == value), "")


def _values(text: str) -> list[Decimal]:
    """The numbers of a text in order, two that are read as one counted once: "two fifty"."""
    found = numbers.heard(text)
    joined = {b.start for (a, _), (b, _) in pairwise(found) if not text[a.end : b.start].split()}
    return [max(values) for n, values in found if n.start not in joined]
