"""The process that decoder children are forked from: FFmpeg is loaded once, and each child begins clean within milliseconds.

It touches no byte of any recording. Started by `child`, never imported by it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys

from momentum.media import wire
from momentum.media.decoder_child import run

_ONE = 1
"""Descriptors that come with a request."""


class ForkServer:
    """Forks a child for each request that comes in on `control`, and says how each one ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control, self._asks = control, control.fileno()
        self._children: set[int] = set()
        self._wake, waker = os.pipe()
        for end in (self._wake, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal without a handler wakes nobody

    def serve(self) -> None:
        """Until the other side is gone; what then still runs dies with this process."""
        while True:
            ready, _, _ = select.select([self._asks, self._wake], [], [])
            if self._wake in ready:
                os.read(self._wake, 4096)
            self._bury()
            if self._asks in ready and not self._obey():
                return

    def _obey(self) -> bool:
        request, descriptors, _, _ = socket.recv_fds(self._control, wire.REQUEST.size, _ONE, socket.MSG_WAITALL)
        if len(request) < wire.REQUEST.size:
            return False
        kind, first, second = wire.REQUEST.unpack(request)
        if kind == wire.BEGIN:
            self._fork(descriptors[0], cpu_seconds=first, memory_bytes=second)
        elif first in self._children:  # else it has ended meanwhile, and its number may be somebody else's
            os.kill(first, signal.SIGKILL)
        return True

    def _fork(self, talk: int, *, cpu_seconds: int, memory_bytes: int) -> None:
        pid = os.fork()
        if pid == 0:
            _be_child(talk, cpu_seconds=cpu_seconds, memory_bytes=memory_bytes)
        os.close(talk)
        self._children.add(pid)
        self._tell(wire.BEGUN, pid, 0)

    def _bury(self) -> None:
        for pid in list(self._children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self._children.discard(pid)
                self._tell(wire.ENDED, pid, os.waitstatus_to_exitcode(status))

    def _tell(self, kind: bytes, pid: int, code: int) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the next look at `control` says it too
            self._control.sendall(wire.REPLY.pack(kind, pid, code))


def _be_child(talk: int, *, cpu_seconds: int, memory_bytes: int) -> None:
    """Never returns, and never goes on as the server it was forked from."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for standard in (0, 1):
            os.dup2(talk, standard)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        run(cpu_seconds=cpu_seconds, memory_bytes=memory_bytes)
    finally:
        os._exit(1)


def main() -> None:
    """Serve on standard input, which is a socket."""
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, what it shares with us
    ForkServer(control).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
