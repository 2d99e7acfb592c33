"""Memory of web and worker while nobody asks for anything."""

from __future__ import annotations

import asyncio

from bench.figures import Figure, Tell, below
from bench.processes import family, memory
from tests.acceptance.installation import Program, installed

SETTLE_SECONDS = 8.0


async def measure(tell: Tell) -> list[Figure]:
    async with installed() as site:
        await site.join()
        whole = await site.started("serve")
        fresh = await _settled(whole)
        tell(f"just started: {fresh:.0f} MB in {len(family(whole.pid))} process(es)")
        await site.finished(await site.ask("once"))
        used = await _settled(whole)
        tell(f"after work, the next decoder waiting: {used:.0f} MB in {len(family(whole.pid))} process(es)")
        await whole.stop()
        web, worker = await site.started("serve", "--no-worker"), await site.started("worker")
        apart = [await _settled(web), memory(worker.pid)]
        tell(f"web and worker apart: {apart[0]:.0f} + {apart[1]:.0f} MB")
    note = f"apart {apart[0]:.0f} + {apart[1]:.0f} MB"
    after = Figure("idle_memory_after_work_mb", round(used, 1), "", None, "the voice gate and what decodes included")
    return [below("idle_memory_mb", fresh, 150, "MB", note), after]


async def _settled(program: Program) -> float:
    await asyncio.sleep(SETTLE_SECONDS)
    return memory(program.pid)
