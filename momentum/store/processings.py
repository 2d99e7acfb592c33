"""Processings: one per request, its state, and the events a watcher sees.

Every change of state writes an event and notifies in the same transaction: who hears of it can read it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, Text, case, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import ErrorCode, NotFound
from momentum.model import Options, ProcessingState
from momentum.store import pages, serial, tables
from momentum.store.transitions import follow

WHOLE = "processing"
"""The `step` of events that concern the processing as a whole; its state is then a ProcessingState."""

_OF_A_CONNECTION = (
    ErrorCode.NOT_CONNECTED,
    ErrorCode.RECONNECT_REQUIRED,
    ErrorCode.SCOPE_MISSING,
    ErrorCode.PROVIDER_FORBIDDEN,
    ErrorCode.CLIENT_INVALID,
)
"""Why a processing stands still for want of a connection that works."""

_BIGINT_MAX = 2**63 - 1
_table = tables.processings
_order = pages.Order(_table.c.created_at, _table.c.id)


@dataclass(frozen=True, slots=True)
class Processing:
    """One request to process a recording, and where it stands."""

    id: UUID
    user_id: UUID
    recording_id: UUID
    provider: str
    instance_id: str
    meeting_number: str | None
    topic: str
    recorded_at: datetime | None
    duration_minutes: int | None
    """Of the recording, by the provider's word."""
    request_key: str
    options: Options
    state: ProcessingState
    step: str | None
    fraction: float | None
    """How much of `step` is done, 0..1, where it can be told."""
    error_code: str | None
    error_detail: str | None
    attempt: int
    failures: int
    """How often the current step has failed in a row."""
    cancel_requested: bool
    seconds_per_step: dict[str, float]
    remarks: dict[str, str]
    """By step, a `model.Remark`: why it did less than it might have."""
    audio_seconds: float | None
    transcript_id: UUID | None
    next_try_at: datetime | None
    dispatched_at: datetime | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, in the order of `id`: ids and numbers only."""

    id: int
    at: datetime
    step: str
    state: str
    fraction: float | None
    detail: dict[str, Any]


# --- asking ---------------------------------------------------------------------------------------


async def create(  # noqa: PLR0917 -- reads as a sentence: who, what, from where, which request, how
    connection: AsyncConnection, user_id: UUID, recording_id: UUID, provider: str, request_key: str, options: Options
) -> tuple[Processing, bool]:
    """The processing of this request and whether it is new: the same `request_key` is the same processing.

    Raises NotFound(RECORDING_NOT_FOUND) for a recording this person does not have.
    """
    # Selected, not just referenced: a foreign key alone would accept somebody else's recording.
    recording = select(tables.recordings.c.user_id, tables.recordings.c.id, tables.recordings.c.provider)
    recording = recording.where(tables.recordings.c.id == recording_id, tables.recordings.c.provider == provider)
    # Held: it may be on its way out with its connection.
    recording = recording.with_for_update(read=True, key_share=True)
    wanted = recording.add_columns(literal(request_key, Text), literal(serial.dump_options(options), JSONB))
    statement = insert(_table).from_select(["user_id", "recording_id", "provider", "request_key", "options"], wanted)
    made = await connection.scalar(statement.on_conflict_do_nothing(index_elements=["user_id", "request_key"]).returning(_table.c.id))
    if made is None:
        return await _by_key(connection, user_id, request_key), False
    await _tell(connection, made, WHOLE, ProcessingState.QUEUED)
    await _call_workers(connection, made)
    return await get(connection, made), True


async def get(connection: AsyncConnection, processing_id: UUID) -> Processing:
    """Raises NotFound, also for somebody else's."""
    return _processing(await _one(connection, _select().where(_table.c.id == processing_id)))


async def page(connection: AsyncConnection, user_id: UUID, *, size: int, after: str | None = None) -> pages.Page[Processing]:
    """A person's processings, newest first. Raises Invalid(INVALID_PAGE_TOKEN)."""
    query = _order.apply(_select().where(_table.c.user_id == user_id), after=after, size=size)
    rows = [_processing(row) for row in (await connection.execute(query)).mappings()]
    return pages.page(rows, size, lambda row: (row.created_at, row.id))


async def events_after(connection: AsyncConnection, processing_id: UUID, event_id: int) -> list[Event]:
    """Events with a larger id, oldest first."""
    events = tables.processing_events
    columns = (events.c.id, events.c.at, events.c.step, events.c.state, events.c.fraction, events.c.detail)
    known = max(-1, min(event_id, _BIGINT_MAX))
    query = select(*columns).where(events.c.processing_id == processing_id, events.c.id > known).order_by(events.c.id)
    return [Event(**row) for row in (await connection.execute(query)).mappings()]


# --- dispatching: needs no person -----------------------------------------------------------------


async def undispatched(connection: AsyncConnection, limit: int, now: datetime) -> list[tuple[UUID, UUID, int]]:
    """(processing, person, attempt) that nobody has handed to the job engine, oldest first; locked until the transaction ends."""
    found = await connection.execute(text("select * from lookup.undispatched_processings(:limit, :now)"), {"limit": limit, "now": now})
    return [(row.processing_id, row.user_id, row.attempt) for row in found]


async def mark_dispatched(connection: AsyncConnection, processing_ids: Sequence[UUID], now: datetime) -> None:
    """They are in the job engine's hands."""
    await connection.execute(text("select lookup.mark_dispatched(:ids, :now)"), {"ids": list(processing_ids), "now": now})


async def owner(connection: AsyncConnection, processing_id: UUID) -> UUID:
    """Whose processing it is. Raises NotFound."""
    found: UUID | None = await connection.scalar(text("select lookup.processing_owner(:id)"), {"id": processing_id})
    if found is None:
        raise _unknown()
    return found


# --- working --------------------------------------------------------------------------------------


async def start_step(connection: AsyncConnection, processing_id: UUID, step: str, *, now: datetime) -> Processing:
    """The step runs from now on. Raises Permanent(PROCESSING_CANCELLED), Conflict(PROCESSING_FINISHED)."""
    values = {"step": step, "fraction": None, "next_try_at": None, "error_code": None, "error_detail": None}
    more = {"started_at": func.coalesce(_table.c.started_at, now), "remarks": _table.c.remarks.op("-")(literal(step, Text))}
    return await _move(connection, processing_id, ProcessingState.RUNNING, now=now, event=step, values=values | more)


async def finish_step(connection: AsyncConnection, processing_id: UUID, step: str, *, seconds: float, now: datetime) -> None:
    """The step is finished and took `seconds`; its failures are forgiven."""
    took = _table.c.seconds_per_step.op("||")(func.jsonb_build_object(literal(step, Text), seconds))
    # A later step's attempts run the earlier ones again: those had succeeded before, and say nothing of it.
    failures = case((_table.c.seconds_per_step.has_key(step), _table.c.failures), else_=0)
    change = update(_table).where(_table.c.id == processing_id).values(seconds_per_step=took, failures=failures, updated_at=now)
    await connection.execute(change)
    await _tell(connection, processing_id, step, "done", fraction=1.0, detail={"seconds": seconds})


async def record_event(  # noqa: PLR0917 -- the columns of an event, in their order
    connection: AsyncConnection,
    processing_id: UUID,
    step: str,
    state: str,
    fraction: float | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Progress inside a step, for everybody who watches: numbers and ids only, never a word of the meeting."""
    await _tell(connection, processing_id, step, state, fraction=fraction, detail=detail)


async def set_made(connection: AsyncConnection, processing_id: UUID, *, transcript_id: UUID, audio_seconds: float) -> None:
    """Which transcript the processing has come to, and how long it is."""
    values = {"transcript_id": transcript_id, "audio_seconds": audio_seconds}
    await connection.execute(update(_table).where(_table.c.id == processing_id).values(**values))


async def set_notice(connection: AsyncConnection, processing_id: UUID, *, code: str, detail: str) -> None:
    """What the person should know though nothing failed; the next step that starts forgets it."""
    values = {"error_code": code, "error_detail": serial.clean(detail)}
    await connection.execute(update(_table).where(_table.c.id == processing_id).values(**values))


async def set_waiting(
    connection: AsyncConnection, processing_id: UUID, *, code: str, detail: str, until: datetime, counts: bool, now: datetime
) -> Processing:
    """Goes on by itself at `until`, as a new attempt. `counts`: whether this was a failure of the step.

    The result is `cancelled` instead where somebody had asked for that; look at its state.
    """
    values = {"error_code": code, "error_detail": serial.clean(detail), "next_try_at": until, "dispatched_at": None}
    counted = {"attempt": _table.c.attempt + 1, "failures": _table.c.failures + int(counts)}
    told = {"error_code": code, "next_try_at": until.isoformat()}
    return await _move(connection, processing_id, ProcessingState.WAITING, now=now, values=values | counted, detail=told)


async def set_action_required(connection: AsyncConnection, processing_id: UUID, *, code: str, detail: str, now: datetime) -> Processing:
    """Stands still until the person acts and retries, or reconnects (`resume`)."""
    return await _stop(connection, processing_id, ProcessingState.ACTION_REQUIRED, code=code, detail=detail, now=now)


async def set_failed(connection: AsyncConnection, processing_id: UUID, *, code: str, detail: str, now: datetime) -> Processing:
    """Over; what was made stays."""
    return await _stop(connection, processing_id, ProcessingState.FAILED, code=code, detail=detail, now=now)


async def set_done(connection: AsyncConnection, processing_id: UUID, *, now: datetime) -> Processing:
    """Over, with everything made."""
    return await _move(connection, processing_id, ProcessingState.DONE, now=now, values={"fraction": 1.0, "finished_at": now})


async def set_cancelled(connection: AsyncConnection, processing_id: UUID, *, now: datetime) -> Processing:
    """The worker has stopped, as it was asked to."""
    return await _move(connection, processing_id, ProcessingState.CANCELLED, now=now, values={"finished_at": now, "next_try_at": None})


# --- changing one's mind --------------------------------------------------------------------------


async def request_cancel(connection: AsyncConnection, processing_id: UUID, *, now: datetime) -> Processing:
    """Cancelled at once when nothing runs, else as soon as the worker sees it. Raises Conflict(PROCESSING_FINISHED)."""
    current = await _locked(connection, processing_id)
    if current.state is not ProcessingState.RUNNING:
        cancelled = await set_cancelled(connection, processing_id, now=now)
        await _call_workers(connection, processing_id)
        return cancelled
    await connection.execute(update(_table).where(_table.c.id == processing_id).values(cancel_requested=True, updated_at=now))
    await _tell(connection, processing_id, WHOLE, "cancelling")
    await _call_workers(connection, processing_id)
    return await get(connection, processing_id)


async def is_cancelled(connection: AsyncConnection, processing_id: UUID) -> bool:
    """Whether a worker should stop: cancelled, asked to be, or gone with its person."""
    query = select(_table.c.state, _table.c.cancel_requested).where(_table.c.id == processing_id)
    row = (await connection.execute(query)).one_or_none()
    return row is None or row.cancel_requested or row.state == ProcessingState.CANCELLED


async def asked_at(connection: AsyncConnection, processing_id: UUID) -> datetime | None:
    """When it was last asked for: at first, or by a retry; None when it is gone."""
    events = tables.processing_events.c
    asked = (events.processing_id == processing_id, events.step == WHOLE, events.state == ProcessingState.QUEUED.value)
    found: datetime | None = await connection.scalar(select(func.max(events.at)).where(*asked))
    return found


async def retry(connection: AsyncConnection, processing_id: UUID, *, now: datetime) -> Processing:
    """A new attempt that finds everything made so far; what is queued already stays as it is.

    Raises Conflict while it runs, and when it is done.
    """
    current = await _locked(connection, processing_id)
    if current.state is ProcessingState.QUEUED:
        return current
    values = {
        "attempt": _table.c.attempt + 1,
        "failures": 0,
        "cancel_requested": False,
        **dict.fromkeys(("dispatched_at", "next_try_at", "finished_at", "error_code", "error_detail")),
    }
    processing = await _move(connection, processing_id, ProcessingState.QUEUED, now=now, values=values)
    await _call_workers(connection, processing_id)
    return processing


async def resume(connection: AsyncConnection, user_id: UUID, provider: str, *, now: datetime) -> int:
    """Retry whatever stood still for want of this connection; gives how many. What waits for a model's key or quota goes on waiting."""
    stuck = select(_table.c.id).where(_table.c.user_id == user_id, _table.c.provider == provider)
    stuck = stuck.where(_table.c.state == ProcessingState.ACTION_REQUIRED.value, _table.c.error_code.in_(_OF_A_CONNECTION))
    ids = (await connection.execute(stuck.order_by(_table.c.created_at))).scalars().all()
    for processing_id in ids:
        await retry(connection, processing_id, now=now)
    return len(ids)


# --- inside ---------------------------------------------------------------------------------------


def _select() -> Select[Any]:
    recording = tables.recordings.c
    named = recording.started_at.label("recorded_at")
    columns = (recording.instance_id, recording.meeting_number, recording.topic, recording.duration_minutes, named)
    return select(_table, *columns).join(tables.recordings, tables.recordings.c.id == _table.c.recording_id)


async def _one(connection: AsyncConnection, query: Select[Any]) -> RowMapping:
    row: RowMapping | None = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise _unknown()
    return row


async def _by_key(connection: AsyncConnection, user_id: UUID, request_key: str) -> Processing:
    query = _select().where(_table.c.user_id == user_id, _table.c.request_key == request_key)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "There is no such recording.")
    return _processing(row)


async def _locked(connection: AsyncConnection, processing_id: UUID) -> Processing:
    return _processing(await _one(connection, _select().where(_table.c.id == processing_id).with_for_update(of=_table)))


async def _move(
    connection: AsyncConnection,
    processing_id: UUID,
    wanted: ProcessingState,
    *,
    now: datetime,
    values: dict[str, Any],
    event: str = WHOLE,
    detail: dict[str, Any] | None = None,
) -> Processing:
    current = await _locked(connection, processing_id)
    state = follow(current.state, wanted, cancel_requested=current.cancel_requested)
    if state is current.state and state.finished:
        return current
    if state is not wanted:
        return await set_cancelled(connection, processing_id, now=now)
    change = update(_table).where(_table.c.id == processing_id).values(state=state.value, updated_at=now, **values)
    moved = (await connection.execute(change.returning(_table))).mappings().one()
    await _tell(connection, processing_id, event, state, detail=detail)
    return dataclasses.replace(current, **_read(moved))


async def _stop(
    connection: AsyncConnection, processing_id: UUID, state: ProcessingState, *, code: str, detail: str, now: datetime
) -> Processing:
    values = {"error_code": code, "error_detail": serial.clean(detail), "finished_at": now if state.finished else None}
    return await _move(connection, processing_id, state, now=now, values=values, detail={"error_code": code})


# The row is updated first: its lock makes the order of event ids the order in which they become visible.
_TELL = text("""
    with told as (
        update processings set fraction = coalesce(cast(:fraction as double precision), fraction) where id = :id returning id, user_id
    ), written as (
        insert into processing_events (user_id, processing_id, step, state, fraction, detail)
        select user_id, id, :step, :state, cast(:fraction as double precision), cast(:detail as jsonb) from told
        returning processing_id, user_id
    )
    select pg_notify('processing', processing_id || ' ' || user_id) from written
""")


async def _tell(
    connection: AsyncConnection,
    processing_id: UUID,
    step: str,
    state: str,
    *,
    fraction: float | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    values = {"id": processing_id, "step": step, "state": str(state), "fraction": fraction, "detail": serial.compact(detail or {})}
    await connection.execute(_TELL, values)


async def _call_workers(connection: AsyncConnection, processing_id: UUID) -> None:
    await connection.execute(text("select pg_notify('work', :id)"), {"id": str(processing_id)})


def _unknown() -> NotFound:
    return NotFound(ErrorCode.NOT_FOUND, "There is no such processing.")


def _processing(row: RowMapping) -> Processing:
    return Processing(**_read(row))


def _read(row: RowMapping) -> dict[str, Any]:
    return {**row, "options": serial.load_options(row["options"]), "state": ProcessingState(row["state"])}
