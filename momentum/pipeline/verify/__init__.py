"""Each claim against the recording, by code alone: what stands there is verified, what does not is said.

    quote in the named segments                       verified
    quote elsewhere                                   repaired (the claim points there now)
    quote nowhere                                     dropped
    owner not on the roster, or not who takes it on   owner removed, needs confirmation
    due words not in the evidence, or another day     due removed or set right, needs confirmation
    time, number, unit or name not in the evidence    needs confirmation
    negated, inverted or more certain than the quote  needs confirmation
    asked and not answered, taken back, heard badly   needs confirmation
    the quote gives orders to whoever writes          needs confirmation
    no word that means something in the evidence      needs confirmation
    found by rules (suggested)                        stays suggested; its place is set

A claim that was checked before stays as it is: checking again can never make it better.
"""

from __future__ import annotations

import dataclasses
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from momentum.languages import phrase
from momentum.model import Claim, ClaimState, Deliverable, Meeting, Transcript
from momentum.pipeline.verify import (
    amounts,
    certainty,
    choices,
    evidence,
    language,
    negation,
    orders,
    people,
    predicates,
    quotes,
    retractions,
    superseded,
    times,
    wording,
)
from momentum.pipeline.verify.evidence import Evidence
from momentum.writers import dates, numbers, spoken
from momentum.writers.markdown import clock

_UNHEARD = {"loop", "credits", "rate", "low_confidence"}
_TOGETHER = re.compile(r"\b(?:we|us|our|we'll|we've)\b", re.IGNORECASE)
_BESIDE = 2
"""Segments before and behind a quote that may carry what becomes of what it speaks of."""
LONGEST = 2_000
"""Characters of a claim that is compared; whoever writes more in one sentence does not want to be understood."""
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
        self.roster = tuple(p for p in spoken.people(transcript, meeting) if not orders.gives_orders(p))
        start = dates.local_start(meeting)
        self.day = start.date() if start else None
        self.began = start.time() if start else None
        self.text = " ".join(s.text for s in self.segments)
        self.english = spoken.is_english(transcript.language, self.text)
        self.in_english = self.english and spoken.is_english(written_in or transcript.language, self.text)
        self.retractions = retractions.positions(self.segments) if self.english else []
        self.orders = orders.positions(self.segments)
        self.vocabulary = language.stems(" ".join([self.text, meeting.title, *self.roster]))
        self.words = frozenset(spoken.words(f"{self.text} {meeting.title}"))

    @cached_property
    def readings(self) -> set[Decimal]:
        """All numbers that were said."""
        return numbers.readings(self.text)

    def said_at(self, positions: Sequence[int]) -> quotes.Said:
        """The words of these segments, to be searched."""
        return quotes.Said(self.segments, positions, self._resumed)

    def beside(self, positions: Sequence[int]) -> str:
        """What is said right before and behind these segments: there the words stand that nobody repeats in the quote."""
        return " ".join(s.text for s in self.segments[max(0, min(positions) - _BESIDE) : max(positions) + 1 + _BESIDE])

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
    proof = evidence.gather(record.segments, place, [] if repaired else named)
    finding = _Finding(dataclasses.replace(claim, segment_ids=tuple(s.id for s in proof.segments), start=place.start))
    if len(quotes.normalised(claim.quote)) < quotes.SHORTEST and not _holds_together(claim, proof):
        finding.doubts.append("The quote is too short to prove it.")
    if not record.orders.isdisjoint(place.positions):
        finding.doubts.append("The words speak to whoever writes this document; they state nothing.")
        finding.claim = dataclasses.replace(finding.claim, owner=None)
    if len(claim.text) > LONGEST:
        finding.doubts.append("The claim is too long to be compared with what was said.")
        return _concluded(finding, place, repaired=repaired)
    if claim.kind not in _STATEMENTS and not language.stems(claim.text) & record.vocabulary and language.stems(claim.text):
        finding.doubts.append("Nobody spoke of that.")
    _check_owner(finding, proof, record)
    _check_due(finding, proof, record)
    _check_facts(finding, proof, record)
    _check_sense(finding, proof, record)
    _check_hearing(finding, place, record)
    return _concluded(finding, place, repaired=repaired)


def _concluded(finding: _Finding, place: quotes.Place, *, repaired: bool) -> Claim:
    where = f"The quote was said at {clock(place.start)}"
    if finding.doubts:
        return dataclasses.replace(finding.claim, state=ClaimState.NEEDS_CONFIRMATION, reason=" ".join(finding.doubts))
    if repaired:
        return dataclasses.replace(finding.claim, state=ClaimState.REPAIRED, reason=f"{where}, not where the claim pointed; corrected.")
    return dataclasses.replace(finding.claim, state=ClaimState.VERIFIED, reason=f"{where}.")


def _check_owner(finding: _Finding, proof: Evidence, record: _Record) -> None:
    owner = finding.claim.owner
    if owner is None:
        return
    person = people.on_roster(owner, record.roster)
    doubt = (
        people.doubt(person, finding.claim.text, proof, record.roster) if person else phrase(f"nobody known to have been there is {owner}")
    )
    if doubt:
        finding.doubts.append(f"{owner} was removed as the owner: {doubt}.")
    finding.claim = dataclasses.replace(finding.claim, owner=None if doubt else person)


def _check_due(finding: _Finding, proof: Evidence, record: _Record) -> None:
    due, claimed = finding.claim.due_words, finding.claim.due_date
    finding.claim = dataclasses.replace(finding.claim, due_date=None)
    if due is None:
        if claimed:
            finding.doubts.append(f"The day {dates.day_in_words(claimed)} was removed: no words of the quote say it.")
    elif not (times.stands_in(due, finding.claim.quote) or times.stands_in(due, proof.said)):
        finding.doubts.append(f"The time “{due}” was removed: it does not stand in the quote.")
        finding.claim = dataclasses.replace(finding.claim, due_words=None)
    elif record.day is not None:
        day = times.due_day(due, proof.said, record.day, record.began)
        finding.claim = dataclasses.replace(finding.claim, due_date=day)
        if claimed and claimed != day:
            meant = dates.day_in_words(day) if day else phrase("no certain day")
            finding.doubts.append(f"“{due}” is {meant}, not {dates.day_in_words(claimed)}.")


def _check_facts(finding: _Finding, proof: Evidence, record: _Record) -> None:
    """Times, numbers, units and names of the claim's text."""
    claim = finding.claim
    text, unproven = times.split(claim.text, proof.said, proof.around, record.day, claim.due_date)
    if unproven:
        finding.doubts.append(f"The quote does not say {' or '.join(f'“{t}”' for t in unproven)}.")
    finding.doubts.extend(amounts.unproven(text, proof.quoted, proof.said, record.text, proof.nearest))
    if names := _unproven_names(text, claim, proof, record):
        finding.doubts.append(f"The quote does not name {', '.join(names)}.")
    is_order = claim.kind == "action" and claim.owner is not None
    if record.in_english and (name := wording.unknown_subject(text, record.vocabulary, is_order=is_order)):
        finding.doubts.append(f"Nobody spoke of {name}.")


def _unproven_names(text: str, claim: Claim, proof: Evidence, record: _Record) -> list[str]:
    """Names in `text`, the claim's without its times, that nobody said there."""
    known = proof.speakers + ([claim.owner] if claim.owner else [])
    if claim.kind == "decision" and _TOGETHER.search(proof.quoted):
        known += proof.present
    return wording.unproven_names(
        text,
        f"{proof.quoted} {proof.said}",
        record.words,
        known=known,
        present=proof.present + people.named(proof.around, record.roster),
        roster=record.roster,
        english=record.in_english,
    )


def _check_sense(finding: _Finding, proof: Evidence, record: _Record) -> None:
    """What the claim says of it, in English: the same thing, as surely, and neither its opposite nor what was taken back."""
    claim = finding.claim
    if not record.in_english or claim.kind not in _STATEMENTS:
        return
    # A decision is worth an attack: nothing but its evidence may show what it is about.
    if not wording.is_about(claim.text, proof.said if claim.kind == "decision" else proof.topic, record.roster):
        finding.doubts.append("The quote speaks of something else.")
    if turned := _turned(claim, proof, record):
        finding.doubts.append(turned)
    finding.doubts.extend(_unsure(claim, proof, _answers(proof, record)))
    back = retractions.taken_back(claim, proof, record.segments, record.retractions, record.day)
    if back := back or superseded.superseding(claim, proof, record.segments):
        finding.doubts.append(f"Somebody seems to take it back at {clock(back.start)}.")


def _unsure(claim: Claim, proof: Evidence, answers: str) -> Iterator[str]:
    """How the claim is more or less certain than its quote, with the `answers` behind it."""
    if certainty.is_too_certain(claim.text, proof.quoted, answers, decides=claim.kind != "highlight"):
        yield "The quote is less certain than the claim."
    elif certainty.is_too_doubtful(claim.text, proof.said):
        yield "The claim is less certain than the quote."
    if claim.kind == "decision" and certainty.is_a_wish(proof.quoted, answers):
        yield "The quote proposes, and nobody answers yes."
    if claim.kind != "action" and certainty.is_only_asked(proof.quoted, answers):
        yield "The quote asks, and nobody answers yes."


def _turned(claim: Claim, proof: Evidence, record: _Record) -> str | None:
    """How the claim says the opposite of its evidence; None where nothing shows that it does."""
    if choices.differs(claim.text, proof.quoted):
        return "The quote chooses something else."
    if negation.differs_in_negation(claim.text, proof.quoted, proof.said, record.roster):
        return "One of claim and quote says “not”, or the opposite of the other."
    word = predicates.uncarried(claim.text, f"{proof.said} {record.beside(proof.place.positions)}")
    return f"Nothing said there means “{word}”." if word else None


def _answers(proof: Evidence, record: _Record) -> str:
    """What is said behind the quote, in the evidence."""
    last = max(proof.place.positions)
    return " ".join(s.text for s in proof.segments if record.position[s.id] > last)


def _holds_together(claim: Claim, proof: Evidence) -> bool:
    """Whether a short quote is all that its segments hold: "No lawsuit"."""
    return quotes.normalised(proof.quoted) == quotes.normalised(claim.quote) and len(proof.segments) > len(proof.place.positions)


def _check_hearing(finding: _Finding, place: quotes.Place, record: _Record) -> None:
    if any(_UNHEARD & set(record.segments[p].marks) for p in place.positions):
        finding.doubts.append("The recording is hard to understand here.")


def _summary_doubts(summary: str, record: _Record) -> list[str]:
    """Sentences of the summary with a number or a name that was never said."""
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+", summary) if s.strip()]
    return [s for s in sentences if _is_doubtful(s, record)]


def _is_doubtful(sentence: str, record: _Record) -> bool:
    names = wording.unproven_names(sentence, record.text, (), known=record.roster, present=(), roster=record.roster, english=record.english)
    return bool(names) or any(n.value not in record.readings for n in numbers.find(sentence))
