"""The page docs/reference/truth.md: what a fresh clone measures, and what was measured on real meetings."""

from __future__ import annotations

import json
from pathlib import Path

from truth.meetings import read_all
from truth.score import GOAL_ALARMS, GOAL_CAUGHT, KINDS, Score, score, table

REAL = Path(__file__).with_name("real_meetings.json")
"""What `make truth ARGS=--keep` last measured on the meetings in MOMENTUM_SAMPLES."""
_HEAD = """# The score of the check

Made from the code by `make docs`; `make truth` measures and prints it again. How the check decides stands in
[what is checked](../explanation/verification.md).

Errors are planted, one at a time, into correct claims. A planted error is **caught** when the claim is not shown as verified the way it
was written; a wrong pointer also counts as caught when it was set right. A **false alarm** is a correct claim that is neither verified
nor repaired. The goal: at least 95 % caught, at most 2 % false alarms. {verdict}

- The meetings, and the correct claims with their quotes, were written by hand for this purpose (`truth/meetings/`): {total} meetings with
  {claims} claims. The rules of the check were tuned on {dev} of them (`make truth ARGS=--dev`). The {held} others are held out: who wrote
  them had not read the rules, and nobody who changes the rules has read them. Meetings that were held out before were moved to those
  that are tuned on as soon as their misses were looked at.
- **Who writes the meetings matters more than anything else.** On meetings by the hand that wrote the rules, held out as well, the same
  check caught 97 % with 3 % false alarms; on the first ones by somebody who did not know them 91.5 % with 14.5 %. What stands below is of
  the second sort, and near to what real meetings give. On the meetings tuned on it is 97 % with 1.4 %: that says nothing.
- Inversions, claims without their hedge and retracted decisions were written by hand; the other errors are planted by `truth/plant.py`,
  the same ones on every run.
- Wrong owners, dates, units, pointers, quotes and people are caught nearly always. The weak rows are inversions in other words ("we leave
  it alone" as "it is operated on"), retractions without a word for them, and hedges that stand in the tone: code that compares words does
  not understand what it reads. Half of the false alarms come from the first two of these checks.

"""
_REAL = """
## Real meetings

QMSum's transcripts (research groups, product teams, committees), with what its annotators wrote about them: each sentence of an answer
is a claim, its quote the turn among those the annotators point at that shares most of its words. {claims} of {sentences} sentences have
such a quote; the others sum up many turns, and no single quote carries them. Inversions are a "not" more or less. Half of the meetings,
every second by name, was tuned on; these are the others. Needs the data: set `MOMENTUM_SAMPLES` to a folder that holds `qmsum/*.json`
([QMSum](https://github.com/Yale-LILY/QMSum), MIT licence), then `make truth`.

"""


def page() -> str:
    """The whole page as Markdown."""
    dev, held = read_all("dev"), read_all("heldout")
    claims = sum(len(case.correct) for case in (*dev, *held))
    made = score(held)
    head = _HEAD.format(total=len(dev) + len(held), claims=claims, dev=len(dev), held=len(held), verdict=_verdict(made))
    return head + "\n".join(table({"held out": made})) + "\n" + _real()


def _verdict(made: Score) -> str:
    met, missed = "is met", "is missed"
    caught, alarms = (met if ok else missed for ok in (made.share_caught >= GOAL_CAUGHT, made.share_of_false_alarms <= GOAL_ALARMS))
    return f"The first {caught}, the second {alarms}."


def _real() -> str:
    if not REAL.exists():
        return ""
    kept = json.loads(REAL.read_text("utf-8"))
    return _REAL.format(**kept) + "\n".join(table({"real meetings": _score(kept["summary"])})) + "\n"


def keep(made: Score, claims: int, sentences: int) -> None:
    """Write down what was measured on real meetings."""
    kept = {"claims": claims, "sentences": sentences, "summary": made.summary()}
    REAL.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _score(summary: dict[str, object]) -> Score:
    made = Score(correct_claims=int(str(summary["correct_claims"])), false_alarms=int(str(summary["false_alarms"])))
    kinds = summary["kinds"]
    for kind in KINDS:
        if isinstance(kinds, dict) and kind in kinds:
            made.planted[kind], made.caught[kind] = kinds[kind]["planted"], kinds[kind]["caught"]
    return made
