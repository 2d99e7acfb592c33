"""Recordings made for the figures: the spoken samples, again and again, in the containers that Zoom hands out."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from time import monotonic
from typing import Any

import av
import numpy as np

from momentum.sandbox import Sandbox, samples

SPOKEN = ("planning", "customer", "standup")


def audio(path: Path, seconds: float) -> None:
    """An m4a of that much speech, its index in front."""
    with av.open(str(path), "w", format="ipod", options={"movflags": "+faststart"}) as out, _sample(SPOKEN[0]) as first:
        track = _Track(out.add_stream_from_template(first.streams.audio[0]))
        for packet in track.packets(seconds):
            out.mux(packet)


def film(path: Path, seconds: float, size: int) -> None:
    """An mp4 of that much speech and `size` bytes, nearly all of them pictures: one a second, which nobody decodes."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out, _sample(SPOKEN[0]) as first:
        pictures = out.add_stream("mpeg4", rate=1)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        track = _Track(out.add_stream_from_template(first.streams.audio[0]))
        black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        out.mux(pictures.encode(black) + pictures.encode(None))
        shown, picture = 0, bytes(int(size / seconds))
        for packet in track.packets(seconds):
            while shown < track.seconds:
                shown += 1
                out.mux(_picture(pictures, picture, shown))
            out.mux(packet)


def _picture(stream: Any, data: bytes, second: int) -> av.Packet:
    packet = av.Packet(data)
    packet.stream, packet.time_base = stream, Fraction(1)
    packet.pts = packet.dts = second
    packet.duration = 1
    return packet


def _sample(name: str) -> Any:
    return av.open(io.BytesIO(samples.load(name).audio))


class _Track:
    """An audio track that is being filled. All samples were encoded alike, so their packets may follow one another."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.seconds = 0.0

    def packets(self, seconds: float) -> Iterator[av.Packet]:
        at = 0
        for name in cycle(SPOKEN):
            with _sample(name) as source:
                for packet in source.demux(source.streams.audio[0]):
                    if self.seconds >= seconds:
                        return
                    if packet.dts is None:
                        continue
                    packet.pts = packet.dts = at
                    at += packet.duration
                    self.seconds = float(at * packet.time_base)
                    packet.stream = self._stream
                    yield packet


class Body:
    """The bytes of a file as the sandbox hands them out, and when it did: read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self._size = path.stat().st_size
        self.first_at = self.last_at = 0.0
        """When the first and the last of them were asked for, by `monotonic`."""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, span: slice) -> bytes:
        start, end, _ = span.indices(self._size)
        self.last_at = monotonic()
        self.first_at = self.first_at or self.last_at
        return os.pread(self._descriptor, end - start, start)

    def close(self) -> None:
        os.close(self._descriptor)


def hand_out(zoom: Sandbox, meeting: str, body: Body) -> None:
    """From now on this is what the meeting's audio and video files hold, everywhere in Zoom."""
    for file in zoom.meeting(meeting).files:
        if file.file_type in {"M4A", "MP4"}:
            object.__setattr__(file, "content", body)
