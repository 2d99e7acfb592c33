"""What differs between two versions of a document: claims that came, went or changed, and the summary line by line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from momentum.model import Claim, Deliverable

FIELDS = ("text", "quote", "owner", "due_words", "due_date", "state", "section")
"""What of a claim is compared."""
ALIKE = 0.6
"""Likeness of two texts, 0..1, from which on one is the other, changed."""
SAME_PLACE = 0.2
"""How much likelier it is where both point to the same segment."""


@dataclass(frozen=True, slots=True)
class Change:
    """One claim in both versions. `fields` are those of FIELDS that differ."""

    before: Claim
    after: Claim
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """From one version to another. `summary` is a unified diff, a sentence a line; "" where it is the same."""

    added: tuple[Claim, ...]
    removed: tuple[Claim, ...]
    changed: tuple[Change, ...]
    unchanged: int
    summary: str


def compare(before: Deliverable, after: Deliverable, *, names: tuple[str, str] = ("before", "after")) -> Difference:
    """What differs. Pure; `names` head the diff of the summary."""
    kept = _pairs(before.claims, after.claims)
    pairs = [(before.claims[kept[a]], after.claims[a]) for a in sorted(kept)]
    changes = [Change(b, a, fields) for b, a in pairs if (fields := _differing(b, a))]
    return Difference(
        added=tuple(claim for a, claim in enumerate(after.claims) if a not in kept),
        removed=tuple(claim for b, claim in enumerate(before.claims) if b not in kept.values()),
        changed=tuple(changes),
        unchanged=len(pairs) - len(changes),
        summary="\n".join(difflib.unified_diff(_lines(before.summary), _lines(after.summary), *names, lineterm="")),
    )


def _pairs(before: Sequence[Claim], after: Sequence[Claim]) -> dict[int, int]:
    """Index in `after` -> index in `before` of the same claim: those that did not change, then the most alike first."""
    taken = _unchanged(before, after)
    earlier = [b for b in range(len(before)) if b not in taken.values()]
    later = [a for a in range(len(after)) if a not in taken]
    scored = [(_likeness(before[b], after[a]), b, a) for b in earlier for a in later]
    for score, b, a in sorted(scored, key=lambda found: (-found[0], found[1], found[2])):
        if score >= ALIKE and a not in taken and b not in taken.values():
            taken[a] = b
    return taken


def _unchanged(before: Sequence[Claim], after: Sequence[Claim]) -> dict[int, int]:
    """Index in `after` -> index in `before`."""
    known: dict[tuple[object, ...], list[int]] = {}
    for index, claim in enumerate(before):
        known.setdefault(_compared(claim), []).append(index)
    return {index: known[facts].pop(0) for index, claim in enumerate(after) if known.get(facts := _compared(claim))}


def _likeness(before: Claim, after: Claim) -> float:
    if before.kind != after.kind:
        return 0.0
    same_quote = before.quote.casefold() == after.quote.casefold() and bool(before.quote)
    place = SAME_PLACE if set(before.segment_ids) & set(after.segment_ids) else 0.0
    if not (place or same_quote or _share_words(before.text, after.text)):
        return 0.0  # most pairs have nothing to do with each other, and comparing letters takes its time
    text = difflib.SequenceMatcher(None, before.text.casefold(), after.text.casefold(), autojunk=False).ratio()
    return place + max(text, ALIKE + text / 10 if same_quote else 0.0)


def _share_words(before: str, after: str) -> bool:
    one, other = (set(text.casefold().split()) for text in (before, after))
    return 3 * len(one & other) > min(len(one), len(other))


def _compared(claim: Claim) -> tuple[object, ...]:
    return (claim.kind, *(getattr(claim, name) for name in FIELDS))


def _differing(before: Claim, after: Claim) -> tuple[str, ...]:
    return tuple(name for name in FIELDS if getattr(before, name) != getattr(after, name))


def _lines(summary: str) -> list[str]:
    return [line for line in re.split(r"(?<=[.!?])\s+|\n+", summary.strip()) if line]
