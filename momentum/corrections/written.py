"""A layer over a deliverable: names, terms and quotes follow the transcript, claims follow the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

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
from momentum.corrections.quotes import quote_under
from momentum.corrections.spoken import machine_id, transcript_under
from momentum.corrections.terms import replaced
from momentum.model import Claim, ClaimState, Deliverable, Ruling, Transcript

UNCHECKED = "The words it rests on were edited after they were checked."
_NO_TEXT = frozenset({"participants", "speakers", "gaps", "faults", "listen_here", "label", "sections", "receipt", "masked"})
"""What is in `extra` beside text of the document: facts of the transcript, the names of sections, what left the machine."""


def deliverable_under(deliverable: Deliverable, transcript: Transcript, layers: Sequence[Layer]) -> Deliverable:
    """The deliverable of the machine's `transcript` with every layer laid over both, in order."""
    for layer in layers:
        before, transcript = transcript, transcript_under(transcript, (layer,))
        deliverable = _under(deliverable, layer, before, transcript)
    return _attributed(deliverable, transcript) if layers else deliverable


def title_under(title: str, layers: Sequence[Layer]) -> str:
    """A meeting's title with the terms fixed that were fixed in it."""
    for layer in layers:
        title = replaced(title, layer.term, layer.replacement) if isinstance(layer, FixTerm) else title
    return title


def claim_objection(layer: ClaimLayer, deliverable: Deliverable) -> str | None:
    """Why a layer cannot be laid over this deliverable, in a sentence; None where it can."""
    known = layer.claim < len(deliverable.claims) and deliverable.claims[layer.claim].state is not ClaimState.DROPPED
    return None if known else f"There is no claim {layer.claim}."


def _under(deliverable: Deliverable, layer: Layer, before: Transcript, after: Transcript) -> Deliverable:
    if isinstance(layer, ConfirmClaim | EditClaim | RejectClaim):
        claims = (_ruled(claim, layer) if n == layer.claim else claim for n, claim in enumerate(deliverable.claims))
        return replace(deliverable, claims=tuple(claims))
    if isinstance(layer, FixTerm):
        return _reworded(deliverable, before, layer)
    if isinstance(layer, EditSegment):
        return replace(deliverable, claims=tuple(_requoted(claim, before, after, layer.segment) for claim in deliverable.claims))
    if isinstance(layer, Reassign):
        moved = _moved(before, after)
        touched = (not moved.isdisjoint(map(machine_id, claim.segment_ids)) for claim in deliverable.claims)
        claims = (_repointed(c, before, after) if cites else c for c, cites in zip(deliverable.claims, touched, strict=True))
        return replace(deliverable, claims=tuple(claims))
    return _renamed(deliverable, *renaming(layer))


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


def _reworded(deliverable: Deliverable, before: Transcript, layer: FixTerm) -> Deliverable:
    """The term is fixed wherever it stands but in the names of speakers: those are renamed."""

    def fix(text: str) -> str:
        return replaced(text, layer.term, layer.replacement)

    def fixed(claim: Claim) -> Claim:
        owner = claim.owner if claim.owner is None or claim.owner in before.speakers else fix(claim.owner)
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


def _requoted(claim: Claim, before: Transcript, after: Transcript, segment_id: int) -> Claim:
    """The quote follows the edit. Whether it still proves the claim, nobody has checked: the person is asked."""
    if segment_id not in claim.segment_ids:
        return claim
    former, now = (_text_of(transcript, segment_id) for transcript in (before, after))
    quote = quote_under(claim.quote, former, now)
    proven = _letters(quote) == _letters(claim.quote) and _letters(quote) in _letters(_text_of(after, *claim.segment_ids))
    claim = replace(claim, quote=quote)
    if proven or claim.state not in {ClaimState.VERIFIED, ClaimState.REPAIRED}:
        return claim
    return replace(claim, state=ClaimState.NEEDS_CONFIRMATION, reason=UNCHECKED)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _text_of(transcript: Transcript, *segment_ids: int) -> str:
    return " ".join(s.text for s in transcript.segments if s.id in segment_ids)


def _moved(before: Transcript, after: Transcript) -> set[int]:
    """The machine's segments of which something was reassigned."""
    former = {s.id: s for s in before.segments}
    return {machine_id(s.id) for s in after.segments if former.get(s.id) is not s}


def _repointed(claim: Claim, before: Transcript, after: Transcript) -> Claim:
    """Segments that were cut are cited by the part that holds the quote; whoever owned the task as its speaker hands it on."""
    former = {s.speaker for s in before.segments if s.id in claim.segment_ids}
    cited = tuple(_cited(claim, before, after))
    claim = replace(claim, segment_ids=cited)
    now = list(dict.fromkeys(s.speaker for s in after.segments if s.id in cited))
    if claim.owner is None or claim.owner not in former or claim.owner in now or replaced(claim.quote, claim.owner, "") != claim.quote:
        return claim
    return replace(claim, owner=now[0] if now else None)


def _cited(claim: Claim, before: Transcript, after: Transcript) -> Iterator[int]:
    known = {s.id for s in before.segments}
    for segment_id in claim.segment_ids:
        origin = machine_id(segment_id)
        parts = [s for s in after.segments if machine_id(s.id) == origin and (s.id == segment_id or s.id not in known)]
        holding = [s.id for s in parts if claim.quote and claim.quote in s.text]
        yield from holding or [s.id for s in parts] or [segment_id]


def _attributed(deliverable: Deliverable, transcript: Transcript) -> Deliverable:
    """Who was there, and who said each cited segment, as writers keep it: by the segment's id as text."""
    cited = {i for claim in deliverable.claims for i in claim.segment_ids}
    speakers = {str(s.id): s.speaker for s in transcript.segments if s.id in cited and s.speaker}
    return replace(deliverable, extra={**deliverable.extra, "participants": list(transcript.people), "speakers": speakers})
