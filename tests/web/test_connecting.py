"""Connecting, in all the ways a browser can come back, and the ways an attacker would like it to."""

import pytest

pytestmark = pytest.mark.anyio


async def test_a_program_connects_by_post(world):
    connection = await world.program().connect()
    assert (connection["connected"], connection["state"], connection["account_email"]) == (True, "active", "maya.chen@momentum.example")
    assert connection["missing_scopes"] == []
