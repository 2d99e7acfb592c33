"""Waiting out the short faults of a model's server; the client's own retries would also repeat spent quotas.

https://developers.openai.com/api/docs/guides/error-codes
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from momentum.errors import Retry

T = TypeVar("T")

TRIES = 3
"""Calls made for one question when the fault is a passing one."""
LONGEST_WAIT = 20.0
"""Seconds we wait between two tries; a server that wants more gets the whole step put off."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How to wait, and `chance` (0..1), which keeps many callers from coming back at the same moment."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """What `call` gives, tried again as the server wishes. Raises the last Retry, and everything else as it comes."""
        for tried in range(1, TRIES):
            try:
                return await call()
            except Retry as error:
                wait = error.after if error.after is not None else self._back_off(tried)
                if wait > LONGEST_WAIT:
                    raise
                await self.sleep(wait)
        return await call()

    def _back_off(self, tried: int) -> float:
        return min(8.0, 2.0 ** (tried - 2)) * (1 - self.chance() / 4)
