"""Recordings and their files, as the provider last told us; lists are answered from here."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, case, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.model import ProcessingState, Recording, RecordingFile
from momentum.store import pages, serial, tables

_BATCH = 300  # recordings a statement
_SECRET = frozenset({"download_url", "download_token"})  # go stale within hours, and open the file to whoever has them

_table = tables.recordings
_moment = func.coalesce(_table.c.started_at, _table.c.first_seen_at)  # as in the index ix_recordings_user_started
_order = pages.Order(_moment, _table.c.id)


@dataclass(frozen=True, slots=True)
class Changes:
    """How many recordings were new, had changed since we last looked, and were seen in all."""

    new: int = 0
    changed: int = 0
    seen: int = 0

    def __add__(self, other: Changes) -> Changes:
        return Changes(self.new + other.new, self.changed + other.changed, self.seen + other.seen)


@dataclass(frozen=True, slots=True)
class LatestProcessing:
    """The newest processing of a recording; `any_done`: this one or an earlier one is done."""

    id: UUID
    state: ProcessingState
    any_done: bool


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording as we keep it; `files` are those that are still there."""

    id: UUID
    provider: str
    instance_id: str
    meeting_number: str | None
    topic: str
    started_at: datetime | None
    timezone: str | None
    duration_minutes: int | None
    size: int | None
    host_email: str | None
    share_url: str | None
    in_trash: bool
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    files: tuple[RecordingFile, ...] = ()
    processing: LatestProcessing | None = None

    @property
    def processed(self) -> bool:
        """Whether there is a processing of it that is done, be it the newest or not."""
        return self.processing is not None and self.processing.any_done


@dataclass(frozen=True, slots=True)
class Removed:
    """How much was deleted with a provider's recordings."""

    recordings: int
    processings: int
    transcripts: int
    deliverables: int


# --- discovering ----------------------------------------------------------------------------------


async def upsert(connection: AsyncConnection, user_id: UUID, provider: str, recordings: Sequence[Recording], *, now: datetime) -> Changes:
    """Keep what the provider lists; files it no longer lists are marked gone. One recording twice in `recordings`: the last wins."""
    by_instance = {serial.clean(recording.instance_id): recording for recording in recordings}
    # Always in one order, so that two processes that discover at the same time cannot block each other.
    ordered = [by_instance[key] for key in sorted(by_instance)]
    changes = Changes()
    for first in range(0, len(ordered), _BATCH):
        changes += await _upsert_batch(connection, user_id, provider, ordered[first : first + _BATCH], now)
    return changes


async def mark_gone(  # noqa: PLR0917 -- reads as a sentence: whose, where from, which days, what was seen, when
    connection: AsyncConnection, user_id: UUID, provider: str, since: date, until: date, seen_instance_ids: Collection[str], now: datetime
) -> int:
    """Mark what lies in [since, until] (UTC days) and was not seen there by a look that began at `now`; gives how many.

    What another look has seen since then stays: it knows better.
    """
    seen = [serial.clean(instance_id) for instance_id in seen_instance_ids]
    missing = _mine(user_id, provider).with_only_columns(_table.c.id).where(_table.c.instance_id != func.all(seen))
    change = update(_table).where(_table.c.id.in_(_between(missing, since, until)), _table.c.last_seen_at <= now).values(gone_at=now)
    return (await connection.execute(change)).rowcount


async def note_discovery(connection: AsyncConnection, user_id: UUID, provider: str, since: date, until: date, *, now: datetime) -> None:
    """Remember which days were compared with the provider, and when."""
    values = {"since": since, "until": until, "finished_at": now}
    statement = insert(tables.discoveries).values(user_id=user_id, provider=provider, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["user_id", "provider"], set_=values))


async def last_discovery(connection: AsyncConnection, user_id: UUID, provider: str) -> tuple[date, date, datetime] | None:
    """(since, until, finished at) of the last complete comparison."""
    found = tables.discoveries.c
    query = select(found.since, found.until, found.finished_at).where(found.user_id == user_id, found.provider == provider)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (row.since, row.until, row.finished_at)


# --- asking ---------------------------------------------------------------------------------------


async def page(
    connection: AsyncConnection,
    user_id: UUID,
    provider: str,
    *,
    since: date,
    until: date,
    size: int,
    after: str | None = None,
    query: str | None = None,
    has: str | None = None,
    include_trash: bool = False,
) -> pages.Page[StoredRecording]:
    """Recordings of the UTC days [since, until], newest first: three queries, however many rows.

    `query` is looked for in the topic, in any case; `has` is a kind of file ("audio", "video", "transcript").
    A recording without a start counts from when we first saw it. Raises Invalid(INVALID_PAGE_TOKEN).
    """
    wanted = _between(_mine(user_id, provider), since, until)
    if not include_trash:
        wanted = wanted.where(_table.c.in_trash.is_(False))
    if query:
        wanted = wanted.where(_table.c.topic.icontains(serial.clean(query), autoescape=True))
    if has:
        wanted = wanted.where(_table.c.id.in_(_recordings_with(has)))
    rows = (await connection.execute(_order.apply(wanted, after=after, size=size))).mappings().all()
    return pages.page(await _complete(connection, rows), size, lambda row: (row.started_at or row.first_seen_at, row.id))


async def find(connection: AsyncConnection, user_id: UUID, provider: str, meeting_id: str) -> StoredRecording | None:
    """The instance of that id, else the latest instance of the meeting of that number; None where this person has none."""
    wanted = serial.clean(meeting_id)
    exact = case((_table.c.instance_id == wanted, 0), else_=1)
    query = _mine(user_id, provider).where(or_(_table.c.instance_id == wanted, _table.c.meeting_number == wanted))
    rows = (await connection.execute(query.order_by(exact, _moment.desc(), _table.c.id).limit(1))).mappings().all()
    return next(iter(await _complete(connection, rows)), None)


async def get(connection: AsyncConnection, recording_id: UUID) -> StoredRecording | None:
    """One recording, gone or not; None where this person has none of that id."""
    rows = (await connection.execute(select(*_columns()).where(_table.c.id == recording_id))).mappings().all()
    return next(iter(await _complete(connection, rows)), None)


async def among(connection: AsyncConnection, user_id: UUID, provider: str, instance_ids: Sequence[str]) -> tuple[bool, bool]:
    """Whether a person has any of these recordings of a provider, and whether they have others of it."""
    of_these = _table.c.instance_id.in_(instance_ids)
    both = select(func.bool_or(of_these), func.bool_or(~of_these)).where(_table.c.user_id == user_id, _table.c.provider == provider)
    these, others = (await connection.execute(both)).one()
    return bool(these), bool(others)


async def remove(connection: AsyncConnection, user_id: UUID, provider: str, *, instance_ids: Sequence[str] | None = None) -> Removed:
    """Delete everything that came from a provider, or these recordings of it alone, with all that was made of them."""
    mine = [_table.c.user_id == user_id, _table.c.provider == provider]
    mine += [] if instance_ids is None else [_table.c.instance_id.in_(instance_ids)]
    ours = select(_table.c.id).where(*mine)
    made = {"processings": tables.processings, "transcripts": tables.transcripts, "deliverables": tables.deliverables}
    counts = {n: select(func.count()).select_from(t).where(t.c.recording_id.in_(ours)).scalar_subquery() for n, t in made.items()}
    found = (await connection.execute(select(*(count.label(name) for name, count in counts.items())))).mappings().one()
    gone = await connection.execute(delete(_table).where(*mine))
    seen = tables.discoveries
    await connection.execute(delete(seen).where(seen.c.user_id == user_id, seen.c.provider == provider))
    return Removed(recordings=gone.rowcount, **found)


# --- inside: reading ------------------------------------------------------------------------------


def _columns() -> list[Any]:
    return [column for column in _table.c if column.name not in {"user_id", "digest"}]


def _mine(user_id: UUID, provider: str) -> Select[Any]:
    return select(*_columns()).where(_table.c.user_id == user_id, _table.c.provider == provider, _table.c.gone_at.is_(None))


def _between(query: Select[Any], since: date, until: date) -> Select[Any]:
    query = query.where(_moment >= datetime.combine(since, time(), UTC))
    if until == date.max:
        return query
    return query.where(_moment < datetime.combine(until + timedelta(days=1), time(), UTC))


def _recordings_with(kind: str) -> Select[Any]:
    files = tables.recording_files.c
    return select(files.recording_id).where(files.kind == kind, files.gone_at.is_(None))


async def _complete(connection: AsyncConnection, rows: Sequence[RowMapping]) -> list[StoredRecording]:
    ids = [row["id"] for row in rows]
    if not ids:
        return []
    files = await _files(connection, ids)
    latest = await _latest(connection, ids)
    return [StoredRecording(**row, files=files.get(row["id"], ()), processing=latest.get(row["id"])) for row in rows]


async def _files(connection: AsyncConnection, recording_ids: Sequence[UUID]) -> dict[UUID, tuple[RecordingFile, ...]]:
    files = tables.recording_files
    columns = [column for column in files.c if column.name not in {"id", "user_id", "gone_at"}]
    query = select(*columns).where(files.c.recording_id == func.any(list(recording_ids)), files.c.gone_at.is_(None))
    rows = (await connection.execute(query.order_by(files.c.recording_id, files.c.started_at, files.c.file_id))).mappings()
    return {key: tuple(map(_file, group)) for key, group in groupby(rows, lambda row: row["recording_id"])}


def _file(row: RowMapping) -> RecordingFile:
    return RecordingFile(**{name: value for name, value in row.items() if name != "recording_id"})


async def _latest(connection: AsyncConnection, recording_ids: Sequence[UUID]) -> dict[UUID, LatestProcessing]:
    found = tables.processings.c
    any_done = func.bool_or(found.state == ProcessingState.DONE.value).over(partition_by=found.recording_id).label("any_done")
    query = select(found.recording_id, found.id, found.state, any_done).ext(distinct_on(found.recording_id))
    query = query.where(found.recording_id == func.any(list(recording_ids))).order_by(found.recording_id, found.created_at.desc(), found.id)
    rows = await connection.execute(query)
    return {row.recording_id: LatestProcessing(row.id, ProcessingState(row.state), row.any_done) for row in rows}


# --- inside: writing ------------------------------------------------------------------------------

_UPSERT = text("""
    with seen as (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as r (
            instance_id text, meeting_number text, topic text, started_at timestamptz, timezone text, duration_minutes integer,
            size bigint, host_email text, share_url text, in_trash boolean, digest text)
    ), known as (
        select instance_id, digest, gone_at from recordings
            where user_id = :user_id and provider = :provider and instance_id in (select instance_id from seen)
    ), kept as (
        insert into recordings as r (user_id, provider, instance_id, meeting_number, topic, started_at, timezone, duration_minutes, size,
            host_email, share_url, in_trash, digest, first_seen_at, last_seen_at, changed_at)
        select :user_id, :provider, instance_id, meeting_number, topic, started_at, timezone, duration_minutes, size,
            host_email, share_url, in_trash, digest, :now, :now, :now from seen
        on conflict (user_id, provider, instance_id) do update set
            meeting_number = excluded.meeting_number, topic = excluded.topic, started_at = excluded.started_at,
            timezone = excluded.timezone, duration_minutes = excluded.duration_minutes, size = excluded.size,
            host_email = excluded.host_email, share_url = excluded.share_url, in_trash = excluded.in_trash,
            digest = excluded.digest, last_seen_at = excluded.last_seen_at, gone_at = null,
            changed_at = case when r.digest = excluded.digest and r.gone_at is null then r.changed_at else excluded.changed_at end
        returning id, instance_id, digest
    )
    select kept.id, kept.instance_id, known.instance_id is null as new,
        known.digest is distinct from kept.digest or known.gone_at is not null as changed
    from kept left join known using (instance_id)
""")

_UPSERT_FILES = text("""
    with seen as (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as f (
            recording_id uuid, file_id text, kind text, file_type text, recording_type text, extension text, size bigint,
            started_at timestamptz, ended_at timestamptz, ready boolean, participant text)
    ), gone as (
        update recording_files f set gone_at = :now where f.recording_id = any(:recording_ids) and f.gone_at is null
            and not exists (select from seen s where s.recording_id = f.recording_id and s.file_id = f.file_id)
    )
    insert into recording_files (user_id, recording_id, file_id, kind, file_type, recording_type, extension, size, started_at, ended_at,
        ready, participant)
    select :user_id, recording_id, file_id, kind, file_type, recording_type, extension, size, started_at, ended_at, ready, participant
        from seen
    on conflict (recording_id, file_id) do update set
        kind = excluded.kind, file_type = excluded.file_type, recording_type = excluded.recording_type, extension = excluded.extension,
        size = excluded.size, started_at = excluded.started_at, ended_at = excluded.ended_at, ready = excluded.ready,
        participant = excluded.participant, gone_at = null
""")


async def _upsert_batch(
    connection: AsyncConnection, user_id: UUID, provider: str, recordings: Sequence[Recording], now: datetime
) -> Changes:
    listed = {row["instance_id"]: row for row in map(_as_row, recordings)}
    stored = [{name: value for name, value in row.items() if name != "files"} for row in listed.values()]
    values = {"user_id": user_id, "provider": provider, "rows": serial.compact(stored), "now": now}
    kept = (await connection.execute(_UPSERT, values)).all()
    changed = {row.id: listed[row.instance_id]["files"] for row in kept if row.changed}
    if changed:
        await _upsert_files(connection, user_id, changed, now)
    new = sum(row.new for row in kept)
    return Changes(new=new, changed=len(changed) - new, seen=len(kept))


async def _upsert_files(
    connection: AsyncConnection, user_id: UUID, by_recording: dict[UUID, Iterable[dict[str, Any]]], now: datetime
) -> None:
    rows = [{**file, "recording_id": str(recording_id)} for recording_id, files in by_recording.items() for file in files]
    values = {"user_id": user_id, "recording_ids": list(by_recording), "rows": serial.compact(rows), "now": now}
    await connection.execute(_UPSERT_FILES, values)


def _as_row(recording: Recording) -> dict[str, Any]:
    """Everything the provider said that is worth keeping, JSON-ready, and its digest."""
    row = _without_secrets(asdict(recording))
    files = {file["file_id"]: file for file in map(_without_secrets, row["files"])}
    row["files"] = [files[key] for key in sorted(files)]
    return {**row, "digest": hashlib.sha256(serial.compact(row).encode()).hexdigest()}


def _without_secrets(item: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = serial.storable({name: value for name, value in item.items() if name not in _SECRET})
    return kept
