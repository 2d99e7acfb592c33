"""Speech that a stand-in can really hear: each word is a tone, so what it answers depends on the audio it was sent.

A piece that was lost, sent twice or put in the wrong place is then seen in the words. Two voices, told apart by loudness.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np

RATE = 16_000
_ALPHABET = """
alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike
november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu
"""
WORDS = tuple(_ALPHABET.split())
WORD_SECONDS, GAP_SECONDS = 0.3, 0.1
_LOWEST, _STEP = 400, 100  # Hz
_LOUD, _QUIET, _AUDIBLE = 12_000, 4_000, 200
_PAUSE = 0.6
"""Silence after which a new line begins."""
_FRAME = RATE // 100


@dataclass(frozen=True)
class Line:
    """What one voice says in one go; times in seconds of the file. `voice` is 0 or 1."""

    start: float
    end: float
    words: tuple[tuple[str, float, float], ...]
    voice: int

    @property
    def text(self) -> str:
        return " ".join(word for word, _, _ in self.words).capitalize() + "."


class Unreadable(Exception):
    """The bytes are no sound."""


def speech(*lines: tuple[float, str] | tuple[float, str, int], seconds: float) -> bytes:
    """PCM (16 kHz mono int16) in which the words of each line are said from its second on, by voice 0 or 1."""
    samples = np.zeros(int(seconds * RATE), dtype="<i2")
    for at, text, *voice in lines:
        for number, word in enumerate(text.split()):
            first = int((at + number * (WORD_SECONDS + GAP_SECONDS)) * RATE)
            tone = _tone(word, _QUIET if voice == [1] else _LOUD)
            samples[first : first + len(tone)] = tone
    return samples.tobytes()


def spans(*lines: tuple[float, str] | tuple[float, str, int]) -> list[tuple[float, float]]:
    """Where a voice gate would hear those lines."""
    return [(at, at + len(text.split()) * (WORD_SECONDS + GAP_SECONDS) - GAP_SECONDS) for at, text, *_ in lines]


def _tone(word: str, loudness: int) -> np.ndarray:
    at = np.arange(int(WORD_SECONDS * RATE)) / RATE
    return (loudness * np.sin(2 * np.pi * (_LOWEST + _STEP * WORDS.index(word)) * at)).astype("<i2")


@lru_cache(maxsize=8)
def decoded(file: bytes) -> np.ndarray:
    """Any audio file as 16 kHz mono samples; the same file comes often, from one test after the other. Raises Unreadable."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    try:
        with av.open(io.BytesIO(file)) as container:
            frames = [f for decoded_frame in [*container.decode(audio=0), None] for f in resampler.resample(decoded_frame)]
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise Unreadable from error
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]) if frames else np.zeros(0, dtype="<i2")


def is_silent(samples: np.ndarray) -> bool:
    return len(samples) == 0 or int(np.abs(samples.astype(np.int32)).max()) < _AUDIBLE


def heard(samples: np.ndarray) -> list[Line]:
    """The lines that `speech` put there."""
    lines: list[list[tuple[str, float, float, int]]] = []
    for first, last in _runs(samples):
        word = (*_word(samples[first:last]), first / RATE, last / RATE)
        name, voice, start, end = word
        before = lines[-1][-1] if lines else None
        if before is None or start - before[2] > _PAUSE or voice != before[3]:
            lines.append([])
        lines[-1].append((name, start, end, voice))
    return [Line(line[0][1], line[-1][2], tuple(w[:3] for w in line), line[0][3]) for line in lines]


def _runs(samples: np.ndarray) -> Sequence[tuple[int, int]]:
    """(first, last) sample of each stretch of sound."""
    whole = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    loud = np.concatenate([[False], np.sqrt((whole**2).mean(axis=1)) > _AUDIBLE, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(loud))
    return [(int(a) * _FRAME, int(b) * _FRAME) for a, b in edges.reshape(-1, 2)]


def _word(run: np.ndarray) -> tuple[str, int]:
    spectrum = np.abs(np.fft.rfft(run))
    hertz = float(np.fft.rfftfreq(len(run), 1 / RATE)[int(spectrum.argmax())])
    number = round((hertz - _LOWEST) / _STEP)
    loudness = float(np.abs(run.astype(np.int32)).max())
    return WORDS[min(max(number, 0), len(WORDS) - 1)], int(loudness < (_LOUD + _QUIET) / 2)
