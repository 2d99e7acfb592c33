"""Callers in processes of their own who share one allowance, and how close together their calls came."""

import json
import subprocess
import sys

RATE = 50
PROCESSES, TASKS = 4, 50

_CALLER = f"""
import asyncio, json, sys, time
from datetime import UTC, datetime, timedelta
from momentum.store.database import Database
from momentum.store.limits import SharedLimiter

async def calls(limiter, until, moments):
    while time.monotonic() < until:
        await limiter.wait("zoom", per_second={RATE})
        moments.append(time.monotonic())

async def main(dsn, seconds, pause_after):
    database = await Database.open(dsn, pool_size=2)
    limiter = SharedLimiter(database)
    moments, paused = [], None
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        for _ in range({TASKS}):
            tasks.create_task(calls(limiter, until, moments))
        if pause_after:
            await asyncio.sleep(pause_after)
            await limiter.pause("zoom", datetime.now(UTC) + timedelta(seconds=2))
            paused = time.monotonic()
    await database.aclose()
    print(json.dumps([moments, paused]))

asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
"""


def call_from_four_processes(dsn, seconds, *, pause_after=0):
    """The moments of all calls in order, and when one of the processes asked for a pause."""
    waits = [pause_after, *[0] * (PROCESSES - 1)]
    command = [sys.executable, "-c", _CALLER, dsn, str(seconds)]
    callers = [subprocess.Popen([*command, str(wait)], stdout=subprocess.PIPE, text=True) for wait in waits]
    answers = [json.loads(caller.communicate()[0]) for caller in callers]
    return sorted(moment for moments, _ in answers for moment in moments), answers[0][1]


def share_used(moments, seconds):
    """How much of the allowance was used, 0 to 1. The ends do not count: processes start and stop one after another."""
    steady = [moment for moment in moments if moments[0] + 1 < moment < moments[0] + seconds - 1]
    return (len(steady) - 1) / (steady[-1] - steady[0]) / RATE


def most_in_a_second(moments):
    """The most calls that any sliding second holds."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most
