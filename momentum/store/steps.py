"""What is known of the steps of processings: why one did less than it might have, and how long they took before."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Text, func, literal, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.model import Remark
from momentum.store import tables

_table = tables.processings


async def remark(connection: AsyncConnection, processing_id: UUID, step: str, why: Remark) -> None:
    """Remember it with the processing, until the step begins anew."""
    more = _table.c.remarks.op("||")(func.jsonb_build_object(literal(step, Text), literal(str(why), Text)))
    await connection.execute(update(_table).where(_table.c.id == processing_id).values(remarks=more))


# Of what was taken over or skipped nothing can be learned. Shorter than half a minute, a recording is all overhead.
_PACES = text("""
    with lately as (
        select seconds_per_step, remarks, audio_seconds from processings
        where user_id = :user_id and state = 'done' and audio_seconds >= 30 order by created_at desc, id desc limit 20
    )
    select step, percentile_cont(0.5) within group (order by cast(seconds as double precision) / audio_seconds) as pace
    from lately, jsonb_each_text(seconds_per_step) as took (step, seconds)
    where coalesce(remarks ->> step, 'no_model') = 'no_model' group by step
""")


async def paces(connection: AsyncConnection, user_id: UUID) -> dict[str, float]:
    """By step, the seconds that a second of sound took in the median of a person's last twenty processings; {} where there are none."""
    return {row.step: row.pace for row in await connection.execute(_PACES, {"user_id": user_id})}
