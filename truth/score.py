"""Correct and spoilt claims through the check, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from momentum.model import Claim, ClaimState, Deliverable
from momentum.pipeline.verify import check
from truth.meetings import Case
from truth.plant import KINDS, Plant, plants

GOAL_CAUGHT, GOAL_ALARMS = 0.95, 0.02
POINTER = "pointer off by ten"
_SHOWN = {ClaimState.VERIFIED, ClaimState.REPAIRED}
"""What a reader sees as proven."""


@dataclass
class Score:
    """How many errors of each kind were planted and caught, and how many correct claims were doubted. `misses` are lines to read."""

    planted: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    correct_claims: int = 0
    false_alarms: int = 0
    misses: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """What the last line of `make truth` holds."""
        kinds = {k: {"planted": self.planted[k], "caught": self.caught[k]} for k in KINDS if self.planted[k]}
        counts = {"caught": self.caught.total(), "planted": self.planted.total()}
        return counts | {"false_alarms": self.false_alarms, "correct_claims": self.correct_claims, "kinds": kinds}

    @property
    def share_caught(self) -> float:
        return self.caught.total() / max(1, self.planted.total())

    @property
    def share_of_false_alarms(self) -> float:
        return self.false_alarms / max(1, self.correct_claims)


def score(cases: Sequence[Case]) -> Score:
    """The score over all cases; the same on every run."""
    result = Score()
    for case in cases:
        _count_correct(case, result)
        _count_planted(case, plants(case, cases), result)
    return result


def _count_correct(case: Case, result: Score) -> None:
    claims = [made.claim for made in case.correct]
    for claim, checked in zip(claims, _checked(case, claims), strict=True):
        result.correct_claims += 1
        if not _is_shown_as_written(claim, checked):
            result.false_alarms += 1
            result.misses.append(_line("FALSE ALARM", case, claim, checked))


def _count_planted(case: Case, planted: Sequence[Plant], result: Score) -> None:
    for plant, checked in zip(planted, _checked(case, [p.claim for p in planted]), strict=True):
        result.planted[plant.kind] += 1
        if _is_caught(plant, checked):
            result.caught[plant.kind] += 1
        else:
            result.misses.append(_line(f"MISSED {plant.kind}", case, plant.claim, checked))


def _checked(case: Case, claims: Sequence[Claim]) -> tuple[Claim, ...]:
    draft = Deliverable("minutes", "1", case.meeting.title, "en", "", tuple(claims), model="planted")
    return check(draft, case.transcript, case.meeting).claims


def _is_caught(plant: Plant, checked: Claim) -> bool:
    """A pointer is caught where it was set right, too; everything else only where the claim is not shown as it was written."""
    if plant.kind == POINTER and plant.correct and checked.state is ClaimState.REPAIRED:
        return set(checked.segment_ids) <= set(plant.correct.segment_ids)
    return not _is_shown_as_written(plant.claim, checked)


def _is_shown_as_written(claim: Claim, checked: Claim) -> bool:
    """A date that code worked out of the claim's own words adds to the claim; a date that it changed does not stand as written."""
    same = all(getattr(claim, name) == getattr(checked, name) for name in ("text", "quote", "owner", "due_words"))
    return same and claim.due_date in {None, checked.due_date} and checked.state in _SHOWN


def _line(what: str, case: Case, claim: Claim, checked: Claim) -> str:
    task = "".join(f" | {v}" for v in (claim.owner, claim.due_words, claim.due_date) if v)
    return f"{what}: {case.name}: {claim.text}{task}\n    “{claim.quote}”\n    {checked.state}: {checked.reason}"


def table(scores: dict[str, Score]) -> Iterator[str]:
    """A Markdown table with three columns for each score."""
    names = list(scores)
    yield "| kind of error | " + " | ".join(f"{n}: planted | caught | missed" for n in names) + " |"
    yield "|---|" + "---:|---:|---:|" * len(names)
    for kind in KINDS:
        yield f"| {kind} | " + " | ".join(_cells(s.planted[kind], s.caught[kind]) for s in scores.values()) + " |"
    yield "| **all** | " + " | ".join(_cells(s.planted.total(), s.caught.total(), share=True) for s in scores.values()) + " |"
    yield "| **false alarms** | " + " | ".join(_alarms(s) for s in scores.values()) + " |"


def _cells(planted: int, caught: int, *, share: bool = False) -> str:
    told = f"{caught} ({caught / planted:.1%})" if share and planted else str(caught)
    return f"{planted} | {told} | {planted - caught}" if planted else "- | - | -"


def _alarms(made: Score) -> str:
    return f"of {made.correct_claims} correct claims | {made.false_alarms} | {made.share_of_false_alarms:.1%}"
