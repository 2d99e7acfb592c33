"""The route that is asked all the time, beside a bare one that does the same work."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.figures import TRIES, Figure, Tell, at_most
from momentum.inbound import free_port
from tests.acceptance.installation import ISSUER, SUBJECT, Installation, installed

REQUESTS = 1_000
WARM_UP = 300
ROOT = Path(__file__).parent.parent


async def measure(tell: Tell) -> list[Figure]:
    async with installed() as site:
        await site.join([])
        await site.started("serve", "--no-worker")
        async with (
            _bare(site) as port,
            _asking(site.app.settings.port, "/api/zoom/status", site) as ours,
            _asking(port, "/status", site) as bare,
        ):
            await _both(ours, bare, WARM_UP)
            ratios = []
            for _ in range(TRIES):
                times = await _both(ours, bare, REQUESTS)
                p50 = [median(column) * 1000 for column in zip(*times, strict=True)]
                ratios.append(p50[0] / p50[1])
                tell(f"p50 {p50[0]:.2f} ms, bare {p50[1]:.2f} ms: {ratios[-1]:.2f}")
    return [at_most("status_p50_by_bare_route", min(ratios), 1.2, "x", f"median {median(ratios):.2f}; {p50[0]:.2f} and {p50[1]:.2f} ms")]


async def _both(ours: Asking, bare: Asking, count: int) -> list[tuple[float, float]]:
    """Seconds of each pair of requests, taken in turns: whatever else the machine does strikes both alike."""
    return [(await ours.seconds(), await bare.seconds()) for _ in range(count)]


class Asking:
    """One kept-alive connection and one request, again and again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        self._reader, self._writer, self._request = reader, writer, request

    async def seconds(self) -> float:
        began = perf_counter()
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(length)
        took = perf_counter() - began
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(head.decode())
        return took


@asynccontextmanager
async def _asking(port: int, path: str, site: Installation) -> AsyncIterator[Asking]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bearer = site.bearer()["authorization"]
    yield Asking(reader, writer, f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: {bearer}\r\n\r\n".encode())
    writer.close()


@asynccontextmanager
async def _bare(site: Installation) -> AsyncIterator[int]:
    """The bare route's process; gives its port."""
    port = free_port("127.0.0.1")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.bare", str(port), ISSUER, SUBJECT),
        env=site.environment | {"PYTHONPATH": str(ROOT)},
        cwd=site.folder,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if (await process.stdout.readline()).strip() != b"serving":
            raise RuntimeError("the bare route did not come up")
        yield port
    finally:
        process.terminate()
        await process.wait()
