"""Sound files of every kind, made when a test asks for them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from momentum.outbound.sources import FileSource


class Sounds:
    """Makes files with a 440 Hz tone in a folder of one test; the same file is encoded once in all."""

    def __init__(self, folder: Path, made: dict) -> None:
        self.folder, self._made = folder, made

    def tone(self, name: str, codec: str = "aac", **facts) -> Path:
        path = self.folder / name
        key = (name, codec, repr(sorted(facts.items())))
        if key not in self._made:
            _encode(path, codec, **facts)
            self._made[key] = path.read_bytes()
        path.write_bytes(self._made[key])
        return path


def _encode(path, codec, *, seconds=20.0, rate=32_000, options=None, container=None, gap=0.0, video=False, audio=True):
    """`gap` seconds of nothing, in the timestamps alone, after the first half; `video` adds a picture track."""
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        picture = out.add_stream("mpeg4", rate=5) if video else None
        sound = out.add_stream(codec, rate=rate, layout="mono") if audio else None
        if picture:
            _draw(out, picture, seconds)
        if sound:
            _sing(out, sound, seconds, rate, gap)


def _sing(out, stream, seconds, rate, gap):
    wave = (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)
    shift = 0
    for start in range(0, len(wave), 1024):
        if gap and start >= len(wave) // 2:
            shift = round(gap * rate)
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024].copy(), format="fltp", layout="mono")
        frame.rate, frame.pts, frame.time_base = rate, start + shift, Fraction(1, rate)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _draw(out, stream, seconds):
    stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
    for _ in range(int(seconds * 5)):
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
    out.mux(stream.encode(None))


@pytest.fixture(scope="session")
def sounds_made():
    return {}


@pytest.fixture
def sounds(tmp_path, sounds_made):
    return Sounds(tmp_path, sounds_made)


class InOrderSource(FileSource):
    """A file at a server that offers no ranges and does not say its size."""

    @property
    def size(self):
        return None

    async def read(self, start, length):
        return None


@pytest.fixture
def in_order():
    return InOrderSource
