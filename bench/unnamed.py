"""Recordings that nobody's name goes with: how often two people are told apart by their voices alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.dialogues import Line
from bench.speech import SAMPLES, sound_of
from momentum.model import Segment, Word


@dataclass(frozen=True, slots=True)
class Guess:
    """Words whose label means the person who said them, each label meaning whom it meets most; people there and people found."""

    right: int
    words: int
    people: int
    found: int

    @property
    def share(self) -> float:
        return 100 * self.right / max(1, self.words)

    def __str__(self) -> str:
        return f"{self.share:.1f} % of {self.words} words, {self.found} speakers for {self.people}"


def guess(segments: Sequence[Segment], lines: Sequence[Line]) -> Guess:
    """Estimated speakers held against who really spoke; words that nobody or several people may have said count for nothing."""
    pairs = Counter((s.speaker, who) for s in segments for word in s.words if (who := _sole(word, lines)))
    labels, people = {label for label, _ in pairs}, {line.speaker for line in lines}
    right = sum(max(pairs[label, who] for who in people) for label in labels)
    return Guess(right, sum(pairs.values()), len(people), len(labels))


def _sole(word: Word, lines: Sequence[Line]) -> str | None:
    at = (word.start + word.end) / 2
    speaking = {line.speaker for line in lines if line.start <= at <= line.end}
    return speaking.pop() if len(speaking) == 1 else None


def real() -> Iterator[tuple[str, bytes, list[Line]]]:
    """(name, sound, who speaks when) of half minutes of the AMI corpus; none where the samples' folder is not named."""
    folder = Path(os.environ.get(SAMPLES, "")) / "speech"
    if not os.environ.get(SAMPLES) or not (folder / "ami.rttm").is_file():
        return
    rows = [line.split() for line in (folder / "ami.rttm").read_text().splitlines()]
    for name in sorted({row[1] for row in rows}):
        if (folder / f"{name}.wav").is_file():
            lines = [Line(r[7], float(r[3]), float(r[3]) + float(r[4]), "") for r in rows if r[1] == name]
            yield name, sound_of(folder / f"{name}.wav"), lines
