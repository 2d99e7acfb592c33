"""Many who want to know the same at once cause one reading, and nobody gets one that began before they asked."""

import asyncio

import pytest

from momentum.web.events import Together

pytestmark = pytest.mark.anyio


async def test_one_reading_for_all_of_a_moment_and_another_for_who_comes_later():
    together, readings, may_end = Together(), [], asyncio.Event()

    async def read():
        readings.append(len(readings))
        number = readings[-1]
        await may_end.wait()
        return number

    first = [asyncio.create_task(together.read("a", read)) for _ in range(20)]
    other = asyncio.create_task(together.read("b", read))
    await _turns()
    late = asyncio.create_task(together.read("a", read))
    first.pop().cancel()
    await _turns()
    may_end.set()
    assert set(await asyncio.gather(*first)) == {0}
    assert [await other, await late] == [1, 2]


async def test_a_reading_that_nobody_waits_for_is_given_up():
    together, given_up = Together(), asyncio.Event()

    async def read():
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    only = asyncio.create_task(together.read("a", read))
    await _turns()
    only.cancel()
    await asyncio.gather(only, return_exceptions=True)
    assert given_up.is_set()
    assert together._coming == {}
    assert together._waiting == {}


async def _turns():
    """Let everybody go on who can."""
    for _ in range(5):
        await asyncio.sleep(0)
