"""What of each recording is to be found, and whether the index is up to date: marked in the transaction of the change, done by workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.store import tables

_table = tables.indexings
_WAITING = text("select recording_id, user_id, unread from lookup.waiting_indexings(:embedder, :now, :size)")

# Passages may have been cut anew since they were read.
_READ_BY = text("""
    update indexings set not_before = null, embedder = case when exists (
        select from passages p where p.recording_id = :recording_id
            and (cast(:languages as text[]) is null or p.language = any (:languages)) and not exists (
            select from vectors v where v.recording_id = p.recording_id and v.digest = p.digest and v.embedder = :embedder
        )
    ) then embedder else :embedder end where recording_id = :recording_id and indexed = generation
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recording to index. `unread`: its passages have to be cut anew; else only meanings are missing."""

    recording_id: UUID
    user_id: UUID
    unread: bool


@dataclass(frozen=True, slots=True)
class Sources:
    """What of a recording is to be found: its transcripts, the one that is shown first, and the newest version of each document."""

    generation: int
    transcript_ids: tuple[UUID, ...]
    deliverable_ids: frozenset[UUID]


async def mark(connection: AsyncConnection, user_id: UUID, recording_id: UUID) -> None:
    """What is to be found of this recording has changed."""
    made = insert(_table).values(user_id=user_id, recording_id=recording_id)
    again = {"generation": _table.c.generation + 1, "not_before": None}
    await connection.execute(made.on_conflict_do_update(index_elements=["recording_id"], set_=again))


async def waiting(connection: AsyncConnection, embedder: str, *, now: datetime, size: int) -> list[Waiting]:
    """Recordings of anybody that a worker has to index, or to read with this embedder ("": none). Needs no person."""
    rows = await connection.execute(_WAITING, {"embedder": embedder, "now": now, "size": size})
    return [Waiting(**row) for row in rows.mappings()]


async def sources(connection: AsyncConnection, recording_id: UUID) -> Sources | None:
    """None where the recording is gone."""
    generation = await connection.scalar(select(_table.c.generation).where(_table.c.recording_id == recording_id))
    if generation is None:
        return None
    documents, words = tables.deliverables, tables.transcripts
    later = documents.alias("later")
    newest = ~exists().where(later.c.supersedes == documents.c.id, later.c.delivered)
    shown = select(documents.c.id, documents.c.transcript_id, documents.c.created_at)
    shown = shown.where(documents.c.recording_id == recording_id, documents.c.delivered, newest)
    rows = (await connection.execute(shown.order_by(documents.c.created_at.desc(), documents.c.id.desc()))).all()
    ids = [row.transcript_id for row in rows]
    if not ids:  # nothing is written yet: what was heard last is shown
        latest = (
            select(words.c.id).where(words.c.recording_id == recording_id).order_by(words.c.created_at.desc(), words.c.id.desc()).limit(1)
        )
        ids = list((await connection.execute(latest)).scalars())
    return Sources(generation, tuple(dict.fromkeys(ids)), frozenset(row.id for row in rows))


async def settle(connection: AsyncConnection, recording_id: UUID, generation: int, languages: Sequence[str]) -> bool:
    """Whether this generation is still to be indexed; until the transaction ends nobody else does."""
    values = {"indexed": generation, "languages": list(languages), "embedder": "", "not_before": None}
    of = (_table.c.recording_id == recording_id, _table.c.generation == generation, _table.c.indexed < generation)
    return bool((await connection.execute(update(_table).where(*of).values(values))).rowcount)


async def claim(connection: AsyncConnection, recording_id: UUID, embedder: str, *, now: datetime, until: datetime) -> bool:
    """Whether the caller is to read this recording with this embedder: nobody else is at it. Others leave it alone until then."""
    free = or_(_table.c.not_before.is_(None), _table.c.not_before <= now)
    of = (_table.c.recording_id == recording_id, _table.c.indexed == _table.c.generation, _table.c.embedder != embedder, free)
    return bool((await connection.execute(update(_table).where(*of).values(not_before=until))).rowcount)


async def read_by(connection: AsyncConnection, recording_id: UUID, embedder: str, configurations: Sequence[str] | None) -> None:
    """The claim ends. The recording is read if every passage of these configurations (None: all) has a vector of this embedder."""
    await connection.execute(_READ_BY, {"recording_id": recording_id, "embedder": embedder, "languages": configurations})


async def put_off(connection: AsyncConnection, recording_id: UUID, until: datetime, *, unread: bool) -> None:
    """Let others come first until then: it failed, or is still being read. `unread`: for its words, else for its meaning."""
    # Words that changed meanwhile are not put off with the meaning of what was there before.
    of = (_table.c.recording_id == recording_id, (_table.c.indexed < _table.c.generation) == unread)
    await connection.execute(update(_table).where(*of).values(not_before=until))


async def behind(connection: AsyncConnection, user_id: UUID) -> int:
    """Recordings of a person whose words wait to be indexed."""
    waiting_ones = select(func.count()).where(_table.c.user_id == user_id, _table.c.indexed < _table.c.generation)
    return (await connection.execute(waiting_ones)).scalar_one()
