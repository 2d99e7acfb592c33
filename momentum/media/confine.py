"""What a process that reads strangers' files gives up before it touches the first byte."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys

_PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
_SIGKILL = 9
_OPEN_FILES = 16


def confine(*, cpu_seconds: int, memory_bytes: int, parent: int) -> None:
    """Limit this process: no life after `parent`, processor time, memory of its own, no core dump, no file written."""
    die_with(parent)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    # The first limit sends SIGXCPU, which names the cause; the second SIGKILL, which could be anybody's.
    _limit(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 5)
    # RLIMIT_DATA counts private writable memory; RLIMIT_AS would also count the mapped libraries.
    _limit(resource.RLIMIT_DATA, memory_bytes)


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(which)
    wanted = (soft, soft if hard is None else hard)
    allowed = wanted if ceiling == resource.RLIM_INFINITY else (min(wanted[0], ceiling), min(wanted[1], ceiling))
    with contextlib.suppress(ValueError, OSError):  # macOS refuses some of them
        resource.setrlimit(which, allowed)


def die_with(parent: int) -> None:
    """End this process when its parent ends, and at once where `parent` is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)
