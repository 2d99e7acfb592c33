"""Voices that a person has enrolled: biometric data, so the vectors are sealed, and go when anybody asks for it.

Deleted by name, with the recording a voice was taken from, and with the person.
"""

from __future__ import annotations

import array
import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import Conflict, ErrorCode, NotFound
from momentum.model import Voice
from momentum.store import keys, serial, tables
from momentum.vault import Vault

MOST = 200
"""Of one person: each meeting is compared with all of them."""
_table = tables.voices
_CELL = {"table": _table.name, "column": _table.c.vector.name}
_SHOWN = ("id", "recording_id", "name", "encoder", "seconds", "consented_at")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolled voice without the voice. `seconds` of speech were heard for it."""

    id: UUID
    recording_id: UUID
    name: str
    encoder: str
    seconds: float
    consented_at: datetime


async def save(
    connection: AsyncConnection,
    vault: Vault,
    user_id: UUID,
    voice: Voice,
    *,
    recording_id: UUID,
    encoder: str,
    seconds: float,
    now: datetime,
) -> UUID:
    """Keep a voice in the place of a former one of that name; its id. Raises Conflict where there are too many."""
    name = serial.clean(voice.name)
    others = select(func.count()).where(_table.c.user_id == user_id, _table.c.name != name)
    if (await connection.scalar(others) or 0) >= MOST:
        raise Conflict(ErrorCode.CONFLICT, f"{MOST} voices are enrolled, which is as many as there may be. Delete one first.")
    await keys.prepare(connection, vault)
    sealed = vault.seal(_text(voice.vector), **_CELL, user_id=user_id)
    values = {"recording_id": recording_id, "encoder": encoder, "vector": sealed, "seconds": seconds, "consented_at": now}
    statement = insert(_table).values(user_id=user_id, name=name, **values)
    statement = statement.on_conflict_do_update(index_elements=["user_id", "name"], set_=values)
    made: UUID = (await connection.execute(statement.returning(_table.c.id))).scalar_one()
    return made


async def mine(connection: AsyncConnection, user_id: UUID) -> list[Enrolled]:
    """A person's enrolled voices, by name."""
    query = select(*(_table.c[name] for name in _SHOWN)).where(_table.c.user_id == user_id).order_by(_table.c.name)
    return [Enrolled(**row) for row in (await connection.execute(query)).mappings()]


async def known(connection: AsyncConnection, vault: Vault, user_id: UUID, *, encoder: str) -> tuple[Voice, ...]:
    """The voices themselves, of one encoder: vectors of two cannot be compared."""
    query = select(_table.c.name, _table.c.vector).where(_table.c.user_id == user_id, _table.c.encoder == encoder)
    rows = (await connection.execute(query)).all()
    return tuple([Voice(row.name, _vector(await keys.unseal(connection, vault, row.vector, **_CELL, user_id=user_id))) for row in rows])


async def delete(connection: AsyncConnection, voice_id: UUID) -> None:
    """Raises NotFound, also for somebody else's."""
    gone = await connection.execute(sql_delete(_table).where(_table.c.id == voice_id))
    if not gone.rowcount:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such voice.")


def _text(vector: Sequence[float]) -> str:
    return base64.b64encode(_little_endian(array.array("f", vector)).tobytes()).decode()


def _vector(text: str) -> tuple[float, ...]:
    values = array.array("f")
    values.frombytes(base64.b64decode(text))
    return tuple(_little_endian(values))


def _little_endian(values: array.array[float]) -> array.array[float]:
    if sys.byteorder == "big":
        values.byteswap()
    return values
