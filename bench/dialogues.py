"""Meetings whose turns are known to the sample: people who answer at once, fall into each other's words and say "right" meanwhile.

The provider's captions of them are as coarse as real ones: one cue for up to a quarter of a minute, edges that are off by up to
a second, words misheard, some short cues without a name.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.speech import PACES, SCRIPTS, sentences_of
from momentum.model import SAMPLE_RATE, Segment
from momentum.sandbox.samples.make import LEAD_IN, speak
from momentum.sandbox.samples.scripts import Speaker

NAMES = {"slt": "Maya Chen", "rms": "Tom Reed", "awb": "Dr. Paul Grant", "kal16": "Lena Ortiz"}
MEANWHILE = ("Right.", "Yes, exactly.", "Okay.", "I see.", "Mm, no.", "Sure, why not?", "Go on.", "That is true.")
MOST_TURNS = 16
LONGEST_CUE = 15.0
_MISHEARD = ("the", "report", "week", "there", "it", "forty", "plan")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of one person; seconds of the recording."""

    speaker: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A recording with what was said when by whom, and the provider's captions of it."""

    name: str
    pcm: bytes = field(repr=False)
    lines: tuple[Line, ...]
    captions: tuple[Segment, ...]

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / SAMPLE_RATE


def dialogues(scripts: Sequence[str] = ("outage", "kitchen", "harbour", "museum", "bees", "school")) -> Iterator[Dialogue]:
    """Each script as people talk: the same at every call."""
    for name in scripts:
        chance = random.Random(name)
        spoken = list(_spoken(name, chance))
        lines = tuple(sorted((line for line, _ in spoken), key=lambda line: line.start))
        yield Dialogue(name, _mixed(spoken), lines, tuple(captions(lines, chance)))


def _spoken(name: str, chance: random.Random) -> Iterator[tuple[Line, np.ndarray]]:
    turns = [t.partition(": ") for t in (SCRIPTS / f"{name}.txt").read_text().splitlines() if t and not t.startswith("#")][:MOST_TURNS]
    voices = sorted({voice for voice, _, _ in turns})
    at = LEAD_IN
    for voice, _, words in turns:
        for sentence in sentences_of(words)[:5]:
            pcm = speak(Speaker(voice, voice, pace=PACES[voice]), sentence)
            end = at + len(pcm) / SAMPLE_RATE
            yield Line(NAMES[voice], at, end, sentence), pcm
            if chance.random() < 0.2:
                yield _meanwhile(chance.choice([v for v in voices if v != voice]), end, chance)
            at = end + chance.uniform(0.1, 0.5)
        at += chance.uniform(-0.9, 0.5)  # the next one may begin before this one has ended


def _meanwhile(voice: str, end: float, chance: random.Random) -> tuple[Line, np.ndarray]:
    text = chance.choice(MEANWHILE)
    pcm = speak(Speaker(voice, voice, pace=PACES[voice]), text)
    start = end + chance.uniform(-0.4, 0.2)
    return Line(NAMES[voice], start, start + len(pcm) / SAMPLE_RATE, text), pcm


def _mixed(spoken: Sequence[tuple[Line, np.ndarray]]) -> bytes:
    length = max(round(line.start * SAMPLE_RATE) + len(pcm) for line, pcm in spoken) + SAMPLE_RATE
    whole = np.zeros(length, dtype=np.int32)
    for line, pcm in spoken:
        first = round(line.start * SAMPLE_RATE)
        whole[first : first + len(pcm)] += pcm
    return np.clip(whole, -32768, 32767).astype(np.int16).tobytes()


# --- the provider's captions ------------------------------------------------------------------------


def captions(lines: Sequence[Line], chance: random.Random) -> Iterator[Segment]:
    """Coarse cues, in order of their start."""
    cues = sorted((_cue(cue, chance) for cue in _joined(lines)), key=lambda cue: cue.start)
    yield from (Segment(number, cue.start, cue.end, cue.text, cue.speaker) for number, cue in enumerate(cues))


def _joined(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """A person's sentences in a row, as one cue while it is short enough; each person is heard by themselves."""
    open_cues: dict[str, list[Line]] = {}
    for line in lines:
        cue = open_cues.get(line.speaker)
        if cue and (line.start - cue[-1].end > 1.0 or line.end - cue[0].start > LONGEST_CUE):
            yield open_cues.pop(line.speaker)
        open_cues.setdefault(line.speaker, []).append(line)
    yield from open_cues.values()


def _cue(lines: Sequence[Line], chance: random.Random) -> Segment:
    start, end = lines[0].start + chance.uniform(-0.8, 0.4), lines[-1].end + chance.uniform(-0.4, 1.0)
    words = [chance.choice(_MISHEARD) if chance.random() < 0.06 else word for line in lines for word in line.text.split()]
    nameless = end - start < 2.0 and chance.random() < 0.15  # as "Hmm." is
    return Segment(0, max(0.0, start), max(start + 0.3, end), " ".join(words), None if nameless else lines[0].speaker)
