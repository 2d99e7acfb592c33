"""Memory of web and worker while nobody asks for anything."""

from __future__ import annotations

import asyncio

from bench.figures import Figure, Tell, below
from bench.processes import family, memory
from tests.acceptance.installation import installed

SETTLE_SECONDS = 8.0


async def measure(tell: Tell) -> list[Figure]:
    async with installed() as site:
        await site.join()
        whole = await site.started("serve")
        await asyncio.sleep(SETTLE_SECONDS)
        fresh = memory(whole.pid)
        tell(f"just started: {fresh:.0f} MB in {len(family(whole.pid))} process(es)")
        await site.finished(await site.ask("once"))
        await asyncio.sleep(SETTLE_SECONDS)
        used = memory(whole.pid)
        tell(f"after work, its decoder waiting: {used:.0f} MB in {len(family(whole.pid))} process(es)")
        await whole.stop()
        apart = [await site.started("serve", "--no-worker"), await site.started("worker")]
        await asyncio.sleep(SETTLE_SECONDS)
        tell(f"web and worker apart: {memory(apart[0].pid):.0f} + {memory(apart[1].pid):.0f} MB")
    return [below("idle_memory_mb", max(fresh, used), 150, "MB", "")]
