"""`make truth`: plant errors in correct claims, print what the check caught, beside what it catches where its rules were tuned.

The last line is one JSON object, of the meetings held out. `ARGS="--dev --show"`: the meetings tuned on alone, with what is missed there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from truth import page, qmsum
from truth.meetings import read_all
from truth.score import GOAL_ALARMS, GOAL_CAUGHT, Score, score, table


def main(arguments: list[str]) -> int:
    """Exit code 1 with `--strict` when the goal is missed."""
    wanted = _options(arguments)
    part = "dev" if wanted.dev else "heldout"
    own = score(read_all(part))
    scores = {LABELS[part]: own}
    found = None if wanted.own else _real_meetings(part)
    if not (wanted.dev or wanted.held):
        scores[LABELS["dev"]] = score(read_all("dev"))
    if found:
        scores["real meetings"] = score(found.cases)
    for line in table(scores):
        print(line)
    print(_told(found))
    if found and wanted.keep:
        page.keep(scores["real meetings"], found.claims, found.sentences)
    if wanted.show:
        for name, made in scores.items():
            print(f"\n{name}:", *made.misses, sep="\n")
    print(json.dumps(own.summary()))
    return int(wanted.strict and not meets_goal(own))


LABELS = {"heldout": "held out", "dev": "tuned on"}


def _real_meetings(part: str) -> qmsum.Found | None:
    """What MOMENTUM_SAMPLES holds of QMSum; None where it is not set or holds nothing."""
    samples = os.environ.get("MOMENTUM_SAMPLES")
    found = qmsum.read_all(Path(samples), part) if samples else None
    return found if found and found.cases else None


def _told(found: qmsum.Found | None) -> str:
    if found is None:
        return "Real meetings (QMSum) were left out: set MOMENTUM_SAMPLES to a folder that holds qmsum/*.json to score them too."
    share = f"{found.claims} of {found.sentences} sentences of the annotators have one quote that carries them"
    return f"Real meetings: {len(found.cases)}; {share}."


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make truth", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="the meetings on which the rules are tuned, instead of those held out")
    parser.add_argument("--held", action="store_true", help="only the meetings held out, which is quicker")
    parser.add_argument("--own", action="store_true", help="only the meetings of the project, without those in MOMENTUM_SAMPLES")
    parser.add_argument("--keep", action="store_true", help="write the row of the real meetings down for the page of reference")
    parser.add_argument("--show", action="store_true", help="list what was missed and what was doubted wrongly")
    parser.add_argument("--strict", action="store_true", help="end with exit code 1 when the goal is missed")
    return parser.parse_args(arguments)


def meets_goal(made: Score) -> bool:
    """At least 95 % caught, at most 2 % of the correct claims doubted."""
    return made.share_caught >= GOAL_CAUGHT and made.share_of_false_alarms <= GOAL_ALARMS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
