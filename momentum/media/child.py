"""The decoder's child process as its parent sees it: forked confined, spoken to in frames, ended without fail."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import momentum
from momentum.media import wire

_ROOT = Path(momentum.__file__).parent.parent
_DYING_SECONDS = 5.0
"""Between the end of a child's socket and the news of its own."""

Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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
    """One running child. It dies with the server it was forked from, and at the end of its input."""

    def __init__(self, server: ForkServer, born: Born, talk: Talk, limits: ChildLimits) -> None:
        self._server, self._born, self._limits = server, born, limits
        self._in, self._out = talk

    @property
    def pid(self) -> int:
        return self._born.pid

    async def begin(self, *, may_seek: bool, size: int | None) -> None:
        await self._send(wire.START.pack(may_seek, -1 if size is None else size))

    async def answer(self, block: bytes) -> None:
        await self._send(wire.LENGTH.pack(len(block)) + block)

    async def receive(self) -> tuple[bytes, bytes]:
        """The next frame: its kind and what it carries. Raises ChildFailed."""
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                kind, length = wire.HEADER.unpack(await self._in.readexactly(wire.HEADER.size))
                if length > wire.MAX_FRAME:
                    raise ChildFailed
                return kind, await self._in.readexactly(length)
        except TimeoutError:
            raise ChildFailed from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._obituary() from None

    async def _send(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                self._out.write(data)
                await self._out.drain()
        except TimeoutError:
            raise ChildFailed from None
        except ConnectionError:
            raise await self._obituary() from None

    async def _obituary(self) -> ChildFailed:
        await asyncio.wait([self._born.ended], timeout=_DYING_SECONDS)
        if not self._born.ended.done():  # it has closed its socket and lives on
            return ChildFailed()
        return ChildFailed(from_outside=self._born.ended.result() in {None, -signal.SIGTERM, -signal.SIGKILL})

    async def stop(self) -> None:
        """End it now, whatever it does, and wait until it is gone."""
        self._out.transport.abort()
        self._server.stop(self._born)
        await self._born.ended


@dataclass(slots=True)
class Born:
    """A child as the server tells of it. `ended` gives its exit code, or None when the server ended first and took it along."""

    pid: int
    ended: asyncio.Future[int | None]


class ForkServer:
    """The process that children are forked from, with FFmpeg loaded: a new one begins within milliseconds and knows of no other."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process, self._control = process, control
        self._asked: deque[asyncio.Future[Born]] = deque()
        self._living: dict[int, Born] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls) -> Self:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "momentum.media.fork_server"),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
                env={"PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                start_new_session=True,
            )
        return cls(process, ours)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return not self._listening.done()

    async def fork(self, limits: ChildLimits) -> Child:
        """A new child, waiting to begin. Raises ChildFailed when the server is gone."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                born = await self._ask(limits, theirs)
            return Child(self, born, await asyncio.open_connection(sock=ours, limit=wire.MAX_FRAME), limits)
        except BaseException:
            ours.close()  # the end of its input, should there be a child
            raise

    def stop(self, born: Born) -> None:
        """Have a child killed; `born.ended` says when it is gone."""
        if not born.ended.done():
            self._send(wire.REQUEST.pack(wire.STOP, born.pid, 0))

    async def aclose(self) -> None:
        """End the server and whatever it has forked."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._listening
        await self._process.wait()

    async def _ask(self, limits: ChildLimits, talk: socket.socket) -> Born:
        asked: asyncio.Future[Born] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._send(wire.REQUEST.pack(wire.BEGIN, limits.cpu_seconds, limits.memory_bytes), talk)
        async with asyncio.timeout(limits.stall_seconds):
            return await asked

    def _send(self, request: bytes, *descriptors: socket.socket) -> None:
        # A dozen bytes into an empty buffer: this never waits. Of a server that is gone, `_listen` learns.
        with contextlib.suppress(OSError):
            socket.send_fds(self._control, [request], [one.fileno() for one in descriptors])

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        with self._control, contextlib.suppress(OSError):
            rest = b""
            while block := await loop.sock_recv(self._control, 4096):
                rest += block
                while len(rest) >= wire.REPLY.size:
                    self._learn(*wire.REPLY.unpack_from(rest))
                    rest = rest[wire.REPLY.size :]
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(ChildFailed(from_outside=True))
        for born in self._living.values():
            born.ended.set_result(None)

    def _learn(self, kind: bytes, pid: int, code: int) -> None:
        if kind == wire.ENDED:
            self._living.pop(pid).ended.set_result(code)
            return
        born = Born(pid, asyncio.get_running_loop().create_future())
        self._living[pid] = born
        asked = self._asked.popleft()
        if asked.done():  # whoever asked has left
            self.stop(born)
        else:
            asked.set_result(born)
