"""How a command ends before its end: whatever it is doing, it takes down what it has set up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

STOPPED = 130
"""Exit code of a command that was stopped."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Result = TypeVar("_Result")


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """What `work` gives. The first SIGINT or SIGTERM cancels it, wherever it is; a second one ends the process at once.

    Raises asyncio.CancelledError where it was cancelled.
    """
    return asyncio.run(_stoppable(work))


def end(code: int) -> NoReturn:
    """End this process at once. Call when everything of ours has been taken down.

    A thread inside the speech engine cannot be told to stop before its batch is done; Python would wait for it.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


async def until_told_to_stop() -> None:
    """Return at the first signal. Only for work that `run` runs."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        if task := asyncio.current_task():
            task.uncancel()  # this is how it is meant to end


async def _stoppable(work: Coroutine[Any, Any, _Result]) -> _Result:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        if task:
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    return await work
