"""What was proposed or even decided, and settled differently before the talk went on to something else (English)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from momentum.model import Claim, Segment
from momentum.pipeline.verify import amounts, certainty, language, times
from momentum.pipeline.verify.evidence import Evidence
from momentum.writers import dates, numbers
from momentum.writers.spoken import words

SAME_TALK = 12
"""Segments behind a quote in which the same thing is still settled, if nothing new comes up."""
_ANY_DAY = date(2000, 1, 1)
_OPENS = r"^\W*(?:(?:oh|well|um|uh|hm+|ah|so|and|okay|ok|right|fine|good|all right|alright|yes|yeah)\W+)*"
_BROKEN_OFF = re.compile(r"(?:[\u2014\u2013]|\.\.\.|…)\W*(?:(?:um|uh|hm+|wait|oh|well)\W+)*no\b|[\u2014\u2013]\W*$", re.IGNORECASE)
"""The speaker stops, or stops with a no."""
_SETTLES = re.compile(
    rf"{_OPENS}(?:then|so|okay|ok|fine|no|all right)\b|\b(?:then|it is|only|settled|agreed|fine|as (?:last year|before|always))\W*$|"
    r", (?:then|fine|okay|settled|agreed)\b",
    re.IGNORECASE,
)
_TAKES_NO = re.compile(
    rf"{_OPENS}then (?:no(?! one)|not|don't|nobody|none)\b|{_OPENS}no,? (?:okay|ok|wait|stop|then|you're right|fine|let's|we)\b|"
    r"^\W*(?:okay|hm+|um|right|fine),? no\b(?! one)",
    re.IGNORECASE,
)
_NO_OF_IT = re.compile(rf"{_OPENS}(?:then |so )?no (?:(?:new|more) )*(?P<what>\w+(?: \w+)?)", re.IGNORECASE)
_GIVES_WAY = re.compile(
    r"^\W*(?:(?:oh|well|okay|hm+),? )*(?:hm+|ah|ouch|darn|damn|oh no|that's true|true|you(?: do)? have a point|"
    r"(?:good|fair) point|you're right|fair enough|"
    r"i(?:'d| had)? forg[eo]t\w*(?: \w+){0,3}|(?:did|do|does|is|are|was|has|have) (?:they|he|she|it|we|i)|really)\W*$",
    re.IGNORECASE,
)
_OBJECTS = re.compile(
    r"\b(?:but|though|wait|hang on|hold on|rather|can't|cannot|won't|not|isn't|aren't|wouldn't|doesn't|don't|problem|never|instead|too|"
    r"nobody|no one|better|sure|only)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(rf"{_OPENS}(?:then|okay|ok|fine|all right|no)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence behind the quote, with who says it and what was said between."""

    segment: Segment
    text: str
    between: tuple[_Sentence, ...]


def superseding(claim: Claim, evidence: Evidence, segments: Sequence[Segment]) -> Segment | None:
    """The segment that settles something else than the claim says: that of the quote where the speaker breaks off."""
    last = max(evidence.place.positions)
    if claim.kind == "highlight":
        return None
    if _BROKEN_OFF.search(evidence.quoted):
        return segments[last]
    topic = language.stems(f"{claim.text} {evidence.quoted}") - amounts.COUNTS
    proven = {s.id for s in evidence.segments}
    behind = list(_behind(segments, last, topic))
    if (objection := _objection(evidence, behind, topic)) and objection.id not in proven:
        return objection
    for sentence in behind:
        if sentence.segment.id not in proven and _settles_otherwise(claim, evidence, sentence, topic):
            return sentence.segment
    return None


def _objection(evidence: Evidence, behind: Sequence[_Sentence], topic: frozenset[str]) -> Segment | None:
    """Where somebody else speaks against what the quote only proposes, or does not agree to what it once planned."""
    if _DENIED.search(evidence.quoted) or len(evidence.segments) > len(evidence.quotes):
        return None
    others = [s for s in behind[:_AT_ONCE] if s.segment.speaker != evidence.quotes[-1].speaker]
    if not others or certainty.agrees(" ".join(s.text for s in others)):
        return None
    if _PLANNED.search(evidence.quoted):
        return others[0].segment
    proposes = bool(_PROPOSES.search(evidence.quoted))
    return next((s.segment for s in others if _SPEAKS_AGAINST.search(s.text) and (proposes or _is_about_it(s, evidence, topic))), None)


def _is_about_it(sentence: _Sentence, evidence: Evidence, topic: frozenset[str]) -> bool:
    """Whether an objection that asks nothing speaks of what was decided: by its words, or right behind it by an "it"."""
    text = sentence.text
    if text.rstrip().endswith("?") or _REQUESTS.search(text):
        return False
    at_once = not sentence.between and bool(_POINTS.search(text))
    return at_once or _topical(text, topic) or bool(numbers.numbers(text) & numbers.readings(evidence.quoted))


_POINTS = re.compile(
    r"\b(?:it|it's|that(?! (?:i|we|you|he|she|they|the|it)\b)|that's|them|one|this)\b|^\W*(?:no|but|hang on|hold on|wait)\b", re.IGNORECASE
)
_REQUESTS = re.compile(r"\bplease\b|^\W*(?:so|if)\b", re.IGNORECASE)


_AT_ONCE = 2
"""Sentences behind a proposal in which somebody objects to it."""
_PLANNED = re.compile(
    r"\b(?:i|we)(?:'d| had)?(?: already| once| originally| first)? (?:said|planned|thought|wanted|hoped|intended|meant|booked|"
    r"put (?:us|you|them|it) down|asked for)\b|\b(?:was|were) (?:going|supposed|planned) to\b|\boriginally\b",
    re.IGNORECASE,
)
_PROPOSES = re.compile(
    rf"{_OPENS}(?:then )?(?:let's|we (?:should|could)|i'd|i would|they should|you should|how about)\b|\bi (?:propose|suggest)\b",
    re.IGNORECASE,
)
_SPEAKS_AGAINST = re.compile(
    r"^\W*(?:no\b(?! (?:problem|worries))|but\b|hang on|hold on|wait\b|never\b|not\b|really\b)|"
    r"\b(?:can't|cannot|won't|wouldn't|isn't|aren't|doesn't|don't|rather|impossible|instead|too \w+|nobody|holiday|clash\w*|without)\b",
    re.IGNORECASE,
)


def _behind(segments: Sequence[Segment], last: int, topic: frozenset[str]) -> Iterator[_Sentence]:
    """The sentences behind the quote, until something new comes up or is settled."""
    between: list[_Sentence] = []
    for segment in segments[last + 1 : last + 1 + SAME_TALK]:
        for text in language.sentences(segment.text):
            if _is_new(text, topic):
                return
            sentence = _Sentence(segment, text, tuple(between))
            yield sentence
            between.append(sentence)


def _is_new(text: str, topic: frozenset[str]) -> bool:
    """Whether a sentence opens another subject."""
    asks = text.rstrip().endswith("?") and _NEW_QUESTION.search(text) and not language.stems(text) & topic and bool(language.stems(text))
    return bool(asks) or _is_a_heading(text, topic)


_NEW_QUESTION = re.compile(
    r"^\W*(?:and |so |but |now,? )?(?:do|should|shall|are|could|can|what about|how about|who|when|where) (?:we|i|the|our)\b|^\W*and the\b",
    re.IGNORECASE,
)


_TALK = language.phrases(
    r"""
    i|you|he|she|it|we|they|who|what|how|why|\w+'\w+|is|are|was|were|do|does|did|has|have|can|will|yes|yeah|no|okay|ok|right|good|fine|then
    agreed|settled|really|perfect|great|thanks|thank|lovely|sure|true|hm+|um|uh|ah|oh|ouch|darn|wait|one|only|not|again|please|brilliant
    that|this|them|nobody|everybody|somebody|all|never|nothing
    """
)


def _is_a_heading(text: str, topic: frozenset[str]) -> bool:
    """Whether a few words name something new: "The drill rig"."""
    stems = language.stems(text)
    few = len(text.split()) <= 4
    if re.search(r"^\W*(?:next|finally|lastly|last point|anything else)\b|\bby the way\b", text, re.IGNORECASE):
        return True
    new = few and bool(stems) and not stems & (topic | amounts.COUNTS) and not _TALK.search(text)
    return new and not dates.mentions(text, _ANY_DAY) and not numbers.find(text)


def _settles_otherwise(claim: Claim, evidence: Evidence, sentence: _Sentence, topic: frozenset[str]) -> bool:
    text = sentence.text
    if text.rstrip().endswith("?"):
        return False
    denied = bool(_DENIED.search(f"{claim.text} {evidence.quoted}"))
    if not denied and _SETTLES.search(text) and _other_value(claim, evidence, sentence, topic):
        return True
    if not denied and (match := _NO_OF_IT.search(text)) and language.stems(match["what"]) & topic:
        return True
    mine = sentence.segment.speaker == evidence.quotes[-1].speaker
    return mine and _comes_round(evidence, sentence, topic)


def _comes_round(evidence: Evidence, sentence: _Sentence, topic: frozenset[str]) -> bool:
    """Whether somebody says something else after an objection to their own words."""
    text, between = sentence.text, sentence.between
    if not between or len(between) > _CHAIN or any(map(_settles_something, between)):
        return False
    if _gave_way(between, evidence) and not _refuses_else(text, topic) and not _GIVES_WAY.search(text):
        return True
    if _AGAIN.search(text) and _topical(text, topic) and _objected(between, evidence, _STRONGLY):
        return True
    return bool(_TAKES_NO.search(text)) and _objected(between, evidence, _OBJECTS)


def _refuses_else(text: str, topic: frozenset[str]) -> bool:
    """Whether a sentence says no to something new: "Okay, no new microphone"."""
    match = _NO_OF_IT.search(text)
    return match is not None and not _topical(match["what"], topic)


def _topical(text: str, topic: frozenset[str]) -> bool:
    return bool(language.stems(text) & topic)


_DENIED = language.phrases(r"no|not|never|nobody|none|without|cannot|\w+n't")
_STRONGLY = language.phrases(r"though|i'd rather|i'd (?:go|take|say)|wait|hang on|hold on|can't|won't|problem")


_CHAIN = 7
"""Sentences between a quote and the one in which its speaker gives way."""


def _settles_something(sentence: _Sentence) -> bool:
    return bool(_SETTLED.search(sentence.text)) and not sentence.text.rstrip().endswith("?")


_SETTLED = re.compile(rf"{_OPENS}(?:then )?(?:we|i'll|i will|let's|you)\b(?!'re right|'ve| have|'d| had| counted)", re.IGNORECASE)


def _gave_way(between: Sequence[_Sentence], evidence: Evidence) -> bool:
    mine = [s.text for s in between if s.segment.speaker == evidence.quotes[-1].speaker]
    return any(_GIVES_WAY.search(t) for t in mine)


def _objected(between: Sequence[_Sentence], evidence: Evidence, how: re.Pattern[str]) -> bool:
    return any(s.segment.speaker != evidence.quotes[-1].speaker and how.search(s.text) for s in between)


def _other_value(claim: Claim, evidence: Evidence, sentence: _Sentence, topic: frozenset[str]) -> bool:
    """Whether a sentence is little but another day or number of the kind that the claim has from its quote."""
    text, quoted = _first(sentence.text), evidence.quoted
    own = language.stems(times.without(text)) - amounts.COUNTS
    if len(own - topic) > _FEW:
        return False
    for kind in (_weekdays, _days):
        said, earlier = kind(text), kind(quoted) & kind(claim.text)
        if said and earlier:
            return bool(said - kind(quoted) - kind(claim.text)) and bool(earlier - said)
    if _weekdays(text) or _days(text) or (not own & topic and len(sentence.between) > _SOON):
        return False
    theirs, before, claimed = (_values(times.without(t)) for t in (text, quoted, claim.text))
    old = before & claimed - _pointed_at(quoted)
    alone = len(theirs) == 1 and len(numbers.find(text)) <= 1 and not _DENIED.search(text) and not theirs & (before | claimed)
    return alone and any(_is_like(a, b) and _unit(a, text) in {"", _unit(b, quoted)} for a in theirs for b in old)


_FEW = 2
"""Words of its own of a sentence that only settles a value."""
_SOON = 3
"""Sentences behind a quote in which a bare number stands for one of the quote's."""


def _pointed_at(text: str) -> set[Decimal]:
    """Numbers of things known: "those two weeks"."""
    return {
        n.value for n in numbers.find(text) if re.search(r"\b(?:these|those|the (?:first|last|next))\s+$", text[: n.start], re.IGNORECASE)
    }


def _first(text: str) -> str:
    """What a sentence settles, without what comes of it: "Five lanes, fine, and we start earlier"."""
    return re.split(r",? (?:and we|and i|but|because|so)\b", text, maxsplit=1)[0]


def _unit(value: Decimal, text: str) -> str:
    """The unit that stands with a number; "" where it stands alone."""
    return next((unit or "" for number, unit in amounts.pairs(text) if number == value), "")


def _is_like(new: Decimal, old: Decimal) -> bool:
    return bool(old) and Decimal("0.25") <= new / old <= 4


def _weekdays(text: str) -> set[object]:
    return {w for w in words(text) if w in dates.WEEKDAYS}


def _days(text: str) -> set[object]:
    """The days of the month; a second is often no day."""
    return {m.day.day for m in dates.mentions(text, _ANY_DAY) if m.day and re.search(r"\d|\b(?:\w+(?:th|st|nd|rd))\b", m.words)}


def _values(text: str) -> set[Decimal]:
    one = {Decimal(1)} if re.search(r"^\W*(?:\w+\W+)?one\b", text, re.IGNORECASE) else set()
    return one | numbers.numbers(text)
