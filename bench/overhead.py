"""What Momentum itself takes from the request to the stored deliverable, the models answering at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from urllib.parse import quote

import httpx2

from bench.figures import TRIES, Figure, Tell, below
from bench.models import language_model
from momentum.store.listener import Listener
from tests.acceptance.installation import Installation, installed

RECORDINGS = 10
LONGEST_SECONDS = 60.0


async def measure(tell: Tell) -> list[Figure]:
    async with language_model() as model, installed(recordings=RECORDINGS, **model) as site:
        await site.join([])
        await site.started("serve")
        async with _caller(site) as person:
            meetings = [m["id"] for m in (await _json(person, "GET", "/api/zoom/meetings"))["meetings"]]
            # Newest first: the spoken samples, each about a minute, then the generated ones, of a few seconds.
            samples, generated = meetings[:3], meetings[-RECORDINGS:]
            one = [await _seconds(site, person, [samples[n % 3]]) for n in range(TRIES + 1)][1:]
            tell("1 recording: " + " ".join(f"{s:.2f}" for s in one))
            ten = [await _seconds(site, person, generated) for _ in range(TRIES)]
            tell(f"{RECORDINGS} recordings: " + " ".join(f"{s:.2f}" for s in ten))
    return [
        below("overhead_1_recording_s", min(one), 0.6, "s", f"median {sorted(one)[TRIES // 2]:.2f}"),
        below("overhead_10_recordings_s", min(ten), 2, "s", f"median {sorted(ten)[TRIES // 2]:.2f}"),
    ]


@asynccontextmanager
async def _caller(site: Installation) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=site.base, headers=site.bearer(), trust_env=False, timeout=30) as client:
        yield client


async def _json(person: httpx2.AsyncClient, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = await person.request(method, path, json=body)
    answer.raise_for_status()
    return dict(answer.json())


async def _seconds(site: Installation, person: httpx2.AsyncClient, meetings: Sequence[str]) -> float:
    """From the first request to the moment at which every deliverable is stored."""
    site.statement("delete from chunks")
    listener = Listener(site.app.settings.database_url.get_secret_value())
    async with asyncio.timeout(LONGEST_SECONDS), listener.subscribe("processing") as notices:
        await anext(notices)  # it listens
        began = monotonic()
        asked = [_json(person, "POST", f"/api/zoom/download/{quote(quote(m, safe=''), safe='')}", {"force": True}) for m in meetings]
        wanted = {answer["processing_id"] for answer in await asyncio.gather(*asked)}
        async for _ in notices:
            if len(_done(site, wanted)) == len(wanted):
                ended = monotonic()
                break
    await listener.aclose()
    return ended - began


def _done(site: Installation, wanted: set[str]) -> list[Any]:
    return site.statement("select id from processings where id = any(%s::uuid[]) and state = 'done'", list(wanted))
