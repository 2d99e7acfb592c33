import json
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

from momentum.embedded.server import running
from momentum.store.database import prepare

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.timeout(180)]

_CALLER = """
import asyncio, json, sys, time
from datetime import UTC, datetime, timedelta
from momentum.store.database import Database
from momentum.store.limits import SharedLimiter

async def calls(limiter, until, moments):
    while time.monotonic() < until:
        await limiter.wait("zoom", per_second=50)
        moments.append(time.monotonic())

async def main(dsn, seconds, pause_after):
    database = await Database.open(dsn, pool_size=2)
    limiter = SharedLimiter(database)
    moments, paused = [], None
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(calls(limiter, until, moments))
        if pause_after:
            await asyncio.sleep(pause_after)
            await limiter.pause("zoom", datetime.now(UTC) + timedelta(seconds=2))
            paused = time.monotonic()
    await database.aclose()
    print(json.dumps([moments, paused]))

asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
"""


@pytest.fixture
def home():
    made = Path(tempfile.mkdtemp(prefix="momentum-limits-"))
    made.chmod(0o711)
    yield made / "home"
    shutil.rmtree(made)


@pytest.fixture
async def app_dsn(home):
    async with running(home) as cluster:
        yield await prepare(cluster.owner_dsn, own_login=True)


def _call_from_four_processes(dsn, seconds, *, pause_after=0):
    waits = [pause_after, 0, 0, 0]
    command = [sys.executable, "-c", _CALLER, dsn, str(seconds)]
    callers = [subprocess.Popen([*command, str(wait)], stdout=subprocess.PIPE, text=True) for wait in waits]
    answers = [json.loads(caller.communicate()[0]) for caller in callers]
    return sorted(moment for moments, _ in answers for moment in moments), answers[0][1]


def _most_in_a_second(moments):
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


async def test_four_processes_use_the_allowance_and_no_more(app_dsn):
    moments, _ = _call_from_four_processes(app_dsn, 10)
    # The ends do not count: processes start and stop one after another.
    steady = [moment for moment in moments if moments[0] + 1 < moment < moments[0] + 9]
    share = (len(steady) - 1) / (steady[-1] - steady[0]) / 50
    most = _most_in_a_second(moments)
    assert share > 0.9
    assert most <= 52  # 50, and a late wake-up of a busy machine


async def test_a_pause_set_by_one_process_is_obeyed_by_all(app_dsn):
    moments, paused = _call_from_four_processes(app_dsn, 8, pause_after=3)
    late = [moment - paused for moment in moments if paused + 0.2 < moment < paused + 1.95]
    assert late == []
    gap = max(later - earlier for earlier, later in pairwise(moments))
    assert 1.7 < gap < 2.5
