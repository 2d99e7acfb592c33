"""Corrections: layers over a transcript and its deliverables, in the order in which they were made; withdrawn ones are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import JSONPATH, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.corrections import FixTerm, Layer, body, kind_of, layer, renaming, title_under
from momentum.errors import ErrorCode, NotFound
from momentum.store import indexings, serial, tables

_table = tables.corrections
_TURN = text("select pg_advisory_xact_lock(hashtextextended(:id, 1))")
PAGE = 200
"""Transcripts that one transaction looks through: about two milliseconds for each of three hours."""
Place = tuple[datetime, UUID]
"""Of a transcript among a person's: when it was made, and its id."""
_COLUMNS = [column for column in _table.c if column.name not in {"user_id", "sequence"}]


@dataclass(frozen=True, slots=True)
class Correction:
    """One layer, and what it lies over. `deliverable_id` is None for what was said; `withdrawn_at` is set once it was undone."""

    id: UUID
    recording_id: UUID
    transcript_id: UUID
    deliverable_id: UUID | None
    layer: Layer
    made_at: datetime
    withdrawn_at: datetime | None

    @property
    def kind(self) -> str:
        return kind_of(self.layer)


async def add(
    connection: AsyncConnection,
    *,
    user_id: UUID,
    recording_id: UUID,
    transcript_id: UUID,
    deliverable_id: UUID | None,
    layer: Layer,
    now: datetime,
) -> Correction:
    """Lay one more layer over the transcript."""
    belongs = {"user_id": user_id, "recording_id": recording_id, "transcript_id": transcript_id, "deliverable_id": deliverable_id}
    values = {**belongs, "kind": kind_of(layer), "body": serial.storable(body(layer)), "made_at": now}
    row = (await connection.execute(insert(_table).values(values).returning(*_COLUMNS))).mappings().one()
    await indexings.mark(connection, user_id, recording_id)
    return _correction(row)


async def turn(connection: AsyncConnection, *transcript_ids: UUID) -> None:
    """Wait until nobody else corrects these; until the transaction ends nobody else begins. So the same correction is made once."""
    for transcript_id in sorted(transcript_ids):  # in one order, or two might wait for each other
        await connection.execute(_TURN, {"id": str(transcript_id)})


async def of_transcript(connection: AsyncConnection, transcript_id: UUID) -> tuple[Correction, ...]:
    """All that lie over a transcript and what was written from it, withdrawn ones too, in order."""
    query = select(*_COLUMNS).where(_table.c.transcript_id == transcript_id).order_by(_table.c.sequence)
    return tuple(map(_correction, (await connection.execute(query)).mappings()))


async def bearing_on(connection: AsyncConnection, transcript_id: UUID, deliverable_id: UUID | None = None) -> tuple[Layer, ...]:
    """The layers to lay over a transcript, or over it and this deliverable of it."""
    # None is nobody's id: then the second condition holds nowhere.
    concerns = or_(_table.c.deliverable_id.is_(None), _table.c.deliverable_id == deliverable_id)
    query = select(*_COLUMNS).where(_table.c.transcript_id == transcript_id, _table.c.withdrawn_at.is_(None), concerns)
    return tuple(_correction(row).layer for row in (await connection.execute(query.order_by(_table.c.sequence))).mappings())


async def in_force(connection: AsyncConnection, transcript_id: UUID) -> tuple[Correction, ...]:
    """All that were not withdrawn, of a transcript and of what was written from it, in order."""
    return tuple(made for made in await of_transcript(connection, transcript_id) if made.withdrawn_at is None)


async def get(connection: AsyncConnection, correction_id: UUID) -> Correction:
    """Raises NotFound, also for somebody else's."""
    row = (await connection.execute(select(*_COLUMNS).where(_table.c.id == correction_id))).mappings().one_or_none()
    if row is None:
        raise _unknown()
    return _correction(row)


async def withdraw(connection: AsyncConnection, correction_id: UUID, *, now: datetime) -> Correction:
    """Take a layer away; doing so again changes nothing. Raises NotFound."""
    withdrawn = {"withdrawn_at": func.coalesce(_table.c.withdrawn_at, now)}
    change = update(_table).where(_table.c.id == correction_id).values(withdrawn).returning(*_COLUMNS, _table.c.user_id)
    row = (await connection.execute(change)).mappings().one_or_none()
    if row is None:
        raise _unknown()
    made = dict(row)
    await indexings.mark(connection, made.pop("user_id"), made["recording_id"])
    return _correction(made)


async def count(connection: AsyncConnection, transcript_id: UUID) -> int:
    """How many were ever made over a transcript."""
    found: int | None = await connection.scalar(select(func.count()).where(_table.c.transcript_id == transcript_id))
    return found or 0


async def titled(connection: AsyncConnection, titles: Sequence[tuple[UUID, str]]) -> list[str]:
    """Titles of deliverables, each with its transcript's id, with the terms fixed that were fixed there; one query for all."""
    ids = {transcript_id for transcript_id, _ in titles}
    query = select(*_COLUMNS).where(_table.c.transcript_id == func.any(list(ids)), _table.c.withdrawn_at.is_(None))
    query = query.where(_table.c.kind == FixTerm.kind).order_by(_table.c.sequence)
    fixed: dict[UUID, list[Layer]] = {}
    for row in (await connection.execute(query)).mappings():
        fixed.setdefault(row["transcript_id"], []).append(_correction(row).layer)
    return [title_under(title, fixed.get(transcript_id, ())) for transcript_id, title in titles]


async def mentioning(
    connection: AsyncConnection, user_id: UUID, layer: Layer, *, beside: UUID, after: Place | None = None, size: int = PAGE
) -> tuple[list[UUID], Place | None]:
    """Ids of a person's transcripts in which a term may stand or all of these people speak, newest first: to look into, not to rely on.

    Looks through `size` of those of other recordings than `beside`; gives where to go on, None behind the last.
    """
    table = tables.transcripts.c
    place = tuple_(table.created_at, table.id)
    others = (table.user_id == user_id, table.recording_id != beside, *([place < after] if after else []))
    looked = select(table.id).where(*others).order_by(place.desc()).limit(size)
    found = select(table.id, table.created_at, _mentions(layer).label("mentioned")).where(table.id.in_(looked)).order_by(place.desc())
    rows = (await connection.execute(found)).all()
    last = (rows[-1].created_at, rows[-1].id) if len(rows) == size else None
    return [row.id for row in rows if row.mentioned], last


def _mentions(layer: Layer) -> ColumnElement[bool]:
    segments = tables.transcripts.c.segments
    names, _ = renaming(layer)
    if not isinstance(layer, FixTerm):
        return and_(*(segments.contains([{"p": name}]) for name in names))
    # A term of several words by its longest, however they are set apart.
    longest, *_ = sorted(layer.term.split(), key=len, reverse=True)
    pattern = "".join(map(_in_any_case, longest))
    path = f'$[*].t ? (@ like_regex {json.dumps(pattern, ensure_ascii=False)} flag "i")'
    return func.jsonb_path_exists(segments, cast(path, JSONPATH))


def _in_any_case(character: str) -> str:
    """A regular expression; what is not ASCII in both cases, of which a database of the C locale knows nothing."""
    if character.isascii():
        return character if character.isalnum() else f"\\{character}"
    return f"[{''.join(dict.fromkeys((character, *character.lower(), *character.upper())))}]"


def _correction(row: Mapping[Any, Any]) -> Correction:
    values = dict(row)
    return Correction(layer=layer(values.pop("kind"), values.pop("body")), **values)


def _unknown() -> NotFound:
    return NotFound(ErrorCode.NOT_FOUND, "There is no such correction.")
