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
from momentum.media.confine import confine, die_with
from momentum.media.decoder_child import run

_ONE = 1
"""Descriptors that come with a request."""


class Server:
    """Forks a child for each request that comes in on `control`, and says how each one ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: set[int] = set()
        self._wake, self._waker = os.pipe()
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal without a handler wakes nobody

    def serve(self) -> None:
        """Until the other side is gone; then whatever still runs is ended."""
        control = self._control.fileno()
        while True:
            ready, _, _ = select.select([control, self._wake], [], [])
            if self._wake in ready:
                os.read(self._wake, 4096)
            self._bury(os.WNOHANG)
            if control in ready and not self._obey():
                break
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        self._bury()

    def _obey(self) -> bool:
        request, descriptors, _, _ = socket.recv_fds(self._control, wire.REQUEST.size, _ONE, socket.MSG_WAITALL)
        if len(request) < wire.REQUEST.size:
            return False
        kind, first, second = wire.REQUEST.unpack(request)
        if kind == wire.BEGIN:
            self._tell(wire.BEGUN, self._forked(descriptors, cpu_seconds=first, memory_bytes=second), 0)
        elif first in self._children:  # else it has ended meanwhile, and its number may be somebody else's
            os.kill(first, signal.SIGKILL)
        return True

    def _forked(self, descriptors: list[int], *, cpu_seconds: int, memory_bytes: int) -> int:
        """The new child's pid; 0 where the system gives no process, or gave us no descriptor."""
        parent = os.getpid()
        try:
            pid = os.fork() if descriptors else 0
        except OSError:
            pid = 0
        else:
            if pid == 0 and descriptors:
                self._be_child(descriptors[0], parent, cpu_seconds=cpu_seconds, memory_bytes=memory_bytes)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid:
            self._children.add(pid)
        return pid

    def _be_child(self, talk: int, parent: int, *, cpu_seconds: int, memory_bytes: int) -> None:
        """Never returns, and never goes on as the server it was forked from."""
        try:
            confine(cpu_seconds=cpu_seconds, memory_bytes=memory_bytes, parent=parent)
            os.setsid()  # who ends a group ends this child alone
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for standard in (0, 1):
                os.dup2(talk, standard)
            for inherited in (talk, self._wake, self._waker, self._control.detach()):
                os.close(inherited)
            run()
        finally:
            os._exit(1)

    def _bury(self, options: int = 0) -> None:
        for pid in list(self._children):
            found, status = os.waitpid(pid, options)
            if found:
                self._children.discard(pid)
                self._tell(wire.ENDED, pid, os.waitstatus_to_exitcode(status))

    def _tell(self, kind: bytes, pid: int, code: int) -> None:
        with contextlib.suppress(OSError):  # the next look at `control` says it too
            self._control.sendall(wire.REPLY.pack(kind, pid, code))


def main() -> None:
    """Serve on standard input, which is a socket, for as long as the process named in the arguments lives."""
    die_with(int(sys.argv[1]))
    control = socket.socket(fileno=os.dup(0))
    os.dup2(2, 0)  # which is the null device
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, what it shares with us
    Server(control).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
