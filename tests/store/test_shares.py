import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from momentum.errors import Conflict
from momentum.store import shares

pytestmark = pytest.mark.anyio


@pytest.fixture
async def document(keep_processing, keep_results, person, do):
    """A delivered document of the person, by id."""
    _, kept = await keep_results(await keep_processing(person))
    await do(person, "update deliverables set delivered = true")
    return kept


async def test_a_link_is_good_for_thirty_days_wherever_the_server_stands(database, document, person):
    before_summer_time = datetime(2027, 3, 10, 12, tzinfo=UTC)
    async with database.person(person) as connection:
        await connection.execute(text("set local timezone to 'Europe/Berlin'"))
        made = await shares.create(connection, person, document, "token", days=30, now=before_summer_time)

    assert made.expires_at == before_summer_time + timedelta(days=30)


async def test_links_made_at_once_are_counted_too(database, document, person, now, monkeypatch):
    all_here = asyncio.Barrier(4)

    async def make(token):
        async with database.person(person) as connection:
            await all_here.wait()
            return await shares.create(connection, person, document, token, days=1, now=now)

    monkeypatch.setattr(shares, "MOST", 1)
    made = await asyncio.gather(*(make(token) for token in "abcd"), return_exceptions=True)
    assert sorted(isinstance(one, Conflict) for one in made) == [False, True, True, True]
