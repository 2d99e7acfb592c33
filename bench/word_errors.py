"""Word errors of local Whisper through our cutting, beside the same model fed each file as a whole."""

from __future__ import annotations

import asyncio
import io
import random
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jiwer
import numpy as np

from bench import speech
from bench.figures import Figure, Tell, at_least, at_most, missing
from bench.speech import Talk
from bench.spoken import words
from momentum.media.decoder import Decoder
from momentum.model import SAMPLE_RATE
from momentum.outbound.sources import FileSource
from momentum.pipeline.transcribe import Heartbeat, transcribe
from momentum.settings import load_settings
from momentum.transcribers.ledger import MemoryLedger
from momentum.transcribers.local import LocalWhisper
from momentum.transcribers.weights import packaged_weights

LEAST_WORDS = 5_000
POINTS = 0.2
RESAMPLES = 2_000
LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Sentence:
    """How many words it has, and how many errors were made in it: through our cutting, and fed the whole file."""

    words: int
    ours: int
    whole: int


async def measure(tell: Tell) -> list[Figure]:
    goal = f"<= {POINTS:g} points"
    if why := speech.missing():
        return [missing("word_errors_by_whole_file", goal, why)]
    talks = [*await asyncio.to_thread(list, speech.read_aloud()), *speech.real()]
    tell(f"{len(talks)} recordings, {sum(t.seconds for t in talks) / 60:.0f} minutes")
    engines = _Engines(load_settings().models)
    sentences: list[Sentence] = []
    for talk in talks:
        ours, whole = await engines.ours(talk), await asyncio.to_thread(engines.whole, talk)
        made = _sentences(talk, ours, whole)
        tell(f"{talk.name}: {_rates(made)}")
        sentences += made
    return _figures(sentences)


def _figures(sentences: list[Sentence]) -> list[Figure]:
    low, high = _interval(sentences)
    real = "" if any(speech.real()) else f"; without real speech: {speech.SAMPLES} is not set"
    note = f"{_rates(sentences)}; 95 % interval {low:+.2f} to {high:+.2f}{real}"
    return [
        at_most("word_errors_by_whole_file", _points(sentences), POINTS, "points", note),
        at_least("word_errors_reference_words", sum(s.words for s in sentences), LEAST_WORDS, "words"),
    ]


def _rates(sentences: list[Sentence]) -> str:
    said = sum(s.words for s in sentences)
    return f"{100 * sum(s.ours for s in sentences) / said:.2f} % and {100 * sum(s.whole for s in sentences) / said:.2f} % of {said} words"


def _points(sentences: list[Sentence]) -> float:
    return 100 * sum(s.ours - s.whole for s in sentences) / sum(s.words for s in sentences)


def _interval(sentences: list[Sentence]) -> tuple[float, float]:
    """Where 95 of 100 such differences lie when sentences are drawn again (percentile bootstrap)."""
    chance = random.Random(1)
    drawn = sorted(_points(chance.choices(sentences, k=len(sentences))) for _ in range(RESAMPLES))
    return drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES)]


# --- two ways to hear a recording -----------------------------------------------------------------


class _Engines:
    """One model, asked in both ways."""

    def __init__(self, models: Path) -> None:
        self._whisper = LocalWhisper(None, 0, models=models)
        self._folder = packaged_weights(models)
        self._model: Any = None

    async def ours(self, talk: Talk) -> str:
        """Through decoder, gate and cuts."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "talk.wav"
            await asyncio.to_thread(path.write_bytes, _wav(talk.pcm))
            pcm = Decoder(stays=False).pcm(FileSource(path))
            found = await transcribe(pcm, transcriber=self._whisper, ledger=MemoryLedger(), language=LANGUAGE, report=_silently)
        return " ".join(segment.text for segment in found.segments)

    def whole(self, talk: Talk) -> str:
        """As faster-whisper itself hears a file: its own gate, its own windows."""
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        self._model = self._model or WhisperModel(str(self._folder), device="cpu", compute_type="int8", local_files_only=True)
        audio = np.frombuffer(talk.pcm, dtype="<i2").astype(np.float32) / 32768.0
        segments, _ = BatchedInferencePipeline(self._model).transcribe(audio, language=LANGUAGE, beam_size=5, word_timestamps=True)
        return " ".join(segment.text for segment in segments)


async def _silently(_beat: Heartbeat) -> None: ...


def _wav(pcm: bytes) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)
    return data.getvalue()


# --- errors, sentence by sentence -----------------------------------------------------------------


def _sentences(talk: Talk, ours: str, whole: str) -> list[Sentence]:
    said = [words(sentence) for sentence in talk.sentences]
    lengths = [len(one) for one in said]
    reference = [word for one in said for word in one]
    counts = [_errors(reference, words(heard), lengths) for heard in (ours, whole)]
    return [Sentence(*facts) for facts in zip(lengths, *counts, strict=True)]


def _errors(reference: list[str], heard: list[str], lengths: list[int]) -> list[int]:
    """Errors in each sentence of the reference; a word too many counts where it was put in."""
    found = [0] * len(lengths)
    sentence_of = [number for number, length in enumerate(lengths) for _ in range(length)]
    for at, errors in _places(reference, heard):
        found[sentence_of[min(at, len(sentence_of) - 1)]] += errors
    return found


def _places(reference: list[str], heard: list[str]) -> Iterator[tuple[int, int]]:
    (alignment,) = jiwer.process_words(" ".join(reference), " ".join(heard)).alignments
    for piece in alignment:
        if piece.type == "insert":
            yield piece.ref_start_idx, piece.hyp_end_idx - piece.hyp_start_idx
        elif piece.type != "equal":
            yield from ((at, 1) for at in range(piece.ref_start_idx, piece.ref_end_idx))
