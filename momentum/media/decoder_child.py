"""The child that decodes: a container's bytes in, 16 kHz mono 16-bit PCM out. Forked by `fork_server`, never imported by `decoder`.

A hostile file may crash or hang this process and nothing else. It opens no file and no address:
FFmpeg may use neither protocols nor the demuxers that name other files (playlists).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from momentum.media import wire

RATE = 16_000
_GROUP = 65_536
"""Samples resampled at once: frame by frame is three times slower."""
_JITTER = 0.25
"""Seconds by which timestamps may run ahead of the samples before we call it a gap."""
_UNDECLARED_GAP, _UNDECLARED_GAPS = 60.0, 600.0
"""Seconds of silence that one gap, and all of them, may add beyond what the container says it lasts."""

_FORMATS = "mov,mp3,wav,w64,flac,ogg,matroska,aac,loas,aiff,caf,au,amr,ac3,eac3,asf,avi,flv,mpeg,mpegts"
_STATES_ITS_LENGTH = frozenset({"mov", "matroska", "flac", "wav", "w64", "mp3"})
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}

_TYPES = {"s16": "h", "s32": "i", "flt": "f", "dbl": "d"}
_EVERY = 61
"""Of so many samples one is looked at where channels are compared: prime, so that no tone hides."""
_CANCELLED = 0.1
"""A mix this much quieter than both channels: they are one sound, turned around."""

Emit = Callable[[bytes], None]


class Parent:
    """The other end of the socket."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._in, self._out = incoming, outgoing

    def receive(self, length: int) -> bytes:
        """Exactly `length` bytes; ends the process when the parent is gone."""
        parts: list[bytes] = []
        while length:
            if not (part := os.read(self._in, length)):
                os._exit(0)
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def send(self, kind: bytes, payload: bytes) -> None:
        left = memoryview(wire.HEADER.pack(kind, len(payload)) + payload)
        while left:
            left = left[os.write(self._out, left) :]

    def fetch(self, offset: int, length: int) -> bytes:
        self.send(wire.READ, wire.RANGE.pack(offset, min(length, wire.MAX_READ)))
        (count,) = wire.LENGTH.unpack(self.receive(wire.LENGTH.size))
        return self.receive(count)


class InOrder:
    """What FFmpeg reads from, front to back."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._position = 0

    def read(self, length: int) -> bytes:
        block = self._parent.fetch(self._position, length)
        self._position += len(block)
        return block


class AnyOrder(InOrder):
    """The same with seeks, for an index that stands at the end."""

    def __init__(self, parent: Parent, size: int) -> None:
        super().__init__(parent)
        self._size = size

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base < 0 or base + offset < 0:
            return -1  # PyAV hands it to FFmpeg, which takes it for "cannot"
        self._position = base + offset
        return self._position


class Track:
    """Decoded audio on its way out: grouped, resampled, with silence where the timestamps leave a gap."""

    def __init__(self, emit: Emit, *, origin: float, expected: float | None) -> None:
        self._emit, self._origin, self._expected = emit, origin, expected
        self.seconds = 0.0
        self._undeclared = _UNDECLARED_GAPS
        self._kind: tuple[str, str, int] | None = None
        self._fifo = AudioFifo()
        self._side: int | None = None
        self._resampler = self._new_resampler()

    def add(self, frame: AudioFrame) -> None:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        gap = self._gap_before(frame)
        if gap or kind != self._kind:
            self.flush()
            self._kind = kind
            self._be_silent(gap)
        frame.pts = None  # a FIFO refuses timestamps that jump; we have dealt with them
        self._fifo.write(frame)
        self.seconds += frame.samples / frame.sample_rate
        while group := self._fifo.read(_GROUP):
            self._take_side(group)
            self._resample(group)

    def flush(self) -> None:
        """Send what is still held back."""
        if self._kind is None:
            return
        if rest := self._fifo.read(0, partial=True):
            self._take_side(rest)
            self._resample(rest)
        self._resample(None)
        self._fifo, self._resampler = AudioFifo(), self._new_resampler()

    def _gap_before(self, frame: AudioFrame) -> float:
        if frame.time is None:
            return 0.0
        gap = frame.time - self._origin - self.seconds
        if -_JITTER <= gap <= _JITTER:
            return 0.0
        if gap > 0 and self._may_add(gap):
            return gap
        self._origin = frame.time - self.seconds  # a clock that jumped: its differences still count
        return 0.0

    def _may_add(self, gap: float) -> bool:
        if self._expected is not None and self.seconds + gap <= self._expected + _JITTER:
            return True
        if gap > min(_UNDECLARED_GAP, self._undeclared):
            return False
        self._undeclared -= gap
        return True

    def _be_silent(self, seconds: float) -> None:
        self.seconds += seconds
        left = round(seconds * RATE) * 2
        while left:
            block = min(left, wire.MAX_FRAME)
            self._emit(bytes(block))
            left -= block

    def _take_side(self, frame: AudioFrame) -> None:
        """Listen to one channel from here on where the two would silence each other, and to both again where they do not."""
        side = louder_side(frame, self._side)
        if side != self._side:
            self._resample(None)
            self._side = side
            self._resampler = self._new_resampler()

    def _resample(self, frame: AudioFrame | None) -> None:
        for out in self._resampler.resample(frame):
            if self._side is None:
                data = memoryview(out.planes[0])[: out.samples * 2]
            else:
                data = memoryview(memoryview(out.planes[0])[: out.samples * 4].cast("h")[self._side :: 2].tobytes())
            for start in range(0, len(data), wire.MAX_FRAME):
                self._emit(bytes(data[start : start + wire.MAX_FRAME]))

    def _new_resampler(self) -> AudioResampler:
        return AudioResampler(format="s16", layout="mono" if self._side is None else "stereo", rate=RATE)


def louder_side(frame: AudioFrame, before: int | None) -> int | None:
    """The channel to listen to where a stereo frame's mix is next to nothing; None where the mix will do; `before` in silence."""
    kind: Any = _TYPES.get(frame.format.name.removesuffix("p"))
    if kind is None or frame.layout.nb_channels != 2:
        return None
    if frame.format.is_planar:
        left, right = (memoryview(plane).cast("B").cast(kind)[: frame.samples : _EVERY].tolist() for plane in frame.planes)
    else:
        both = memoryview(frame.planes[0]).cast("B").cast(kind)
        left, right = both[: frame.samples * 2 : 2 * _EVERY].tolist(), both[1 : frame.samples * 2 : 2 * _EVERY].tolist()
    loud = (sum(map(abs, left)), sum(map(abs, right)))
    if not all(loud):
        return before if not any(loud) else None
    mix = sum(abs(a + b) for a, b in zip(left, right, strict=True)) / 2
    return loud.index(max(loud)) if mix < _CANCELLED * min(loud) else None


class NoAudio(Exception):
    """The file holds no sound."""


class Unreadable(Exception):
    """The file is not what a decoder of ours can read."""


def decode(parent: Parent, file: InOrder) -> float:
    """Decode the first audio track and send it; gives the seconds sent. Raises NoAudio, Unreadable or an error of FFmpeg."""
    with av.open(file, "r", container_options=_OPTIONS, buffer_size=wire.MAX_READ) as container:
        if not container.streams.audio:
            raise NoAudio
        stream = container.streams.audio[0]
        expected = expected_seconds(container, stream)
        parent.send(wire.FACTS, wire.SECONDS.pack(-1.0 if expected is None else expected))
        track = Track(lambda pcm: parent.send(wire.PCM, pcm), origin=(container.start_time or 0) / av.time_base, expected=expected)
        frames = broken = 0
        for frame in frames_of(container, stream):
            if frame is None:
                broken += 1
            else:
                frames += 1
                track.add(frame)
        track.flush()
    if broken > frames:
        raise Unreadable
    if not frames:
        raise NoAudio
    return track.seconds


def frames_of(container: Any, stream: Any) -> Iterator[AudioFrame | None]:
    """Every decoded frame; None for a packet that cannot be decoded, as players skip it too."""
    if (codec := stream.codec_context) is None:
        raise Unreadable
    codec.thread_count = 1
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.InvalidDataError:
            yield None
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            yield None


def expected_seconds(container: Any, stream: Any) -> float | None:
    """How long the track is by the container's own word; None where it only guesses or speaks of the video as well."""
    if not _STATES_ITS_LENGTH & set(container.format.name.split(",")):
        return None
    track = float(stream.duration * stream.time_base) if stream.duration else None
    whole = container.duration / av.time_base if container.duration else None
    if track is None and len(container.streams) > 1:
        return None
    return min((seconds for seconds in (track, whole) if seconds and seconds > 0), default=None)


def run() -> None:
    """Wait for a recording on standard input, decode it to standard output, end. Call in a process that is confined."""
    av.logging.set_level(av.logging.PANIC)
    parent = Parent(0, 1)
    may_seek, size = wire.START.unpack(parent.receive(wire.START.size))
    try:
        seconds = decode(parent, AnyOrder(parent, size) if may_seek else InOrder(parent))
    except NoAudio:
        parent.send(wire.FAILED, wire.NO_AUDIO)
    except MemoryError:
        parent.send(wire.FAILED, wire.MEMORY)
    except (Unreadable, av.error.FFmpegError, ValueError):
        parent.send(wire.FAILED, wire.UNREADABLE)
    else:
        parent.send(wire.END, wire.SECONDS.pack(seconds))
    os._exit(0)  # nothing to tidy; FFmpeg's teardown of a broken file has crashed before
