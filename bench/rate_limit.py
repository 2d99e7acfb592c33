"""How much of a shared allowance is used, and whether a sliding second ever holds too much."""

from __future__ import annotations

import asyncio

from bench.figures import Figure, Tell, at_least, at_most
from tests.acceptance.callers import PROCESSES, RATE, TASKS, call_from_four_processes, most_in_a_second, share_used
from tests.acceptance.installation import installed

SECONDS = 20


async def measure(tell: Tell) -> list[Figure]:
    async with installed() as site:
        tell(f"{PROCESSES} processes x {TASKS} tasks, {RATE} a second, for {SECONDS} s ...")
        moments, _ = await asyncio.to_thread(call_from_four_processes, site.app.dsn, SECONDS)
    used, most = 100 * share_used(moments, SECONDS), most_in_a_second(moments)
    return [
        at_least("rate_limit_used_percent", used, 98, "%", f"{len(moments)} calls"),
        at_most("rate_limit_most_in_a_second", most, RATE),
    ]
