"""A person's own forms, every version of each: a change is a new version, so that what was written by an old one can be explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import Conflict, ErrorCode, NotFound, Permanent
from momentum.store import serial, tables
from momentum.writers import own
from momentum.writers.own import Form

MOST = 100
"""Forms of one person."""
_table = tables.templates


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a form. `created_at` is that version's."""

    id: UUID
    form: Form
    created_at: datetime


async def create(connection: AsyncConnection, user_id: UUID, form: Form) -> Template:
    """A new form, at version 1. Raises Conflict for one too many."""
    if len(await listed(connection, user_id)) >= MOST:
        raise Conflict(ErrorCode.CONFLICT, f"You have {MOST} forms, which is as many as there can be. Delete one first.")
    return await _put(connection, user_id, uuid4(), 1, form)


async def change(connection: AsyncConnection, user_id: UUID, template_id: UUID, form: Form) -> Template:
    """A new version of a form. Raises NotFound."""
    # Two changes at the same time take turns; the next statement sees what the one before has made.
    await connection.execute(select(_table.c.id).where(_table.c.id == template_id, _table.c.version == 1).with_for_update())
    newest = await get(connection, template_id)
    return await _put(connection, user_id, template_id, newest.form.version + 1, form)


async def get(connection: AsyncConnection, template_id: UUID, version: int | None = None) -> Template:
    """A version of a form, the newest by default. Raises NotFound, also for somebody else's."""
    query = _newest().where(_table.c.id == template_id)
    if version is not None:
        query = select(_table).where(_table.c.id == template_id, _table.c.version == version)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise _unknown()
    return _template(row)


async def listed(connection: AsyncConnection, user_id: UUID) -> list[Template]:
    """The newest version of each of a person's forms, by name."""
    rows = (await connection.execute(_newest().where(_table.c.user_id == user_id))).mappings()
    return sorted(map(_template, rows), key=lambda t: (t.form.name.casefold(), t.id))


async def remove(connection: AsyncConnection, template_id: UUID) -> None:
    """Delete a form with all its versions; what was written by it stays. Raises NotFound."""
    gone = await connection.execute(delete(_table).where(_table.c.id == template_id))
    if not gone.rowcount:
        raise _unknown()


async def form(connection: AsyncConnection, name: str) -> Form:
    """The form that a processing names. Raises Permanent(NOT_FOUND) when it was deleted meanwhile."""
    template_id, version = own.parsed(name)
    try:
        return (await get(connection, UUID(template_id), version)).form
    except NotFound as error:
        raise Permanent(error.code, "The form that this document was to be written by is deleted.") from error


async def _put(connection: AsyncConnection, user_id: UUID, template_id: UUID, version: int, form: Form) -> Template:
    values: dict[str, Any] = {"id": template_id, "version": version, "user_id": user_id, "name": serial.clean(form.name)}
    statement = insert(_table).values(**values, form=serial.storable(own.dump(form))).returning(_table)
    return _template((await connection.execute(statement)).mappings().one())


def _newest() -> Select[Any]:
    latest = select(_table.c.id, func.max(_table.c.version).label("version")).group_by(_table.c.id).subquery()
    return select(_table).join(latest, (latest.c.id == _table.c.id) & (latest.c.version == _table.c.version))


def _template(row: RowMapping) -> Template:
    return Template(row["id"], own.load(row["name"], row["version"], row["form"]), row["created_at"])


def _unknown() -> NotFound:
    return NotFound(ErrorCode.NOT_FOUND, "There is no such form.")
