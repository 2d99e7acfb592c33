"""From a recording's bytes to 16 kHz mono PCM, while they still arrive, in a child process that a bad file may ruin."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from momentum.errors import ErrorCode, MomentumError, Permanent, Retry
from momentum.languages import phrase
from momentum.media import wire
from momentum.media.child import Child, ChildFailed, ChildLimits, ForkServer
from momentum.media.feed import Feed, Spool
from momentum.model import SAMPLE_RATE
from momentum.outbound.sources import ByteSource

_TOLERANCE = 2.0
"""Seconds by which a complete file's sound may fall short of what its container says."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """How long a recording may be (seconds), how large one that must rest on disk (bytes), and what a child may use."""

    max_seconds: float = 12 * 3600.0
    spool_bytes: int = 8 * 2**30
    child: ChildLimits = field(default_factory=ChildLimits)


class Decoding:
    """One recording being decoded. `pcm` can be walked once."""

    def __init__(self, feed: Feed, name: str, limits: DecodeLimits, take: Callable[[], Awaitable[Child]]) -> None:
        self._feed, self._name, self._limits, self._take = feed, name, limits, take
        self._child: Child | None = None
        self._bytes = 0
        self.duration: float | None = None
        """Seconds the container announces; None before the first block, and where it announces none or too few."""
        self.cut: Permanent | None = None
        """What to say of a file whose end is missing; None while it looks whole. Known when `pcm` has ended."""

    @property
    def decoded_seconds(self) -> float:
        """Seconds given out so far."""
        return self._bytes / 2 / SAMPLE_RATE

    @property
    def fraction(self) -> float | None:
        """How far into the file we are, 0 to 1, by bytes; None where its size is not known."""
        return self._feed.fraction

    async def pcm(self) -> AsyncGenerator[bytes]:
        """Blocks of PCM, an even number of bytes each, at most 256 KiB.

        A file without its end gives the sound up to the break, and then `cut` says so.
        Raises Permanent(MEDIA_*, DISK_FULL), Retry when the decoder was stopped from outside, and what the source raises.
        """
        await self._feed.prepare()
        try:
            self._child = await self._take()
            await self._child.begin(may_seek=self._feed.may_seek, size=self._feed.size)
            async for block in self._blocks(self._child):
                yield block
        except ChildFailed as failure:
            if failure.from_outside or not self._feed.is_cut:
                raise self._fault_of(failure) from failure
        self.cut = self._missing_end()
        if self.cut and not self._bytes:
            raise self.cut

    async def aclose(self) -> None:
        try:
            if self._child is not None:
                await self._child.stop()
        finally:
            await self._feed.aclose()

    async def _blocks(self, child: Child) -> AsyncIterator[bytes]:
        """Everything the child sends is judged: a hostile file may speak through it."""
        while True:
            kind, payload = await child.receive()
            if kind == wire.READ and len(payload) == wire.RANGE.size:
                await self._answer(child, *wire.RANGE.unpack(payload))
            elif kind == wire.PCM and len(payload) % 2 == 0:
                self._count(payload)
                yield payload
            elif kind == wire.FACTS and len(payload) == wire.SECONDS.size:
                self._learn(*wire.SECONDS.unpack(payload))
            elif kind == wire.END or (kind == wire.FAILED and self._feed.is_cut):
                return
            else:
                raise self._failure(payload if kind == wire.FAILED else wire.UNREADABLE)

    async def _answer(self, child: Child, offset: int, length: int) -> None:
        if not 0 < length <= wire.MAX_READ or offset >= 2**63:
            raise ChildFailed
        await child.answer(await self._feed.read(offset, length))

    def _learn(self, seconds: float) -> None:
        self.duration = seconds if seconds > 0 else None
        if seconds > self._limits.max_seconds:
            raise self._too_long()

    def _count(self, payload: bytes) -> None:
        self._bytes += len(payload)
        if self.decoded_seconds > self._limits.max_seconds + _TOLERANCE:
            raise self._too_long()
        if self.duration is not None and self.decoded_seconds > self.duration + _TOLERANCE:
            self.duration = None  # a fragmented file announces its first fragments only

    def _missing_end(self) -> Permanent | None:
        if self.duration is not None and self.decoded_seconds < self.duration - _TOLERANCE:
            how = phrase(f"it announces {_clock(self.duration)} of sound and holds {_clock(self.decoded_seconds)}")
        elif self._feed.is_cut:
            how = phrase(f"it breaks off after {_clock(self.decoded_seconds)}" if self._bytes else "it breaks off before its first sound")
        else:
            return None
        return Permanent(ErrorCode.MEDIA_TRUNCATED, f"{self._name} is incomplete: {how}.")

    def _too_long(self) -> Permanent:
        hours = self._limits.max_seconds / 3600
        return Permanent(ErrorCode.MEDIA_TOO_LONG, f"{self._name} is longer than {hours:g} hours, the longest that is transcribed here.")

    def _failure(self, why: bytes) -> Permanent:
        if why == wire.NO_AUDIO:
            return Permanent(ErrorCode.MEDIA_NO_AUDIO, f"{self._name} has no sound: there is no audio track in it.")
        if why == wire.MEMORY:
            return Permanent(ErrorCode.MEDIA_UNREADABLE, f"{self._name} needs more memory to decode than any sound recording should.")
        return Permanent(ErrorCode.MEDIA_UNREADABLE, f"{self._name} is not an audio or video file that can be read, or it is damaged.")

    def _fault_of(self, failure: ChildFailed) -> MomentumError:
        if failure.from_outside:
            return Retry(ErrorCode.INTERNAL, f"Decoding {self._name} was stopped from outside.")
        return self._failure(wire.UNREADABLE)


class Decoder:
    """Opens recordings, one child process each, forked from one that has FFmpeg loaded. With `stays`, that one waits for the
    next recording until `aclose` (about 0.1 s saved each, 20 MB held); without, it ends with the last recording that is open.
    """

    def __init__(self, limits: DecodeLimits | None = None, *, stays: bool = True, spool: Spool = tempfile.TemporaryFile) -> None:
        self._limits = limits or DecodeLimits()
        self._spool = spool
        self._stays = stays
        self._open = 0
        self._server: ForkServer | None = None
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def open(self, source: ByteSource) -> AsyncIterator[Decoding]:
        """Decode `source`; on leaving, however, the child is gone and nothing rests on disk."""
        feed = Feed(source, spool=self._spool, spool_bytes=self._limits.spool_bytes)
        decoding = Decoding(feed, source.name, self._limits, self._take)
        self._open += 1
        try:
            yield decoding
        finally:
            self._open -= 1
            try:
                await decoding.aclose()
            finally:
                await self._tidy()

    async def pcm(self, source: ByteSource) -> AsyncGenerator[bytes]:
        """The PCM of `source`, which must be whole: raises Permanent(MEDIA_TRUNCATED) at a break. See `Decoding.pcm`."""
        async with self.open(source) as decoding:
            async for block in decoding.pcm():
                yield block
            if decoding.cut:
                raise decoding.cut

    async def aclose(self) -> None:
        """End the process that waits; decodings under way end with their own `open`."""
        self._stays = False
        await self._tidy()

    async def _take(self) -> Child:
        try:
            return await (await self._ready()).fork(self._limits.child)
        except ChildFailed:  # it may have died while it waited
            return await (await self._ready()).fork(self._limits.child)

    async def _ready(self) -> ForkServer:
        async with self._starting:
            if self._server is None or not self._server.is_alive:
                await self._end_server()
                self._server = await ForkServer.start()
            return self._server

    async def _tidy(self) -> None:
        unwanted = not self._stays or (self._server is not None and self._server.has_crashes)
        if unwanted and not self._open:
            await self._end_server()

    async def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.aclose()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
