"""Many callers in several processes find the token expired: how often Zoom is asked for a new one."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta

from bench.figures import Figure, Tell, exactly
from tests.acceptance.installation import Installation, installed

PROCESSES, TASKS = 4, 25

# Each says when it is ready, waits to be told, and prints the digests of the tokens it got.
_CALLER = f"""
import asyncio, hashlib, json, sys
from uuid import UUID
from momentum import logs
from momentum.app import open_app
from momentum.settings import load_settings

async def token(app, user_id):
    return hashlib.sha256((await app.tokens("zoom", user_id).token()).encode()).hexdigest()

async def main(user_id):
    logs.configure("error", "json")
    async with open_app(load_settings()) as app:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(json.dumps(await asyncio.gather(*(token(app, user_id) for _ in range({TASKS})))), flush=True)

asyncio.run(main(UUID(sys.argv[1])))
"""


async def measure(tell: Tell) -> list[Figure]:
    async with installed() as site:
        await site.join([])
        callers = [await _caller(site) for _ in range(PROCESSES)]
        site.statement("update zoom_credentials set expires_at = %s", site.app.clock() - timedelta(minutes=1))
        for caller in callers:
            caller.stdin.write(b"go\n")
        tokens = {token for caller in callers for token in json.loads(await caller.stdout.readline())}
        await asyncio.gather(*(caller.wait() for caller in callers))
        refreshes = sum(request.grant_type == "refresh_token" for request in site.zoom.requests)
    tell(f"{PROCESSES * TASKS} callers got {len(tokens)} token(s) by {refreshes} refresh(es)")
    return [exactly("refreshes_for_100_callers", refreshes, 1, note=f"{len(tokens)} token for all")]


async def _caller(site: Installation) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CALLER, str(site.user_id)),
        env=site.environment,
        cwd=site.folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert (await process.stdout.readline()).strip() == b"ready"
    return process
