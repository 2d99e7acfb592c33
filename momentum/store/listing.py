"""A person's recordings of all providers as a list: found by words, days, status and people, each with what was last made of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, func, not_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.corrections import FixTerm, MergeSpeakers, Reassign, RenameSpeaker
from momentum.model import ProcessingState
from momentum.store import corrections, pages, serial, tables

MOST_WORDS = 8
"""Of a search; further ones are not looked at."""

_table = tables.recordings
_moment = func.coalesce(_table.c.started_at, _table.c.first_seen_at)  # as in the index ix_recordings_user_started
_order = pages.Order(_moment, _table.c.id)


class Status(StrEnum):
    """Where a recording stands, by its newest processing. One that was cancelled is as good as none."""

    NEW = "new"
    WORKING = "working"
    NEEDS_YOU = "needs_you"
    FAILED = "failed"
    DONE = "done"


class Has(StrEnum):
    """Which transcript there is."""

    ANY = "any"
    OURS = "ours"
    PROVIDERS = "providers"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; the default is everything.

    Every one of `words` stands in the topic, as the provider or the person wrote it, or in the host's address. `who` is part of
    the host's address or of a name: of who took part or spoke in the newest transcript. The start lies in [`since`, `until`).
    """

    words: str = ""
    since: datetime | None = None
    until: datetime | None = None
    status: Status | None = None
    who: str = ""
    has: Has | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """The newest processing of a recording."""

    id: UUID
    state: ProcessingState
    step: str | None
    fraction: float | None
    error_code: str | None
    error_detail: str | None
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class Document:
    """The newest deliverable of a recording. `open_claims`: how many of its claims wait for the person's word."""

    id: UUID
    kind: str
    label: str
    title: str
    open_claims: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One recording of the list. `at` is its start, or when we first saw it; `seconds` as we heard it, else as the provider says."""

    id: UUID
    provider: str
    topic: str
    at: datetime
    started: bool
    timezone: str | None
    seconds: float | None
    size: int | None
    host_email: str | None
    gone: bool
    status: Status
    work: Work | None
    transcript_id: UUID | None
    providers_transcript: bool
    speakers: tuple[str, ...]
    document: Document | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many recordings there are, and how long they are as far as the provider says."""

    recordings: int
    minutes: int


async def page(
    connection: AsyncConnection, user_id: UUID, wanted: Wanted, *, size: int, after: str | None = None, before: str | None = None
) -> pages.Page[Listed]:
    """Newest first, in three queries, however many rows; `after` and `before` are a page's `next_token` and `former_token`.

    What the provider no longer has stays in the list where something was written of it. Raises Invalid(INVALID_PAGE_TOKEN).
    """
    query = _order.apply(_found(user_id, wanted, _table.c.id, _moment.label("at")), after=after, before=before, size=size)
    found = pages.page((await connection.execute(query)).all(), size, lambda row: (row.at, row.id), after=after, before=before)
    rows = await _complete(connection, [row.id for row in found.rows])
    return pages.Page(tuple(rows), found.next_token, found.former_token)


async def total(connection: AsyncConnection, user_id: UUID, wanted: Wanted) -> Total:
    """Of everything that is wanted."""
    found = _found(user_id, wanted, _table.c.duration_minutes).subquery()
    query = select(func.count().label("recordings"), func.coalesce(func.sum(found.c.duration_minutes), 0).label("minutes"))
    return Total(**(await connection.execute(query.select_from(found))).mappings().one())


async def ids(connection: AsyncConnection, user_id: UUID, wanted: Wanted, *, most: int) -> list[UUID]:
    """The newest of what is wanted."""
    query = _found(user_id, wanted, _table.c.id).order_by(_moment.desc(), _table.c.id.desc()).limit(most)
    return list((await connection.execute(query)).scalars())


async def any_at_all(connection: AsyncConnection, user_id: UUID) -> bool:
    """Whether the list has a row when nothing is looked for."""
    return bool(await ids(connection, user_id, Wanted(), most=1))


# --- inside: what is looked for -------------------------------------------------------------------


def _found(user_id: UUID, wanted: Wanted, *columns: Any) -> Select[Any]:
    query = select(*columns).where(_table.c.user_id == user_id, or_(_still_there(), _is_written_of()))
    if wanted.since is not None:
        query = query.where(_moment >= wanted.since)
    if wanted.until is not None:
        query = query.where(_moment < wanted.until)
    for word in serial.clean(wanted.words).split()[:MOST_WORDS]:
        query = query.where(_says(user_id, word))
    if wanted.has is not None:
        query = query.where(_has(wanted.has))
    if who := serial.clean(wanted.who).strip():
        query = _with_newest_transcript(query, user_id, who)
    return query if wanted.status is None else _of_status(query, wanted.status)


def _still_there() -> ColumnElement[bool]:
    return and_(_table.c.gone_at.is_(None), _table.c.in_trash.is_(False))


def _is_written_of() -> ColumnElement[bool]:
    written = tables.deliverables.c
    return exists().where(written.recording_id == _table.c.id, written.delivered)


def _says(user_id: UUID, word: str) -> ColumnElement[bool]:
    by_hand = _corrected(user_id, FixTerm.kind, key="replacement", part=word)
    other = _table.alias("corrected")
    by_hand = by_hand.join(other, other.c.id == tables.corrections.c.recording_id)
    term = func.lower(tables.corrections.c.body["term"].astext)
    by_hand = by_hand.where(func.strpos(func.lower(other.c.topic), term) > 0)
    return or_(_contains(_table.c.topic, word), _contains(_table.c.host_email, word), _table.c.id.in_(by_hand))


def _corrected(user_id: UUID, *kinds: str, key: str, part: str) -> Select[Any]:
    """Recordings of which a correction in force holds `part` under `key`."""
    made = tables.corrections.c
    query = select(made.recording_id).where(made.user_id == user_id, made.kind.in_(kinds), made.withdrawn_at.is_(None))
    return query.where(_contains(made.body[key].astext, part))


def _contains(column: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    return column.icontains(part, autoescape=True)


def _has(has: Has) -> ColumnElement[bool]:
    files = tables.recording_files.c
    ours = exists().where(tables.transcripts.c.recording_id == _table.c.id)
    providers = exists().where(files.recording_id == _table.c.id, files.kind == "transcript", files.gone_at.is_(None))
    either = or_(ours, providers)
    return {Has.OURS: ours, Has.PROVIDERS: providers, Has.ANY: either, Has.NONE: not_(either)}[has]


def _with_newest_transcript(query: Select[Any], user_id: UUID, who: str) -> Select[Any]:
    made = tables.transcripts.c
    people = func.array_to_string(made.speakers + func.coalesce(made.participants, text("'{}'")), "\n").label("people")
    newest = select(people).where(made.recording_id == _table.c.id).order_by(made.created_at.desc(), made.id).limit(1).lateral("heard")
    by_hand = [
        _corrected(user_id, RenameSpeaker.kind, MergeSpeakers.kind, key="name", part=who),
        _corrected(user_id, Reassign.kind, key="speaker", part=who),
    ]
    named = or_(_contains(_table.c.host_email, who), _contains(newest.c.people, who), *(_table.c.id.in_(found) for found in by_hand))
    return query.outerjoin_from(_table, newest, text("true")).where(named)


_STATES = {
    Status.WORKING: (ProcessingState.QUEUED, ProcessingState.RUNNING, ProcessingState.WAITING),
    Status.NEEDS_YOU: (ProcessingState.ACTION_REQUIRED,),
    Status.FAILED: (ProcessingState.FAILED,),
    Status.DONE: (ProcessingState.DONE,),
}


def _of_status(query: Select[Any], status: Status) -> Select[Any]:
    made = tables.processings.c
    counted = (made.recording_id == _table.c.id, made.state != ProcessingState.CANCELLED.value)
    if status is Status.NEW:
        return query.where(not_(exists().where(*counted)))
    newest = select(made.state).where(*counted).order_by(made.created_at.desc(), made.id).limit(1).scalar_subquery()
    return query.where(newest.in_([state.value for state in _STATES[status]]))


# --- inside: what is shown ------------------------------------------------------------------------

_COMPLETE = text("""
    select r.id, r.provider, r.topic, coalesce(r.started_at, r.first_seen_at) as at, r.started_at is not null as started, r.timezone,
        coalesce(t.seconds, r.duration_minutes * 60.0) as seconds, r.size, r.host_email, r.gone_at is not null or r.in_trash as gone,
        p.id as work_id, p.state, p.step, p.fraction, p.error_code, p.error_detail, p.next_try_at,
        t.id as transcript_id, coalesce(t.speakers, '{}') as speakers,
        exists (select from recording_files f where f.recording_id = r.id and f.kind = 'transcript' and f.gone_at is null)
            as providers_transcript,
        d.id as document_id, d.kind, d.label, d.title, d.transcript_id as documents_transcript_id,
        case when d.id is null then 0 else (
            select count(*) from claims c where c.deliverable_id = d.id and c.state in ('needs_confirmation', 'suggested')
                and not exists (
                    select from corrections k where k.deliverable_id = d.id and k.withdrawn_at is null
                        and k.kind in ('confirm_claim', 'edit_claim', 'reject_claim') and (k.body ->> 'claim')::int = c.position)
        ) end as open_claims
    from unnest(cast(:ids as uuid[])) with ordinality wanted (id, place)
    join recordings r on r.id = wanted.id
    left join lateral (
        select * from processings where recording_id = r.id and state <> 'cancelled' order by created_at desc, id limit 1
    ) p on true
    left join lateral (
        select id, seconds, speakers from transcripts where recording_id = r.id order by created_at desc, id limit 1
    ) t on true
    left join lateral (
        select id, kind, title, transcript_id, coalesce(extra ->> 'label', '') as label
        from deliverables where recording_id = r.id and delivered order by created_at desc, id limit 1
    ) d on true
    order by wanted.place
""")


async def _complete(connection: AsyncConnection, wanted: Sequence[UUID]) -> list[Listed]:
    rows = (await connection.execute(_COMPLETE, {"ids": list(wanted)})).mappings().all()
    heard = [(row["transcript_id"], row["topic"]) for row in rows if row["transcript_id"] is not None]
    written = [(row["documents_transcript_id"], row["title"]) for row in rows if row["document_id"] is not None]
    titles = iter(await corrections.titled(connection, [*heard, *written]))
    shown = [_listed(row, next(titles) if row["transcript_id"] is not None else row["topic"]) for row in rows]
    return [one if one.document is None else _retitled(one, one.document, next(titles)) for one in shown]


def _retitled(one: Listed, document: Document, title: str) -> Listed:
    return dataclasses.replace(one, document=dataclasses.replace(document, title=title))


def _listed(row: RowMapping, topic: str) -> Listed:
    same = ("id", "provider", "at", "started", "timezone", "seconds", "size", "host_email", "gone", "transcript_id", "providers_transcript")
    work = _work(row)
    return Listed(
        **{name: row[name] for name in same},
        topic=topic,
        status=_status(work),
        work=work,
        speakers=tuple(row["speakers"]),
        document=_document(row),
    )


def _work(row: RowMapping) -> Work | None:
    if row["work_id"] is None:
        return None
    same = ("step", "fraction", "error_code", "error_detail", "next_try_at")
    return Work(row["work_id"], ProcessingState(row["state"]), *(row[name] for name in same))


def _document(row: RowMapping) -> Document | None:
    if row["document_id"] is None:
        return None
    return Document(row["document_id"], row["kind"], row["label"], row["title"], row["open_claims"])


def _status(work: Work | None) -> Status:
    if work is None:
        return Status.NEW
    return next(status for status, states in _STATES.items() if work.state in states)
