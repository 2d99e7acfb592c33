"""Who said each word, on meetings whose turns are known: beside one name for each segment, by the captions that overlap it longest."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from time import thread_time

from bench import speech, unnamed
from bench.dialogues import Line, dialogues
from bench.figures import TRIES, Figure, Tell, at_least, at_most, below, missing
from bench.unnamed import Guess, guess
from momentum.media.voiceprint import VoiceEncoder, installed_weights
from momentum.model import Segment, Word
from momentum.pipeline.attribute import Witnesses, attribute
from momentum.pipeline.attribute.said import plain
from momentum.pipeline.transcribe import Heartbeat, transcribe
from momentum.pipeline.voices import Voices
from momentum.settings import load_settings
from momentum.transcribers.ledger import MemoryLedger
from momentum.transcribers.local import LocalWhisper

LOST = 3.0
"""Seconds that a change of speakers counts for which we do not have at all."""
_AROUND = 0.15


@dataclass(frozen=True, slots=True)
class Score:
    """Words with the right name, words in all, and how far each change of speakers is from where it was."""

    right: int
    words: int
    errors: tuple[float, ...]

    @property
    def share(self) -> float:
        return 100 * self.right / max(1, self.words)

    @property
    def boundary(self) -> float:
        return 1000 * median(self.errors or (0.0,))

    @property
    def lost(self) -> int:
        return sum(error >= LOST for error in self.errors)

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.words + other.words, self.errors + other.errors)

    def __str__(self) -> str:
        return f"{self.share:.1f} % of {self.words} words, {self.boundary:.0f} ms, {self.lost} of {len(self.errors)} changes lost"


async def measure(tell: Tell) -> list[Figure]:
    goal = ">= 95 %"
    if why := speech.missing():
        return [missing("speakers_right_words", goal, why)]
    engine = LocalWhisper(None, 0, models=load_settings().models)
    before, after = Score(0, 0, ()), Score(0, 0, ())
    guesses: list[Guess] = []
    for dialogue in await asyncio.to_thread(lambda: list(dialogues())):
        segments, estimated = await _heard(dialogue.pcm, engine)
        guesses.append(guess(estimated, dialogue.lines))
        by_segment = score(one_name_each(segments, dialogue.captions), dialogue.lines)
        by_word = score(attribute(segments, Witnesses(dialogue.captions)), dialogue.lines)
        tell(f"{dialogue.name} ({dialogue.seconds:.0f} s): before {by_segment}; after {by_word}; by voices alone {guesses[-1]}")
        before, after = before + by_segment, after + by_word
    for name, pcm, lines in unnamed.real():
        if (told := guess((await _heard(pcm, engine))[1], lines)).words:
            tell(f"{name} (AMI): by voices alone {told}")
    await engine.aclose()
    told_apart = 100 * sum(g.right for g in guesses) / sum(g.words for g in guesses)
    return [
        at_least("speakers_right_words", after.share, 95, "%", f"before: {before}"),
        at_most("speakers_boundary_ms", after.boundary, 150, "ms", f"after: {after}"),
        at_least("speakers_told_apart", told_apart, 90, "%", "by voices alone, synthetic voices"),
        below("speakers_three_hours_s", min(three_hours() for _ in range(TRIES)), 2, "s", "attribution of 27,000 words"),
    ]


async def _heard(sound: bytes, engine: LocalWhisper) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """The segments, without names and with estimated ones."""

    async def pcm() -> AsyncIterator[bytes]:
        yield sound

    weights = installed_weights()
    assert weights is not None
    voices = Voices(VoiceEncoder(weights))
    listen = voices.listener(0.0)
    found = await transcribe(pcm(), transcriber=engine, ledger=MemoryLedger(), language="en", report=_silently, listen=listen)
    return found.segments, voices.labelled(found).segments


async def _silently(_beat: Heartbeat) -> None: ...


def one_name_each(segments: Sequence[Segment], captions: Sequence[Segment]) -> tuple[Segment, ...]:
    """How it was done before: a segment takes the name whose captions overlap it longest, from a third of its time on."""

    def named(segment: Segment) -> Segment:
        shared: dict[str, float] = defaultdict(float)
        for caption in captions:
            if caption.speaker:
                shared[caption.speaker] += max(0.0, min(segment.end, caption.end) - max(segment.start, caption.start))
        name = max(shared, key=lambda one: shared[one], default=None)
        enough = name is not None and shared[name] >= 0.3 * max(segment.end - segment.start, 0.1)
        return dataclasses.replace(segment, speaker=name if enough else None)

    return tuple(named(segment) for segment in segments)


# --- what is right ----------------------------------------------------------------------------------


def score(segments: Sequence[Segment], lines: Sequence[Line]) -> Score:
    """`segments` held against what was really said."""
    words = [(word, segment.speaker) for segment in segments for word in segment.words]
    right = sum(speaker in _sayers(word, lines) for word, speaker in words)
    return Score(right, len(words), tuple(_boundary_errors(segments, lines)))


def _sayers(word: Word, lines: Sequence[Line]) -> set[str]:
    """Who may have said it: those who speak then and have the word; where nobody has it (misheard), those who speak, or spoke last."""
    at = (word.start + word.end) / 2
    near = [line for line in lines if line.start - _AROUND <= at <= line.end + _AROUND]
    with_it = {line.speaker for line in near if plain(word.text) in {plain(one) for one in line.text.split()}}
    nearest = min(lines, key=lambda line: min(abs(line.start - at), abs(line.end - at)))
    return with_it or {line.speaker for line in near} or {nearest.speaker}


def _boundary_errors(segments: Sequence[Segment], lines: Sequence[Line]) -> list[float]:
    """For each time somebody else begins to speak: how far from it the nearest segment of theirs begins after somebody else's."""
    begins: dict[str, list[float]] = defaultdict(list)
    for before, after in pairwise(segments):
        if after.speaker and before.speaker != after.speaker:
            begins[after.speaker].append(after.start)
    changes = [after for before, after in pairwise(lines) if before.speaker != after.speaker]
    return [min((abs(start - line.start) for start in begins[line.speaker]), default=LOST) for line in changes]


def three_hours() -> float:
    """Seconds of one core that attributing a three-hour meeting of eight people takes."""
    chance = random.Random(1)
    vocabulary = [f"word{n}" for n in range(1, 2_000)]
    often = [1 / n for n in range(1, 2_000)]  # as words are in any language
    segments, captions = [], []
    for number in range(2_700):
        speaker = f"Person {chance.randrange(8)}"
        start = number * 4.0
        spoken = chance.choices(vocabulary, often, k=10)
        words = tuple(Word(word, start + 0.38 * n, start + 0.38 * n + 0.3) for n, word in enumerate(spoken))
        text = " ".join(word.text for word in words)
        segments.append(Segment(number, start, start + 3.8, text, words=words))
        captions.append(Segment(number, start - 0.3, start + 4.2, text, speaker))
    started = thread_time()
    attribute(segments, Witnesses(tuple(captions)))
    return thread_time() - started
