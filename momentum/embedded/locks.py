"""Locks on files, which the kernel lets go of when their last holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """A file descriptor to lock; readable is enough, so root and the folder's owner can take turns."""
    return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until nobody else is in here."""
    lock = open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def share(path: Path) -> int:
    """Hold the lock together with others; waits while somebody holds it alone. Close the descriptor to let go."""
    lock = open_lock(path)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def become_only_holder(lock: int) -> bool:
    """Turn a shared lock into one of our own. False when others share it; our share is then gone as well."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def try_lock(path: Path) -> int | None:
    """The descriptor of a lock held alone, or None when somebody has it."""
    lock = open_lock(path)
    if become_only_holder(lock):
        return lock
    os.close(lock)
    return None


def is_held_alone(path: Path) -> bool:
    """Whether somebody holds the lock alone. To ask is to share it for a moment: those who ask at once do not take each other for that."""
    lock = open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
