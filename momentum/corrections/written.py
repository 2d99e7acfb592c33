"""A layer over a deliverable: names, terms and quotes follow the transcript, claims follow the person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from momentum.corrections.cuts import machine_id
from momentum.corrections.layers import (
    ClaimLayer,
    ConfirmClaim,
    EditClaim,
    EditSegment,
    FixTerm,
    Layer,
    Reassign,
    RejectClaim,
    renaming,
)
from momentum.corrections.laying import Laid, Laying
from momentum.corrections.quotes import quote_under
from momentum.corrections.terms import replaced
from momentum.model import Claim, ClaimState, Deliverable, Ruling, Transcript

UNCHECKED = "The words it rests on were edited after they were checked."
_NO_TEXT = frozenset({"participants", "speakers", "gaps", "faults", "listen_here", "label", "sections", "receipt", "masked"})
"""What is in `extra` beside text of the document: facts of the transcript, the names of sections, what left the machine."""


def deliverable_under(deliverable: Deliverable, transcript: Transcript, layers: Sequence[Layer]) -> Deliverable:
    """The deliverable of the machine's `transcript` with every layer laid over both, in order."""
    laying = Laying(transcript)
    for layer in layers:
        deliverable = written_under(deliverable, laying.lay(layer), laying)
    return attributed(deliverable, laying.transcript()) if layers else deliverable


def written_under(deliverable: Deliverable, laid: Laid, laying: Laying) -> Deliverable:
    """The deliverable with one more layer laid over it, right after it was laid over the transcript."""
    layer = laid.layer
    if isinstance(layer, ConfirmClaim | EditClaim | RejectClaim):
        claims = (_ruled(claim, layer) if n == layer.claim else claim for n, claim in enumerate(deliverable.claims))
        return replace(deliverable, claims=tuple(claims))
    if isinstance(layer, FixTerm):
        return _reworded(deliverable, laying, layer)
    if isinstance(layer, EditSegment):
        return replace(deliverable, claims=tuple(_requoted(claim, laid.said, laying, layer.segment) for claim in deliverable.claims))
    if isinstance(layer, Reassign):
        return _handed_on(deliverable, laid.speakers, laying)
    return _renamed(deliverable, *renaming(layer))


def attributed(deliverable: Deliverable, transcript: Transcript) -> Deliverable:
    """Who was there, and who said each cited segment, as writers keep it: by the segment's id as text."""
    cited = {i for claim in deliverable.claims for i in claim.segment_ids}
    speakers = {str(s.id): s.speaker for s in transcript.segments if s.id in cited and s.speaker}
    return replace(deliverable, extra={**deliverable.extra, "participants": list(transcript.people), "speakers": speakers})


def title_under(title: str, layers: Sequence[Layer]) -> str:
    """A meeting's title with the terms fixed that were fixed in it."""
    for layer in layers:
        title = replaced(title, layer.term, layer.replacement) if isinstance(layer, FixTerm) else title
    return title


def claim_objection(layer: ClaimLayer, deliverable: Deliverable) -> str | None:
    """Why a layer cannot be laid over this deliverable, in a sentence; None where it can."""
    known = layer.claim < len(deliverable.claims) and deliverable.claims[layer.claim].state is not ClaimState.DROPPED
    return None if known else f"There is no claim {layer.claim}."


def _ruled(claim: Claim, layer: ClaimLayer) -> Claim:
    if isinstance(layer, EditClaim):
        ruled = replace(claim, text=layer.text, owner=layer.owner, ruling=Ruling.EDITED)
        return replace(ruled, due_words=layer.due_words, due_date=layer.due_date)
    if isinstance(layer, RejectClaim):
        return replace(claim, ruling=Ruling.REJECTED)
    return replace(claim, ruling=claim.ruling if claim.ruling is Ruling.EDITED else Ruling.CONFIRMED)


# --- names and terms ------------------------------------------------------------------------------


def _renamed(deliverable: Deliverable, former: Sequence[str], name: str) -> Deliverable:
    """Owners and what a model wrote follow; what was said aloud stays as it was said."""

    def follow(text: str) -> str:
        for one in former:
            text = _with_name(text, one, name)
        return text

    claims = (
        replace(c, text=follow(c.text), reason=follow(c.reason), owner=name if c.owner in former else c.owner) for c in deliverable.claims
    )
    return _retold(replace(deliverable, claims=tuple(claims)), follow)


def _with_name(text: str, former: str, name: str) -> str:
    if former == name or replaced(name, former, "") == name:
        return replaced(text, former, name)
    # Where the new name stands already, the former one is a part of it: "Dana" of "Dana Lee".
    return name.join(replaced(part, former, name) for part in text.split(name))


def _reworded(deliverable: Deliverable, laying: Laying, layer: FixTerm) -> Deliverable:
    """The term is fixed wherever it stands but in the names of speakers: those are renamed."""
    begins = "".join(layer.term.split()[:1]).lower()

    def fix(text: str) -> str:
        return replaced(text, layer.term, layer.replacement) if begins in text.lower() else text

    def fixed(claim: Claim) -> Claim:
        # What most claims have nothing of is looked for once in each: there may be a thousand terms.
        if begins not in "\n".join((claim.text, claim.quote, claim.reason, claim.owner or "", claim.due_words or "")).lower():
            return claim
        owner = claim.owner if claim.owner is None or laying.speaks(claim.owner) else fix(claim.owner)
        due = fix(claim.due_words) if claim.due_words else claim.due_words
        # A day that was worked out of other words is none: "by Friday" that was "by Monday".
        day = claim.due_date if due == claim.due_words else None
        claim = replace(claim, owner=owner, due_words=due, due_date=day)
        return replace(claim, text=fix(claim.text), quote=fix(claim.quote), reason=fix(claim.reason))

    claims = tuple(map(fixed, deliverable.claims))
    return _retold(replace(deliverable, title=fix(deliverable.title), claims=claims), fix)


def _retold(deliverable: Deliverable, change: Callable[[str], str]) -> Deliverable:
    extra = {name: value if name in _NO_TEXT else _each_text(value, change) for name, value in deliverable.extra.items()}
    return replace(deliverable, summary=change(deliverable.summary), extra=extra)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _each_text(item, change) for name, item in value.items()}
    return [_each_text(item, change) for item in value] if isinstance(value, list | tuple) else value


# --- segments -------------------------------------------------------------------------------------


def _requoted(claim: Claim, former: str, laying: Laying, segment_id: int) -> Claim:
    """The quote follows the edit. Whether it still proves the claim, nobody has checked: the person is asked."""
    if segment_id not in claim.segment_ids:
        return claim
    quote = quote_under(claim.quote, former, laying.text_of((segment_id,)))
    proven = _letters(quote) == _letters(claim.quote) and _letters(quote) in _letters(laying.text_of(claim.segment_ids))
    claim = replace(claim, quote=quote)
    if proven or claim.state not in {ClaimState.VERIFIED, ClaimState.REPAIRED}:
        return claim
    return replace(claim, state=ClaimState.NEEDS_CONFIRMATION, reason=UNCHECKED)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _handed_on(deliverable: Deliverable, former: Mapping[int, str | None], laying: Laying) -> Deliverable:
    """Claims that cite what was reassigned point to the parts of it that hold their quotes."""
    moved = set(map(machine_id, former))
    touched = (not moved.isdisjoint(map(machine_id, claim.segment_ids)) for claim in deliverable.claims)
    claims = (_repointed(c, former, moved, laying) if cites else c for c, cites in zip(deliverable.claims, touched, strict=True))
    return replace(deliverable, claims=tuple(claims))


def _repointed(claim: Claim, former: Mapping[int, str | None], moved: Collection[int], laying: Laying) -> Claim:
    """Segments that were cut are cited by the part that holds the quote; whoever owned the task as its speaker hands it on."""
    elsewhere = [i for i in claim.segment_ids if machine_id(i) not in moved]
    spoke = {former[i] for i in claim.segment_ids if i in former}.union(laying.speakers_of(elsewhere))
    claim = replace(claim, segment_ids=tuple(_cited(claim, former, moved, laying)))
    if claim.owner is None or claim.owner not in spoke or replaced(claim.quote, claim.owner, "") != claim.quote:
        return claim
    now = laying.speakers_of(claim.segment_ids)
    return claim if claim.owner in now else replace(claim, owner=now[0] if now else None)


def _cited(claim: Claim, former: Mapping[int, str | None], moved: Collection[int], laying: Laying) -> Iterator[int]:
    for segment_id in claim.segment_ids:
        origin = machine_id(segment_id)
        parts = [s for s in laying.parts(origin) if s.id == segment_id or s.id not in former] if origin in moved else []
        holding = [s.id for s in parts if claim.quote and claim.quote in s.text]
        yield from holding or [s.id for s in parts] or [segment_id]
