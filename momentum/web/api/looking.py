"""Asking the provider on behalf of somebody who waits for an answer: for a few seconds where we have something to show, else to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog

from momentum.app import App, begun
from momentum.errors import ErrorCode, MomentumError, NotFound, Retry
from momentum.model import ConnectionState
from momentum.pipeline.discover import discover_if_stale, discover_one, is_fresh
from momentum.providers.meeting_ids import normalise_meeting_id
from momentum.store import credentials, recordings
from momentum.store.recordings import StoredRecording

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 3.0
"""How long a list waits for the provider when it can be answered without."""

LATELY = timedelta(days=30)
"""How far back a page looks by itself."""

_T = TypeVar("_T")


async def look_for_recordings(world: App, name: str, user_id: UUID, since: date, until: date) -> tuple[bool, str | None]:
    """Whether the provider was asked about these days, and in a sentence why it could not be; it is not asked twice a minute.

    A provider that takes long is asked to the end in the background. Raises what the provider raises, but a passing
    fault only where nothing was ever stored.
    """
    provider, now = world.provider(name), world.clock()
    # Nothing was recorded after today; some of today may be tomorrow's in UTC.
    until = min(until, now.date() + timedelta(days=1))
    tokens = world.tokens(name, user_id)
    async with world.database.person(user_id) as connection:
        known = await recordings.last_discovery(connection, user_id, name) is not None
    patience = await _patience(world, name, user_id, known=known)
    look = discover_if_stale(world.database, provider, tokens, user_id, since=since, until=until, now=now)
    try:
        found = await _within(world, look, patience)
    except TimeoutError:
        return False, f"{provider.label} is slow to answer. This is what was known before; look again in a minute."
    except Retry as error:
        if not known:
            raise
        return False, f"{error.detail} This is what was known before."
    return found is not None, None


async def look_lately(world: App, name: str, user_id: UUID) -> str | None:
    """As `look_for_recordings`, about the last LATELY; gives in a sentence what went wrong, and raises none of it."""
    today = world.clock().date()
    try:
        return (await look_for_recordings(world, name, user_id, today - LATELY, today))[1]
    except MomentumError as error:
        log.info("recordings_not_listed", provider=name, user_id=user_id, error_code=error.code)
        return error.detail


async def recording_of(world: App, name: str, user_id: UUID, meeting_id: str) -> StoredRecording:
    """The recording that a request names, as the provider has it now; as we knew it, where the provider does not answer soon or
    has told us a moment ago.

    Raises NotFound, and what the provider raises for one that was never seen.
    """
    provider, tokens = world.provider(name), world.tokens(name, user_id)
    async with world.database.person(user_id) as connection:
        known = await recordings.find(connection, user_id, name, normalise_meeting_id(meeting_id))
    patience = await _patience(world, name, user_id, known=known is not None)
    # A number means the latest instance: there may be one that we have not seen.
    by_instance = known is not None and known.instance_id == normalise_meeting_id(meeting_id)
    if known is not None and by_instance and patience is not None and is_fresh(known, now=world.clock()):
        return known
    look = discover_one(world.database, provider, tokens, user_id, meeting_id=meeting_id, now=world.clock())
    try:
        return await _within(world, look, patience)
    except (Retry, TimeoutError):
        # The work can wait for the provider by itself, where we know what is meant.
        if known is None:
            raise
        return known
    except MomentumError as error:
        if error.code is ErrorCode.RECORDING_NOT_FOUND:
            raise NotFound(error.code, error.detail) from error
        raise


async def _patience(world: App, name: str, user_id: UUID, *, known: bool) -> float | None:
    """Seconds to wait for the provider; None = to the end: there is nothing to show, or something to say of the connection first."""
    if not known:
        return None
    async with world.database.person(user_id) as connection:
        found = await credentials.status(connection, name, user_id)
    return PATIENCE_SECONDS if found is not None and found.state is ConnectionState.ACTIVE else None


async def _within(world: App, work: Coroutine[Any, Any, _T], seconds: float | None) -> _T:
    """What `work` gives. Raises TimeoutError after `seconds`; the work goes on, for whoever asks next."""
    async with asyncio.timeout(seconds):
        return await asyncio.shield(begun(world.under_way, work))
