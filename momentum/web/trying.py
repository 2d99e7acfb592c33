"""Trying Momentum without an account: a local Zoom in this process, until it ends; and what came from it, to be removed again.

Possible in the local default alone (`trial.Trial.is_allowed`). From there on everything is as with Zoom itself: consent page, OAuth,
listing, download. Who has a real connection here, or recordings of one, is not offered it: the samples would stand among them.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Request

from momentum.app import App
from momentum.errors import Conflict, ErrorCode, Forbidden, MomentumError, Unavailable
from momentum.model import Options, ProcessingState
from momentum.pipeline import request
from momentum.providers.zoom.facts import NAME
from momentum.sandbox import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, INSTANCE_IDS, running_sandbox
from momentum.store import audit, credentials, processings, recordings
from momentum.store.audit import Act
from momentum.trial import Place
from momentum.web.api.looking import look_for_recordings

log = structlog.get_logger(__name__)

_DAYS = timedelta(days=30)
_TRIES = 5
"""At deleting what a worker may be writing at that moment: one of the two has to begin again."""
_STUCK = frozenset({ProcessingState.FAILED, ProcessingState.CANCELLED, ProcessingState.ACTION_REQUIRED})


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with somebody's trial."""

    allowed: bool
    """Whether this Momentum may run a local Zoom at all."""
    running: bool
    connected: bool
    """To a local Zoom, be it one that is gone."""
    left: bool
    """Something that came from one is here."""
    real: bool
    """Something of a real account is here."""

    @property
    def offered(self) -> bool:
        return self.allowed and not self.real


class Trying:
    """The local Zoom of this process: one at the most."""

    def __init__(self, world: App) -> None:
        self._world = world
        self._running = AsyncExitStack()
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Run it, unless one runs for this home. Raises Forbidden outside of the local default, Conflict when one has just begun."""
        trial = self._world.trial
        if trial is None or not trial.is_allowed:
            raise Forbidden(ErrorCode.FORBIDDEN, "The sandbox is for a Momentum at your own machine that has no Zoom app.")
        async with self._turn:
            if not trial.providers():
                async with AsyncExitStack() as starting:
                    started = running_sandbox(now=self._world.clock, redirect_uris=(trial.redirect_uri,))
                    sandbox = await starting.enter_async_context(started)
                    starting.enter_context(trial.announced(Place(sandbox.base, sandbox.storage_base, CLIENT_ID, CLIENT_SECRET)))
                    self._running = starting.pop_all()
                log.info("sandbox_started", url=sandbox.base)

    async def stop(self) -> None:
        """End it, where this process runs it."""
        async with self._turn:
            await self._running.aclose()


async def _trying(asked: Request) -> Trying:
    found: Trying = asked.app.state.trying
    return found


TheTrying = Annotated[Trying, Depends(_trying)]
"""This process's."""


def is_running(world: App) -> bool:
    """Whether the Zoom of this Momentum is a local one."""
    return world.trial is not None and bool(world.trial.providers())


async def standing(world: App, user_id: UUID) -> Standing:
    """How it is with this person's trial."""
    async with world.database.person(user_id) as connection:
        status = await credentials.status(connection, NAME, user_id)
        samples, others = await recordings.among(connection, user_id, NAME, INSTANCE_IDS)
    connected = status is not None and status.account.account_id == ACCOUNT_ID
    return Standing(
        allowed=world.trial is not None and world.trial.is_allowed,
        running=is_running(world),
        connected=connected,
        left=connected or samples,
        real=others or (status is not None and not connected),
    )


async def begin(world: App, trying: Trying, user_id: UUID) -> None:
    """Run a local Zoom for somebody. Raises Forbidden; Conflict for who has something of a real account."""
    if (await standing(world, user_id)).real:
        raise Conflict(ErrorCode.CONFLICT, "You have recordings of a real account here, among which the samples would stand.")
    await trying.start()


async def process_newest(world: App, user_id: UUID, options: Options) -> None:
    """Find what the local Zoom has recorded, and have the newest processed; raises nothing: a page shows how far it came."""
    today = world.clock().date()
    try:
        await look_for_recordings(world, NAME, user_id, today - _DAYS, today)
        async with world.database.person(user_id) as connection:
            found = await recordings.page(connection, user_id, NAME, since=today - _DAYS, until=today, size=1, has="audio")
            for newest in found.rows:
                asked, new = await request.request_stored(connection, user_id, newest.id, options)
                if not new and asked.state in _STUCK:
                    await processings.retry(connection, asked.id, now=world.clock())
                act = Act("processing.ask", f"processing:{asked.id}", actor="momentum")
                await audit.note(connection, world.vault, user_id, act, now=world.clock())
    except MomentumError as error:
        log.info("sandbox_not_processed", user_id=user_id, error_code=error.code)


async def remove(world: App, trying: Trying, user_id: UUID) -> int:
    """End the trial and delete all that came from it: how many recordings. A real connection and its recordings stay."""
    connected = (await standing(world, user_id)).connected
    for tries_left in reversed(range(_TRIES)):
        try:
            removed = await _removed(world, user_id, connected=connected)
            break
        except Unavailable:
            if not tries_left:
                raise
    await trying.stop()
    return removed


async def _removed(world: App, user_id: UUID, *, connected: bool) -> int:
    async with world.database.person(user_id) as connection:
        if connected:
            await credentials.remove(connection, world.vault, NAME, user_id)
        return (await recordings.remove(connection, user_id, NAME, instance_ids=INSTANCE_IDS)).recordings
