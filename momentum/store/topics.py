"""The topics of a meeting as its newest document names them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.model import Claim, ClaimState
from momentum.store import tables


async def of(connection: AsyncConnection, transcript_id: UUID) -> tuple[str, Sequence[Claim]]:
    """(kind of the document, its topics with a time) of the newest delivered one that has some; ("", ()) where none has."""
    written, claims = tables.deliverables.c, tables.claims.c
    query = (
        select(written.id, written.kind.label("document"), claims.text, claims.quote, claims.start, claims.state)
        .join(tables.claims, claims.deliverable_id == written.id)
        .where(written.transcript_id == transcript_id, written.delivered, claims.kind == "topic", claims.start.is_not(None))
        .where(claims.state != ClaimState.DROPPED.value)
        .order_by(written.created_at.desc(), written.id, claims.position)
    )
    rows = (await connection.execute(query)).all()
    newest = [row for row in rows if row.id == rows[0].id]
    topics = [Claim("topic", row.text, row.quote, (), state=ClaimState(row.state), start=row.start) for row in newest]
    return (newest[0].document, topics) if newest else ("", ())
