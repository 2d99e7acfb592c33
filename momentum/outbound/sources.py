"""Where bytes come from: a file beside us or a body far away, behind one shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Protocol

from momentum.errors import ErrorCode, Permanent

BLOCK_BYTES = 2**18


class ByteSource(Protocol):
    """The bytes of one recording or text, readable more than once. Nothing of it is kept."""

    @property
    def size(self) -> int | None:
        """Total bytes, where known."""
        ...

    @property
    def name(self) -> str:
        """What a person may see: "audio_only.m4a", never a URL."""
        ...

    def stream(self, start: int = 0) -> AsyncIterator[bytes]:
        """Bytes from `start` to the end, in blocks of any length.

        Raises the words of `momentum.errors` when the bytes end early, are not what was announced, or cannot be had.
        """
        ...

    async def read(self, start: int, length: int) -> bytes | None:
        """Up to `length` bytes from `start` (fewer at the end only); None where ranges are not offered."""
        ...


class FileSource:
    """A file on this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int | None:
        try:
            return self._path.stat().st_size
        except OSError as error:
            raise self._unreadable(error) from error

    @property
    def name(self) -> str:
        return self._path.name

    async def stream(self, start: int = 0) -> AsyncIterator[bytes]:
        file = await self._open(start)
        try:
            while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
                yield block
        except OSError as error:
            raise self._unreadable(error) from error
        finally:
            file.close()

    async def read(self, start: int, length: int) -> bytes | None:
        file = await self._open(start)
        with file:
            try:
                return await asyncio.to_thread(file.read, length)
            except OSError as error:
                raise self._unreadable(error) from error

    async def _open(self, start: int) -> BinaryIO:
        try:
            file = await asyncio.to_thread(self._path.open, "rb")
        except OSError as error:
            raise self._unreadable(error) from error
        file.seek(start)
        return file

    def _unreadable(self, error: OSError) -> Permanent:
        return Permanent(ErrorCode.MEDIA_UNREADABLE, f"The file {self.name} cannot be read: {error.strerror or 'input error'}.")
