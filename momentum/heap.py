"""How the C library's allocator behaves in a process that lives for weeks; where it is another than GNU's, nothing is done."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

# https://man7.org/linux/man-pages/man3/mallopt.3.html
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_LARGE = 128 * 1024
"""Bytes from which on a block is given back as soon as it is free; left alone, this grows to 32 MB with what passes through."""


def settle() -> None:
    """One heap for all threads. By default each gets its own and keeps what passed through it: after a few recordings a worker
    held twice the memory it used. Call before there are threads.
    """
    if mallopt := _function("mallopt"):
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Let the system have what is free. Takes milliseconds, and what is needed again has to be asked for: for when work is done."""
    if trim := _function("malloc_trim"):
        trim(0)


@cache
def _function(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
