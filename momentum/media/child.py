"""The decoder's child process as its parent sees it: started confined, spoken to in frames, ended without fail."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import momentum
from momentum.media import wire

_ROOT = Path(momentum.__file__).parent.parent


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one child may use. `stall_seconds` is how long it may think without asking for or giving anything."""

    cpu_seconds: int = 1_800
    memory_bytes: int = 512 * 2**20
    stall_seconds: float = 60.0


class ChildFailed(Exception):
    """The child is dead, mute or talks nonsense. `from_outside`: somebody stopped it; the file is not to blame."""

    def __init__(self, *, from_outside: bool = False) -> None:
        super().__init__("The decoder stopped.")
        self.from_outside = from_outside


class Child:
    """One running child. It dies with its parent, and at the end of its input."""

    def __init__(self, process: asyncio.subprocess.Process, limits: ChildLimits) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a child needs both pipes")
        self._process, self._limits = process, limits
        self._in, self._out = process.stdin, process.stdout

    @classmethod
    async def start(cls, limits: ChildLimits) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "momentum.media.decoder_child", str(limits.cpu_seconds), str(limits.memory_bytes)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=wire.MAX_FRAME,
            cwd="/",
            env={"PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )
        return cls(process, limits)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def begin(self, *, may_seek: bool, size: int | None) -> None:
        await self._send(wire.START.pack(may_seek, -1 if size is None else size))

    async def answer(self, block: bytes) -> None:
        await self._send(wire.LENGTH.pack(len(block)) + block)

    async def receive(self) -> tuple[bytes, bytes]:
        """The next frame: its kind and what it carries. Raises ChildFailed."""
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                kind, length = wire.HEADER.unpack(await self._out.readexactly(wire.HEADER.size))
                if length > wire.MAX_FRAME:
                    raise ChildFailed
                return kind, await self._out.readexactly(length)
        except TimeoutError:
            raise ChildFailed from None
        except asyncio.IncompleteReadError:
            raise await self._obituary() from None

    async def _send(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                self._in.write(data)
                await self._in.drain()
        except TimeoutError:
            raise ChildFailed from None
        except ConnectionError:
            raise await self._obituary() from None

    async def _obituary(self) -> ChildFailed:
        code = await self._process.wait()
        return ChildFailed(from_outside=code in (-signal.SIGTERM, -signal.SIGKILL))

    async def stop(self) -> None:
        """End it now, whatever it does, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._in.close()
        # Unread output would keep the pipe open and `wait` waiting: https://docs.python.org/3/library/asyncio-subprocess.html
        while await self._out.read(wire.MAX_FRAME):
            pass
        await self._process.wait()
        with contextlib.suppress(ConnectionError):
            await self._in.wait_closed()
