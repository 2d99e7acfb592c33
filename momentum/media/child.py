"""The decoder's child process as its parent sees it: forked confined, spoken to in frames, ended without fail."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import momentum
from momentum.media import wire

_ROOT = Path(momentum.__file__).parent.parent
_NO_CRASH = (signal.SIGTERM, signal.SIGKILL, signal.SIGXCPU)
"""Signals that end a child without a mistake in it: somebody's, or its processor time is used up."""
_STARTING_SECONDS = 60.0
"""A server that loads FFmpeg on a machine that is busy; a child of one that has is there at once."""
_DYING_SECONDS = 5.0
"""What is killed, or has closed its socket, is gone long before."""

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
        with contextlib.suppress(TimeoutError):  # it has closed its socket and lives on
            async with asyncio.timeout(_DYING_SECONDS):
                await self._born.ended.wait()
                return ChildFailed(from_outside=self._born.code in {None, -signal.SIGTERM, -signal.SIGKILL})
        return ChildFailed()

    async def stop(self) -> None:
        """End it now, whatever it does, and wait until it is gone."""
        self._out.transport.abort()
        await self._server.stop(self._born)


@dataclass(slots=True)
class Born:
    """A child as the server tells of it. `code`: its exit code; None while it runs, and where the server ended first."""

    pid: int
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    code: int | None = None


class ForkServer:
    """The process that children are forked from, with FFmpeg loaded: a new one begins within milliseconds and knows of no other."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process, self._control = process, control
        self._asked: deque[asyncio.Future[Born]] = deque()
        self._living: dict[int, Born] = {}
        self._listening = asyncio.create_task(self._listen())
        self._given_up = False
        self.has_crashes = False
        """Whether a child of it has crashed. Children share the layout of their memory, so none should learn from another's end."""

    @classmethod
    async def start(cls) -> Self:
        """A server that takes requests; whether it comes up shows at the first. Raises ChildFailed where no process can be had."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            with theirs:
                process = await _started(theirs)
        except OSError as error:
            ours.close()
            raise ChildFailed(from_outside=True) from error
        except BaseException:
            ours.close()
            raise
        return cls(process, ours)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return not (self._given_up or self._listening.done())

    async def fork(self, limits: ChildLimits) -> Child:
        """A new child, waiting to begin. Raises ChildFailed when there is none to be had; a server that does not answer is ended."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                born = await self._ask(limits, theirs)
            return Child(self, born, await asyncio.open_connection(sock=ours, limit=wire.MAX_FRAME), limits)
        except BaseException:
            ours.close()  # the end of its input, should there be a child
            raise

    async def stop(self, born: Born) -> None:
        """Kill a child and wait until it is gone."""
        if not born.ended.is_set():
            self._send(wire.REQUEST.pack(wire.STOP, born.pid, 0))
        try:
            async with asyncio.timeout(_DYING_SECONDS):
                await born.ended.wait()
        except TimeoutError:
            self._kill()

    async def aclose(self) -> None:
        """End the server and whatever it has forked."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        try:
            async with asyncio.timeout(_DYING_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()
        await asyncio.wait([self._listening])

    async def _ask(self, limits: ChildLimits, talk: socket.socket) -> Born:
        asked: asyncio.Future[Born] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._send(wire.REQUEST.pack(wire.BEGIN, limits.cpu_seconds, limits.memory_bytes), talk)
        try:
            async with asyncio.timeout(_STARTING_SECONDS):
                return await asked
        except TimeoutError:
            self._kill()
            raise ChildFailed(from_outside=True) from None

    def _send(self, request: bytes, *descriptors: socket.socket) -> None:
        # A dozen bytes into an empty buffer: what has no room there is for a server that reads nothing any more.
        try:
            socket.send_fds(self._control, [request], [one.fileno() for one in descriptors])
        except OSError:
            self._kill()

    def _kill(self) -> None:
        self._given_up = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _listen(self) -> None:
        try:
            with self._control, contextlib.suppress(OSError):
                await self._read()
        finally:
            for asked in self._asked:
                if not asked.done():
                    asked.set_exception(ChildFailed(from_outside=True))
            for born in self._living.values():
                born.ended.set()

    async def _read(self) -> None:
        loop, rest = asyncio.get_running_loop(), b""
        while block := await loop.sock_recv(self._control, 4096):
            rest += block
            while len(rest) >= wire.REPLY.size:
                self._learn(*wire.REPLY.unpack_from(rest))
                rest = rest[wire.REPLY.size :]

    def _learn(self, kind: bytes, pid: int, code: int) -> None:
        if kind == wire.ENDED:
            born = self._living.pop(pid)
            born.code = code
            born.ended.set()
            self.has_crashes |= code < 0 and -code not in _NO_CRASH
            return
        asked = self._asked.popleft()
        if pid:
            self._living[pid] = Born(pid)
        if asked.done():  # whoever asked has left
            self._send(wire.REQUEST.pack(wire.STOP, pid, 0))
        elif pid:
            asked.set_result(self._living[pid])
        else:
            asked.set_exception(ChildFailed(from_outside=True))


async def _started(control: socket.socket) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "momentum.media.fork_server", str(os.getpid())),
        stdin=control.fileno(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    )
