"""Deliverables with their claims; drafts become visible when their processing delivers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import ErrorCode, NotFound
from momentum.model import Claim, ClaimState, Deliverable
from momentum.store import indexings, pages, serial, tables

_table = tables.deliverables
_order = pages.Order(_table.c.created_at, _table.c.id)
_OF = ("id", "recording_id", "processing_id", "transcript_id")
_SUMMARY = (*_OF, "kind", "title", "language", "model", "delivered", "created_at", "series", "version", "supersedes")
_BODY = ("writer_version", "summary", "extra", "usage", "coverage", "prompt_hash", "input_hash", "usd")


@dataclass(frozen=True, slots=True)
class DeliverableSummary:
    """A deliverable without its text. `topic`, `recorded_at` and `timezone` are the meeting's.

    Versions of one document have its `series` in common; `supersedes` is the version before this one. `label` is what people
    call its kind, "" where that does not stand with it.
    """

    id: UUID
    recording_id: UUID
    processing_id: UUID
    transcript_id: UUID
    kind: str
    title: str
    language: str | None
    model: str | None
    delivered: bool
    created_at: datetime
    series: UUID
    version: int
    supersedes: UUID | None
    label: str
    topic: str
    recorded_at: datetime | None
    timezone: str | None


@dataclass(frozen=True, slots=True)
class StoredDeliverable:
    """A deliverable and what it belongs to."""

    about: DeliverableSummary
    deliverable: Deliverable

    @property
    def id(self) -> UUID:
        return self.about.id


async def save(
    connection: AsyncConnection,
    *,
    user_id: UUID,
    recording_id: UUID,
    processing_id: UUID,
    transcript_id: UUID,
    made_from: str,
    deliverable: Deliverable,
    series: UUID | None = None,
) -> UUID:
    """Keep a draft; the same `made_from` of one processing is kept once. Gives its id. Without a `series` it begins one."""
    belongs = {"user_id": user_id, "recording_id": recording_id, "processing_id": processing_id, "transcript_id": transcript_id}
    values = {**belongs, "made_from": made_from, "kind": deliverable.kind, **_body(deliverable)} | ({"series": series} if series else {})
    statement = insert(_table).values(values).on_conflict_do_nothing(index_elements=["processing_id", "made_from"])
    made: UUID | None = await connection.scalar(statement.returning(_table.c.id))
    if made is None:
        return await _kept(connection, processing_id, made_from)
    await _write_claims(connection, user_id, made, deliverable.claims)
    return made


async def replace(connection: AsyncConnection, deliverable_id: UUID, deliverable: Deliverable) -> None:
    """Put a checked deliverable in the place of its draft, claims included; one that is delivered stays as it is. Raises NotFound."""
    known = select(_table.c.user_id, _table.c.delivered).where(_table.c.id == deliverable_id).with_for_update()
    row = (await connection.execute(known)).one_or_none()
    if row is None:
        raise _unknown()
    if row.delivered:
        return
    user_id = row.user_id
    await connection.execute(update(_table).where(_table.c.id == deliverable_id).values(**_body(deliverable)))
    await connection.execute(delete(tables.claims).where(tables.claims.c.deliverable_id == deliverable_id))
    await _write_claims(connection, user_id, deliverable_id, deliverable.claims)


async def deliver(connection: AsyncConnection, deliverable_ids: Sequence[UUID]) -> None:
    """Show these to their person, each as the newest version of its series; what is shown already stays as it is."""
    for deliverable_id in deliverable_ids:
        await connection.execute(_TURN, {"id": deliverable_id})
        for row in await connection.execute(_DELIVER, {"id": deliverable_id}):
            await indexings.mark(connection, row.user_id, row.recording_id)


async def find(connection: AsyncConnection, processing_id: UUID, made_from: str) -> UUID | None:
    """Id of the deliverable that this processing made from exactly this."""
    query = select(_table.c.id).where(_table.c.processing_id == processing_id, _table.c.made_from == made_from)
    found: UUID | None = await connection.scalar(query)
    return found


async def get(connection: AsyncConnection, deliverable_id: UUID) -> StoredDeliverable:
    """Raises NotFound, also for somebody else's."""
    query = _select(*(_table.c[name] for name in _BODY)).where(_table.c.id == deliverable_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise _unknown()
    return _stored(row, await claims(connection, deliverable_id))


async def page(
    connection: AsyncConnection,
    user_id: UUID,
    *,
    size: int,
    after: str | None = None,
    recording_id: UUID | None = None,
    processing_id: UUID | None = None,
    series: UUID | None = None,
    newest: bool = False,
) -> pages.Page[DeliverableSummary]:
    """What was delivered to a person, newest first, without the text; with `newest` only the last version of each.

    Raises Invalid(INVALID_PAGE_TOKEN).
    """
    query = _select().where(_table.c.user_id == user_id, _table.c.delivered)
    wanted = {"recording_id": recording_id, "processing_id": processing_id, "series": series}
    query = query.where(*(_table.c[name] == value for name, value in wanted.items() if value is not None))
    if newest:
        later = _table.alias("later")
        query = query.where(~exists().where(later.c.supersedes == _table.c.id, later.c.delivered))
    rows = (await connection.execute(_order.apply(query, after=after, size=size))).mappings()
    return pages.page([DeliverableSummary(**row) for row in rows], size, lambda row: (row.created_at, row.id))


async def of_transcript(connection: AsyncConnection, transcript_id: UUID) -> list[StoredDeliverable]:
    """What was written from a transcript and delivered, oldest first."""
    query = _select(*(_table.c[name] for name in _BODY)).where(_table.c.transcript_id == transcript_id, _table.c.delivered)
    rows = (await connection.execute(query.order_by(_table.c.created_at, _table.c.id))).mappings().all()
    return [_stored(row, await claims(connection, row["id"])) for row in rows]


async def claims(connection: AsyncConnection, deliverable_id: UUID) -> tuple[Claim, ...]:
    """The claims of a deliverable, in order."""
    table = tables.claims
    columns = [column for column in table.c if column.name not in {"id", "user_id", "deliverable_id", "position"}]
    query = select(*columns).where(table.c.deliverable_id == deliverable_id).order_by(table.c.position)
    return tuple(map(_claim, (await connection.execute(query)).mappings()))


# --- inside ---------------------------------------------------------------------------------------

# Two that make a version of the same series at the same time take turns; the next statement sees what the one before has made.
_TURN = text("select pg_advisory_xact_lock(hashtextextended(series::text, 0)) from deliverables where id = :id and not delivered")
_DELIVER = text("""
    update deliverables d set delivered = true, version = coalesce(last.version, 0) + 1, supersedes = last.id
    from deliverables mine left join lateral (
        select o.id, o.version from deliverables o where o.series = mine.series and o.delivered order by o.version desc limit 1
    ) last on true
    where d.id = :id and mine.id = d.id and not d.delivered
    returning d.user_id, d.recording_id
""")


def _select(*more: Any) -> Select[Any]:
    recording = tables.recordings.c
    meeting = (recording.topic, recording.started_at.label("recorded_at"), recording.timezone)
    label = func.coalesce(_table.c.extra["label"].astext, "").label("label")
    query = select(*(_table.c[name] for name in _SUMMARY), label, *meeting, *more)
    return query.join(tables.recordings, recording.id == _table.c.recording_id)


def _body(deliverable: Deliverable) -> dict[str, Any]:
    return {
        "writer_version": deliverable.writer_version,
        "title": serial.clean(deliverable.title),
        "language": serial.clean(deliverable.language),
        "summary": serial.clean(deliverable.summary),
        "extra": serial.storable(deliverable.extra),
        "model": serial.clean(deliverable.model),
        "usage": serial.dump_usage(deliverable.usage),
        "coverage": serial.dump_coverage(deliverable.coverage),
        "prompt_hash": deliverable.prompt_hash,
        "input_hash": deliverable.input_hash,
        "usd": deliverable.usd,
    }


def _stored(row: RowMapping, found: tuple[Claim, ...]) -> StoredDeliverable:
    about = DeliverableSummary(**{name: value for name, value in row.items() if name not in _BODY})
    deliverable = Deliverable(
        kind=about.kind,
        writer_version=row["writer_version"],
        title=about.title,
        language=about.language,
        summary=row["summary"],
        claims=found,
        model=about.model,
        usage=serial.load_usage(row["usage"]),
        coverage=serial.load_coverage(row["coverage"]),
        extra=row["extra"],
        prompt_hash=row["prompt_hash"],
        input_hash=row["input_hash"],
        usd=row["usd"],
    )
    return StoredDeliverable(about, deliverable)


async def _write_claims(connection: AsyncConnection, user_id: UUID, deliverable_id: UUID, made: Sequence[Claim]) -> None:
    if not made:
        return
    belongs = {"user_id": user_id, "deliverable_id": deliverable_id}
    rows = [{**belongs, "position": position, **_claim_row(claim)} for position, claim in enumerate(made)]
    await connection.execute(insert(tables.claims), rows)


def _claim_row(claim: Claim) -> dict[str, Any]:
    values = {name: serial.clean(value) if type(value) is str else value for name, value in asdict(claim).items()}
    del values["ruling"]  # a correction's
    return {**values, "segment_ids": list(claim.segment_ids), "state": claim.state.value}


def _claim(row: RowMapping) -> Claim:
    return Claim(**{**row, "segment_ids": tuple(row["segment_ids"]), "state": ClaimState(row["state"])})


async def _kept(connection: AsyncConnection, processing_id: UUID, made_from: str) -> UUID:
    found = await find(connection, processing_id, made_from)
    if found is None:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such processing.")
    return found


def _unknown() -> NotFound:
    return NotFound(ErrorCode.NOT_FOUND, "There is no such deliverable.")
