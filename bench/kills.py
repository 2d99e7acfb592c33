"""Workers killed in the middle of a piece: nothing is lost, nothing paid for twice, and others go on soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bench.figures import Figure, Tell, below, exactly
from tests.acceptance.installation import Installation, installed
from tests.acceptance.kills import ANSWER_SECONDS, LONGEST_TAKEOVER, SETTINGS, WORKER, Round, round_with_a_kill

ROUNDS = 20
SITES = 4
"""Installations that go through it side by side: most of a round is waiting for the dead to be missed."""


async def measure(tell: Tell) -> list[Figure]:
    async with AsyncExitStack() as stack:
        # One after another: the migration tool can do one database at a time.
        made = [await stack.enter_async_context(_site()) for _ in range(SITES)]
        rounds = [one for found in await asyncio.gather(*(_rounds(site, tell) for site in made)) for one in found]
    survived = [one for one in rounds if one is not None]
    again, lost = sum(one.again for one in survived), sum(one.in_flight for one in survived)
    note = f"{again} pieces asked for again, of {lost} in flight"
    return [
        exactly("kill_rounds_without_loss", len(survived), ROUNDS, note=note),
        below("kill_takeover_s", max((one.takeover for one in survived), default=LONGEST_TAKEOVER), LONGEST_TAKEOVER, "s"),
    ]


@asynccontextmanager
async def _site() -> AsyncIterator[Installation]:
    async with installed(program=WORKER, answer_seconds=ANSWER_SECONDS, **SETTINGS) as site:
        await site.join()
        await site.started()
        await site.started()
        yield site


async def _rounds(site: Installation, tell: Tell) -> list[Round | None]:
    """None for a round in which something was lost or paid for twice."""
    found: list[Round | None] = []
    for number in range(ROUNDS // SITES):
        try:
            found.append(await round_with_a_kill(site, f"round {number}"))
        except AssertionError as error:
            found.append(None)
            tell(f"round {number}: {str(error)[:200]}")
        else:
            tell(f"round {number}: {found[-1]}")
    return found
