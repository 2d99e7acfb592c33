"""Every page in a real browser: when something is first painted, when all of it is there, what it weighs."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.figures import TRIES, Figure, Tell, below, missing
from momentum import logs
from momentum.embedded.server import EmbeddedPostgres
from momentum.store.database import prepare
from tests.browser.looks import Look, eyes
from tests.browser.places import PLACES, full_momentum
from tests.browser.window import CHROMIUM, MISSING, running_chromium

MOST_MS, MOST_KB = 200, 60
WIDTH = 1280


async def measure(tell: Tell) -> list[Figure]:
    if not CHROMIUM.exists():
        return [missing("pages", f"< {MOST_MS} ms", MISSING)]
    logs.configure("error", "auto")
    best = [_best(looks) for looks in zip(*[one async for one in _rounds()], strict=True)]
    tell(f"{'page':<24} {'paint ms':>8} {'all ms':>8} {'KB':>6}  best of {TRIES}, nothing cached, load {os.getloadavg()[0]:.1f}")
    for look in best:
        tell(f"{look.place.name:<24} {look.first_paint:>8.0f} {look.loaded:>8.0f} {look.weight / 1024:>6.1f}")
    painted, loaded, heaviest = (max(best, key=key) for key in (_painted, _loaded, _weight))
    return [
        below("pages_first_paint_ms", painted.first_paint, MOST_MS, "ms", f"the slowest: {painted.place.name}"),
        below("pages_navigation_ms", loaded.loaded, MOST_MS, "ms", f"the slowest: {loaded.place.name}"),
        below("pages_weight_kb", heaviest.weight / 1024, MOST_KB, "KB", f"the heaviest: {heaviest.place.name}"),
    ]


def _best(looks: Sequence[Look]) -> Look:
    """The quickest of each time; the weight is that of the heaviest."""
    times = {"first_paint": min(map(_painted, looks)), "loaded": min(map(_loaded, looks))}
    return dataclasses.replace(looks[0], **times, weight=max(map(_weight, looks)))


def _painted(look: Look) -> float:
    return look.first_paint


def _loaded(look: Look) -> float:
    return look.loaded


def _weight(look: Look) -> int:
    return look.weight


async def _rounds() -> AsyncIterator[list[Look]]:
    """A look at every page, TRIES times over: other work on the machine comes in bursts, and none is to fall on one page alone."""
    async with (
        _home() as (dsn, home),
        full_momentum(dsn, home) as full,
        running_chromium() as browser,
        eyes(browser, full, axe=False) as looking,
    ):
        for _ in range(TRIES):
            yield [await looking.look(place, "light", WIDTH) for place in PLACES]


@asynccontextmanager
async def _home() -> AsyncIterator[tuple[str, Path]]:
    """A migrated database's URL, and a folder."""
    with tempfile.TemporaryDirectory(prefix="momentum-bench-") as folder:
        Path(folder).chmod(0o711)  # noqa: ASYNC240 -- else root's server would have to live elsewhere
        server = EmbeddedPostgres(Path(folder))
        running = await server.start()
        try:
            await prepare(running.owner_dsn, own_login=True)
            yield running.owner_dsn, Path(folder) / "home"
        finally:
            await server.stop()
