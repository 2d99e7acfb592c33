"""Where a person stands with a provider."""

from uuid import uuid4

import pytest

from momentum.store import profiles, standing
from momentum.store.credentials import TABLES

pytestmark = pytest.mark.anyio


async def test_every_provider_can_be_asked(database, person):
    for provider in TABLES:
        found = await standing.look(database, provider, person)
        assert (found.status, found.signed_out_at) == (None, None)


async def test_somebody_who_is_gone_stands_nowhere(database, person):
    assert await standing.look(database, "zoom", uuid4()) is None
    async with database.person(person) as connection:
        await profiles.delete(connection, person)
    assert await standing.look(database, "zoom", person) is None


async def test_when_they_signed_out(database, person, now):
    async with database.person(person) as connection:
        await profiles.sign_out(connection, person, now=now)
    assert (await standing.look(database, "zoom", person)).signed_out_at == now
