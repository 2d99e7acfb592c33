"""Answers the child's requests for bytes: from the stream as it arrives, by ranges, or from a temporary file.

The temporary file has no name (it is unlinked as it is opened), so no way to end leaves it behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import BinaryIO

from momentum.errors import ErrorCode, Permanent
from momentum.media.boxes import Order, order_of
from momentum.media.shapes import Shape, shape_of
from momentum.outbound.sources import ByteSource

_SKIP_BYTES = 2**22
"""A jump forward this short is read through rather than asked for anew."""
_MAX_JUMPS = 500
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Spool = Callable[[], BinaryIO]


class Feed:
    """The bytes of one source for one decoding. Call `prepare` first and `aclose` in every exit."""

    def __init__(self, source: ByteSource, *, spool: Spool, spool_bytes: int) -> None:
        self._source, self._spool, self._spool_bytes = source, spool, spool_bytes
        self._stream: AsyncIterator[bytes] | None = None
        self._ahead = memoryview(b"")
        self._position = 0
        self._jumps = 0
        self._file: BinaryIO | None = None
        self._shape: Shape | None = None
        self._ended = False
        self.size = source.size
        self.may_seek = False

    async def prepare(self) -> None:
        """Find out from the first bytes how the file wants to be read. Raises Permanent(MEDIA_EMPTY, MEDIA_TRUNCATED, DISK_FULL)."""
        self._stream = self._source.stream()
        head = b""
        while (order := order_of(head)) is None and (block := await self._next_block()):
            head += block
        if not head:
            raise Permanent(ErrorCode.MEDIA_EMPTY, f"{self._source.name} is empty.")
        self._ahead = memoryview(head)
        if order and order[0] is Order.INDEX_LAST:
            await self._prepare_jumps(order[1])
        elif shape := shape_of(head):
            shape.feed(head)
            self._shape = shape

    async def read(self, offset: int, length: int) -> bytes:
        """The next bytes at `offset`, one to `length` of them; b"" at the end."""
        if self._file is not None:
            self._position = offset
            return await asyncio.to_thread(_read_at, self._file, offset, length)
        if offset != self._position:
            await self._jump(offset)
        if not self._ahead:
            self._ahead = memoryview(await self._next_block())
        piece, self._ahead = self._ahead[:length], self._ahead[length:]
        self._position += len(piece)
        return bytes(piece)

    @property
    def is_cut(self) -> bool:
        """Whether the bytes have ended, and in the middle of something that matters."""
        return self._ended and self._shape is not None and self._shape.is_cut

    @property
    def fraction(self) -> float | None:
        return min(1.0, self._position / self.size) if self.size else None

    async def aclose(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk says so once more
                self._file.close()
        await self._close_stream()

    async def _next_block(self) -> bytes:
        block = await anext(self._stream, b"") if self._stream else b""
        self._ended = not block
        if self._shape is not None:
            self._shape.feed(block)
        return block

    async def _jump(self, offset: int) -> None:
        if not self.may_seek:
            raise self._unreadable()
        if 0 < offset - self._position <= _SKIP_BYTES:
            await self._skip(offset - self._position)
            return
        self._jumps += 1
        if self._jumps > _MAX_JUMPS:
            raise self._unreadable()
        await self._close_stream()
        self._ahead, self._position = memoryview(b""), offset
        self._stream = self._source.stream(offset)

    async def _skip(self, count: int) -> None:
        while count:
            if not self._ahead:
                self._ahead = memoryview(await self._next_block())
            if not (step := min(count, len(self._ahead))):
                return
            self._ahead = self._ahead[step:]
            self._position += step
            count -= step

    async def _prepare_jumps(self, samples_end: int | None) -> None:
        """The index stands behind the samples: look there, by a range if we may ask for one, else in a file of our own."""
        if samples_end is None or (self.size is not None and samples_end >= self.size):
            raise self._cut()
        index = await self._source.read(samples_end, 16)
        if index == b"":
            raise self._cut()
        self.may_seek = True
        if index is None:
            await self._to_file()
            if self.size is None or samples_end >= self.size:
                raise self._cut()

    async def _to_file(self) -> None:
        try:
            self._file = self._spool()
            self._refuse_when_full(self._file)
            written = 0
            while block := bytes(self._ahead) or await self._next_block():
                self._ahead = memoryview(b"")
                written += len(block)
                if written > self._spool_bytes:
                    raise Permanent(ErrorCode.MEDIA_TOO_LARGE, f"{self._source.name} is larger than the largest file we read.")
                await asyncio.to_thread(self._file.write, block)
            await asyncio.to_thread(self._file.flush)
            self.size = written
        except OSError as error:
            if error.errno in _FULL:
                raise self._disk_full() from error
            raise

    def _refuse_when_full(self, file: BinaryIO) -> None:
        if self.size is None or not hasattr(os, "fstatvfs"):
            return
        disk = os.fstatvfs(file.fileno())
        if disk.f_blocks and disk.f_bavail * disk.f_frsize < self.size:
            raise self._disk_full()

    async def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()

    def _disk_full(self) -> Permanent:
        return Permanent(
            ErrorCode.DISK_FULL,
            f"The disk has no room for {self._source.name}, which can only be read as a whole. Make room and try again.",
        )

    def _cut(self) -> Permanent:
        return Permanent(ErrorCode.MEDIA_TRUNCATED, f"{self._source.name} is incomplete: its end, where the index stands, is missing.")

    def _unreadable(self) -> Permanent:
        return Permanent(ErrorCode.MEDIA_UNREADABLE, f"{self._source.name} is laid out in a way that cannot be read.")


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
