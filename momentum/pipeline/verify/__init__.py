"""Each claim against the recording, by code alone: what stands there is verified, what does not is said.

    quote in the named segments                       verified
    quote elsewhere                                   repaired (the claim points there now)
    quote nowhere                                     dropped
    owner not on the roster, or not in the evidence   owner removed, needs confirmation
    due words not in the quote                        due removed, needs confirmation
    number, name, negation, hedging not as quoted     needs confirmation
    no word that means something in the evidence      needs confirmation
    taken back afterwards, or heard badly             needs confirmation
    found by rules (suggested)                        stays suggested; its place is set

A claim that was checked before stays as it is: checking again can never make it better.
"""

from __future__ import annotations

import dataclasses
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from momentum.model import Claim, ClaimState, Deliverable, Meeting, Segment, Transcript
from momentum.pipeline.verify import people, quotes, wording
from momentum.writers import dates, rules, spoken
from momentum.writers.markdown import clock

NEIGHBOURS = 5
"""Segments before and after the quote that still count as its evidence, if the claim names them."""
RETRACTION_WITHIN = 2
"""Segments after the quote in which "scratch that" takes it back, whatever it speaks of."""
_UNHEARD = {"loop", "credits", "rate", "low_confidence"}
_STATEMENTS = {"decision", "action", "statement", "highlight"}


def check(deliverable: Deliverable, transcript: Transcript, meeting: Meeting) -> Deliverable:
    """The deliverable with every claim's state, reason and place set by code. Pure; never raises, whatever a model wrote."""
    record = _Record(transcript, meeting, deliverable.language)
    claims = tuple(_checked(claim, record) for claim in deliverable.claims)
    cited = {i for c in claims if c.state is not ClaimState.DROPPED for i in c.segment_ids}
    extra = {**deliverable.extra, "speakers": spoken.speakers_of(claims, transcript)}
    extra["gaps"] = [[gap.start, gap.end, gap.reason.value] for gap in transcript.gaps]
    extra["faults"] = list(transcript.faults)
    if deliverable.model is not None:
        extra["summary_doubts"] = _summary_doubts(deliverable.summary, record)
    coverage = dataclasses.replace(deliverable.coverage, cited=tuple(sorted(cited)))
    return dataclasses.replace(deliverable, claims=claims, coverage=coverage, extra=extra)


class _Record:
    """The transcript and the meeting, prepared once for all claims."""

    def __init__(self, transcript: Transcript, meeting: Meeting, written_in: str | None) -> None:
        self.segments = transcript.segments
        self.position = {s.id: n for n, s in reversed(list(enumerate(self.segments)))}
        # Behind a stretch that was not recorded, and at one that nobody understood, something else was said.
        self._resumed = {bisect_left(self.segments, gap.end, key=lambda s: s.start) for gap in transcript.gaps}
        self._resumed |= {n for n, s in enumerate(self.segments) if "gap" in s.marks}
        self.said = self.said_at(range(len(self.segments)))
        self.roster = spoken.people(transcript, meeting)
        self.day = dates.local_date(meeting)
        self.text = " ".join(s.text for s in self.segments)
        self.english = spoken.is_english(transcript.language, self.text)
        self.writes_english = spoken.is_english(written_in or transcript.language, self.text)
        self.retractions = [n for n, s in enumerate(self.segments) if rules.takes_back(s.text)] if self.english else []

    def said_at(self, positions: Sequence[int]) -> quotes.Said:
        """The words of these segments, to be searched."""
        return quotes.Said(self.segments, positions, self._resumed)

    def is_taken_back(self, quote: str, last: int) -> bool:
        """Whether what was said up to position `last` is taken back: right afterwards, or later in talk about it."""
        later = [n for n in self.retractions if n > last]
        return any(n - last <= RETRACTION_WITHIN or rules.speaks_of(quote, self._around(n, last)) for n in later)

    def _around(self, position: int, after: int) -> str:
        return " ".join(s.text for s in self.segments[max(after + 1, position - 2) : position + 2])

    def positions(self, segment_ids: Sequence[int]) -> list[int]:
        """Where the named segments stand; ids that do not exist are passed over."""
        return sorted({self.position[i] for i in segment_ids if i in self.position})


@dataclass
class _Finding:
    """What is wrong with one claim so far, in sentences, and the claim as it can be kept."""

    claim: Claim
    doubts: list[str] = field(default_factory=list)


def _checked(claim: Claim, record: _Record) -> Claim:
    if claim.reason and claim.state is not ClaimState.SUGGESTED:
        return claim  # checked before
    named = record.positions(claim.segment_ids)
    place = quotes.locate(record.said_at(named), claim.quote)
    repaired = place is None
    if place is None:
        place = quotes.locate(record.said, claim.quote, near=named)
    if claim.state is ClaimState.SUGGESTED:
        return dataclasses.replace(claim, start=place.start) if place and not repaired else claim
    if place is None or (repaired and len(quotes.normalised(claim.quote)) < quotes.SHORTEST):
        return dataclasses.replace(claim, state=ClaimState.DROPPED, reason="Nobody said the words it quotes.")
    return _judged(claim, place, named, record, repaired=repaired)


def _judged(claim: Claim, place: quotes.Place, named: Sequence[int], record: _Record, *, repaired: bool) -> Claim:
    """A claim whose quote was said: everything else it says is held against the quote."""
    evidence = _evidence(place, [] if repaired else named, record)
    finding = _Finding(dataclasses.replace(claim, segment_ids=tuple(s.id for s in evidence), start=place.start, due_date=None))
    if len(quotes.normalised(claim.quote)) < quotes.SHORTEST:
        finding.doubts.append("The quote is too short to prove it.")
    _check_owner(finding, evidence, record)
    _check_due(finding, record.day)
    _check_wording(finding, evidence, record)
    _check_hearing(finding, place, record)
    return _concluded(finding, place, repaired=repaired)


def _concluded(finding: _Finding, place: quotes.Place, *, repaired: bool) -> Claim:
    where = f"The quote was said at {clock(place.start)}"
    if finding.doubts:
        return dataclasses.replace(finding.claim, state=ClaimState.NEEDS_CONFIRMATION, reason=" ".join(finding.doubts))
    if repaired:
        return dataclasses.replace(finding.claim, state=ClaimState.REPAIRED, reason=f"{where}, not where the claim pointed; corrected.")
    return dataclasses.replace(finding.claim, state=ClaimState.VERIFIED, reason=f"{where}.")


def _evidence(place: quotes.Place, named: Sequence[int], record: _Record) -> list[Segment]:
    """The segments of the quote and those the claim names close by: neither the whole meeting nor what nobody said is a proof."""
    first, last = min(place.positions), max(place.positions)
    close = {p for p in named if first - NEIGHBOURS <= p <= last + NEIGHBOURS and not record.segments[p].unsaid}
    return [record.segments[p] for p in sorted(close | set(place.positions))]


def _check_owner(finding: _Finding, evidence: Sequence[Segment], record: _Record) -> None:
    owner = finding.claim.owner
    if owner is None:
        return
    person = people.on_roster(owner, record.roster)
    doubt = people.doubt(person, finding.claim.quote, evidence, record.roster) if person else f"nobody known to have been there is {owner}"
    if doubt:
        finding.doubts.append(f"{owner} was removed as the owner: {doubt}.")
    finding.claim = dataclasses.replace(finding.claim, owner=None if doubt else person)


def _check_due(finding: _Finding, day: date | None) -> None:
    due = finding.claim.due_words
    if due is None:
        return
    wanted = quotes.normalised(due)
    said = "\x1f".join(["", *quotes.normalised(finding.claim.quote), ""])
    if not wanted or "\x1f".join(["", *wanted, ""]) not in said:
        finding.doubts.append(f"The time “{due}” was removed: it does not stand in the quote.")
        finding.claim = dataclasses.replace(finding.claim, due_words=None)
    elif day is not None:
        finding.claim = dataclasses.replace(finding.claim, due_date=dates.resolve(due, day))


def _check_wording(finding: _Finding, evidence: Sequence[Segment], record: _Record) -> None:
    claim = finding.claim
    known = [s.speaker for s in evidence if s.speaker] + ([claim.owner] if claim.owner else [])
    if missing := wording.unproven_numbers(claim.text, claim.quote):
        finding.doubts.append(f"The quote does not hold the number {', '.join(missing)}.")
    if names := wording.unproven_names(claim.text, claim.quote, known, record.roster, english=record.english):
        finding.doubts.append(f"The quote does not name {', '.join(names)}.")
    if not record.english or claim.kind not in _STATEMENTS:
        return
    if record.writes_english and not wording.is_about(claim.text, " ".join(s.text for s in evidence), record.roster):
        finding.doubts.append("The quote speaks of something else.")
    if wording.differs_in_negation(claim.text, claim.quote):
        finding.doubts.append("One of claim and quote says “not”, the other does not.")
    if wording.differs_in_hedging(claim.text, claim.quote):
        finding.doubts.append("One of claim and quote is less certain than the other.")


def _check_hearing(finding: _Finding, place: quotes.Place, record: _Record) -> None:
    if any(_UNHEARD & set(record.segments[p].marks) for p in place.positions):
        finding.doubts.append("The recording is hard to understand here.")
    if finding.claim.kind in _STATEMENTS and record.is_taken_back(finding.claim.quote, max(place.positions)):
        finding.doubts.append("Somebody seems to take it back afterwards.")


def _summary_doubts(summary: str, record: _Record) -> list[str]:
    """Sentences of the summary with a number or a name that was never said."""
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+", summary) if s.strip()]
    return [s for s in sentences if _is_doubtful(s, record)]


def _is_doubtful(sentence: str, record: _Record) -> bool:
    names = wording.unproven_names(sentence, record.text, record.roster, record.roster, english=record.english)
    return bool(names or wording.unproven_numbers(sentence, record.text))
