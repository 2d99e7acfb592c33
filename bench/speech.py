"""Speech whose words are known: scripts of our own read by Debian's flite, and the real recordings of the samples' folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

from momentum.model import SAMPLE_RATE
from momentum.sandbox.samples.make import LEAD_IN, speak
from momentum.sandbox.samples.scripts import Speaker

SCRIPTS = Path(__file__).parent / "scripts"
SAMPLES = "MOMENTUM_SAMPLES"
PACES = {"slt": 1.0, "rms": 1.0, "awb": 1.05, "kal16": 1.1}
"""How much slower than flite's own pace each voice reads."""
BETWEEN_SENTENCES, BETWEEN_TURNS = 0.35, 0.8


@dataclass(frozen=True, slots=True)
class Talk:
    """A recording and what is said in it, sentence by sentence."""

    name: str
    pcm: bytes = field(repr=False)
    sentences: tuple[str, ...] = field(repr=False)

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / SAMPLE_RATE


def missing() -> str | None:
    """What is not there that speech cannot be made without; None when all is."""
    return None if shutil.which("flite") else "apt-get install flite"


def read_aloud() -> Iterator[Talk]:
    """Every script, as a meeting of several voices."""
    for path in sorted(SCRIPTS.glob("*.txt")):
        turns = [line.partition(": ") for line in path.read_text().splitlines() if line and not line.startswith("#")]
        pieces, sentences = [_silence(LEAD_IN)], []
        for voice, _, words in turns:
            for sentence in sentences_of(words):
                sentences.append(sentence)
                pieces += [speak(Speaker(voice, voice, pace=PACES[voice]), sentence), _silence(BETWEEN_SENTENCES)]
            pieces.append(_silence(BETWEEN_TURNS - BETWEEN_SENTENCES))
        yield Talk(path.stem, np.concatenate(pieces).tobytes(), tuple(sentences))


def real() -> Iterator[Talk]:
    """Recordings of people; none where the samples' folder is not named."""
    folder = Path(os.environ.get(SAMPLES, "")) / "speech"
    if not os.environ.get(SAMPLES) or not (folder / "references.json").is_file():
        return
    for one in json.loads((folder / "references.json").read_text()):
        yield Talk(one["file"], sound_of(folder / one["file"]), (one["text"],))


def sentences_of(words: str) -> list[str]:
    """A turn's sentences."""
    return [part.strip() for part in words.replace("? ", "?|").replace(". ", ".|").split("|") if part.strip()]


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def sound_of(path: Path) -> bytes:
    """16 kHz mono int16 of any recording."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [frame for decoded in [*container.decode(audio=0), None] for frame in resampler.resample(decoded)]
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)
