"""What does the provider have that we do not? New, changed and gone recordings, stored so that lists need no vendor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from momentum.errors import ActionRequired, Conflict, ErrorCode, NotReady, Permanent
from momentum.model import Recording
from momentum.outbound.limits import TokenSource
from momentum.providers.base import Provider
from momentum.providers.meeting_ids import normalise_meeting_id
from momentum.store import credentials, recordings
from momentum.store.database import Database
from momentum.store.recordings import StoredRecording

FRESH_FOR = timedelta(seconds=60)
"""How long a comparison with the provider is as good as a new one."""

PREPARED_WITHIN = timedelta(hours=24)
"""How long after its end a recording that was listed may be unreadable without being gone."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """How many recordings were new, changed, gone, and seen in all."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    seen: int = 0


def is_stale(last: tuple[date, date, datetime] | None, since: date, until: date, *, now: datetime) -> bool:
    """Whether [since, until] should be compared with the provider again; `last` = (since, until, finished at) of the last time."""
    if last is None:
        return True
    known_since, known_until, finished_at = last
    return not (known_since <= since and until <= known_until and now - finished_at < FRESH_FOR)


async def discover(
    database: Database, provider: Provider, tokens: TokenSource, user_id: UUID, *, since: date, until: date, now: datetime
) -> Discovered:
    """Compare the UTC days [since, until] with the provider, the trash included, page by page.

    Each page is stored as it comes, in a transaction of its own; a recording counts as gone only after
    the whole range was seen. `now` is when the comparison begins. Raises what the provider raises; what was stored by then stays.
    Nothing is stored of a connection that ended meanwhile: ActionRequired(NOT_CONNECTED), or Conflict when there is another one.
    """
    writing = await _Writing.of(database, provider, user_id)
    seen: set[str] = set()
    changes = recordings.Changes()
    async for page in _pages(provider, tokens, since, until):
        fresh = [recording for recording in page if recording.instance_id not in seen]
        seen.update(recording.instance_id for recording in fresh)
        if fresh:
            async with writing.transaction() as connection:
                changes += await recordings.upsert(connection, user_id, provider.name, fresh, now=now)
    async with writing.transaction() as connection:
        gone = await recordings.mark_gone(connection, user_id, provider.name, since, until, seen, now)
        await recordings.note_discovery(connection, user_id, provider.name, since, until, now=now)
    return Discovered(new=changes.new, changed=changes.changed, gone=gone, seen=changes.seen)


async def discover_if_stale(
    database: Database, provider: Provider, tokens: TokenSource, user_id: UUID, *, since: date, until: date, now: datetime
) -> Discovered | None:
    """`discover`, unless these days were compared a moment ago."""
    async with database.person(user_id) as connection:
        last = await recordings.last_discovery(connection, user_id, provider.name)
    if not is_stale(last, since, until, now=now):
        return None
    return await discover(database, provider, tokens, user_id, since=since, until=until, now=now)


def is_fresh(recording: StoredRecording, *, now: datetime) -> bool:
    """Whether what we know of a recording is whole and as good as a new answer."""
    return now - recording.last_seen_at < FRESH_FOR and bool(recording.files) and all(file.ready for file in recording.files)


async def discover_one(
    database: Database, provider: Provider, tokens: TokenSource, user_id: UUID, *, meeting_id: str, now: datetime
) -> StoredRecording:
    """Read one recording, by number or instance id in any encoding, and store it.

    Raises NotFound for what is no id; Permanent(RECORDING_NOT_FOUND) when there is none; NotReady while
    it is being prepared and no listing has shown it yet. One that was listed is given as it was: its work waits.
    As `discover` where the connection ended meanwhile.
    """
    wanted = normalise_meeting_id(meeting_id)
    writing = await _Writing.of(database, provider, user_id)
    try:
        recording = await provider.recording(tokens, wanted)
    except NotReady:
        async with database.person(user_id) as connection:
            listed = await recordings.find(connection, user_id, provider.name, wanted)
        if listed is None:
            raise
        return listed
    except Permanent as error:
        if error.code is ErrorCode.RECORDING_NOT_FOUND:
            await _not_gone_yet(database, provider, user_id, wanted, now)
        raise
    async with writing.transaction() as connection:
        await recordings.upsert(connection, user_id, provider.name, [_as_listed(recording)], now=now)
        stored = await recordings.find(connection, user_id, provider.name, recording.instance_id)
    if stored is None:
        raise Permanent(ErrorCode.RECORDING_NOT_FOUND, f"{provider.label} has no recording of this meeting for this account.")
    return stored


@dataclass(frozen=True, slots=True)
class _Writing:
    """Storing what one connection lets us see, for as long as it stands: who disconnects and deletes finds nothing again."""

    database: Database
    provider: Provider
    user_id: UUID
    connected_at: datetime

    @classmethod
    async def of(cls, database: Database, provider: Provider, user_id: UUID) -> _Writing:
        """Raises ActionRequired(NOT_CONNECTED)."""
        async with database.person(user_id) as connection:
            connected_at = await credentials.stands(connection, provider.name, user_id)
        if connected_at is None:
            raise _not_connected(provider)
        return cls(database, provider, user_id, connected_at)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """One transaction, during which nobody can disconnect. Raises ActionRequired(NOT_CONNECTED), Conflict."""
        async with self.database.person(self.user_id) as connection:
            connected_at = await credentials.stands(connection, self.provider.name, self.user_id)
            if connected_at is None:
                raise _not_connected(self.provider)
            if connected_at != self.connected_at:
                raise Conflict(ErrorCode.CONFLICT, f"{self.provider.label} was connected anew meanwhile. Ask again.")
            yield connection


def _not_connected(provider: Provider) -> ActionRequired:
    return ActionRequired(ErrorCode.NOT_CONNECTED, f"{provider.label} is not connected. Connect it first.")


async def _pages(provider: Provider, tokens: TokenSource, since: date, until: date) -> AsyncIterator[Sequence[Recording]]:
    async for page in provider.recordings(tokens, since=since, until=until):
        yield page
    # An account that may not see its trash has none to show.
    with suppress(Permanent):
        async for page in provider.recordings(tokens, since=since, until=until, in_trash=True):
            yield page


async def _not_gone_yet(database: Database, provider: Provider, user_id: UUID, meeting_id: str, now: datetime) -> None:
    """Raise NotReady for a recording that was listed, ended lately and could never be heard yet.

    Providers say "none" also while they prepare a recording; one that was ready before is gone.
    """
    async with database.person(user_id) as connection:
        known = await recordings.find(connection, user_id, provider.name, meeting_id)
    if known is None or any(file.ready and file.kind in {"audio", "video"} for file in known.files):
        return
    if _ended_within(known, PREPARED_WITHIN, now):
        raise NotReady(ErrorCode.RECORDING_NOT_READY, f"{provider.label} is still preparing this recording.")


def _ended_within(stored: StoredRecording, span: timedelta, now: datetime) -> bool:
    ends = [file.ended_at for file in stored.files if file.ended_at]
    if ends:
        return now - max(ends) < span
    duration = timedelta(minutes=min(stored.duration_minutes or 0, 10_000))
    return stored.started_at is not None and now - stored.started_at < span + duration


def _as_listed(recording: Recording) -> Recording:
    """Without what only the single answer holds (each participant's own audio): else every listing would seem a change."""
    return replace(recording, files=tuple(file for file in recording.files if file.participant is None))
