"""The world of a process, and its end."""

import asyncio
import base64

import pytest

from momentum.app import open_app
from momentum.settings import load_settings

pytestmark = pytest.mark.anyio


async def test_the_world_ends_after_the_work_that_is_under_way(owner_dsn):
    given, done = asyncio.Event(), []

    async def work(app):
        await given.wait()
        await app.database.ping()
        done.append("stored")

    settings = load_settings(_env_file=None, database_url=owner_dsn, momentum_kek=base64.b64encode(bytes(32)).decode())
    async with open_app(settings) as app:
        task = asyncio.create_task(work(app))
        app.under_way.add(task)
        task.add_done_callback(app.under_way.discard)
        asyncio.get_running_loop().call_later(0.05, given.set)
    assert done == ["stored"]
