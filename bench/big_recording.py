"""Memory of a worker and its decoder on a recording of two gigabytes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure, Tell, below
from bench.generated import Body, film, hand_out
from bench.processes import memory
from tests.acceptance.installation import MEETINGS, PROGRAM, Installation, Program, installed

BYTES = 2 * 10**9
SECONDS = 3 * 3600
LONGEST_SECONDS = 600.0

# A worker whose local engine, with the pieces it asks for, hears the same in all of them; the model's own memory is no figure of ours.
_WORKER = f"""
from momentum.model import Heard, Segment
from momentum.tools import Tools
from momentum.transcribers import local

class StandIn:
    name, limits = local.LocalWhisper.name, local.LIMITS
    def parameters(self, language):
        return {{"model": "stand-in", "language": language}}
    async def transcribe(self, chunk, *, language):
        return Heard((Segment(0, 0.0, chunk.seconds, "Noted."),), "en")
    async def aclose(self):
        pass

Tools.transcriber = StandIn()
{PROGRAM}
"""


async def measure(tell: Tell) -> list[Figure]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        await asyncio.to_thread(film, path, SECONDS, BYTES)
        tell(f"a recording of {path.stat().st_size / 10**9:.2f} GB and {SECONDS / 3600:.0f} hours")
        async with installed(program=_WORKER) as site:
            body = Body(path)
            hand_out(site.zoom, MEETINGS[0], body)
            await site.join(MEETINGS[:1])
            seen = await _watched(site, await site.started("worker"), tell)
            heard, words = site.statement("select seconds, word_count from transcripts")[0]
            body.close()
    quarter = len(seen) // 4
    growth = max(seen[-quarter:]) - max(seen[quarter : 2 * quarter])
    note = f"{heard / 3600:.1f} h of sound in {words} pieces"
    return [below("big_recording_memory_mb", max(seen), 200, "MB", note), below("big_recording_growth_mb", growth, 10, "MB")]


async def _watched(site: Installation, worker: Program, tell: Tell) -> list[float]:
    """Megabytes of worker and decoder, twice a second, while the recording is processed."""
    asked = await site.ask("big", MEETINGS[:1])
    done = asyncio.create_task(site.finished(asked, LONGEST_SECONDS))
    seen = []
    while not done.done():
        seen.append(memory(worker.pid))
        if len(seen) % 20 == 0:
            tell(f"{seen[-1]:.0f} MB, {site.statement('select count(*) from chunks')[0][0]} pieces transcribed")
        await asyncio.sleep(0.5)
    await done
    return seen
