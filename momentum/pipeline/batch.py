"""Asking for many processings at once: each recording is accepted or refused for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from momentum.errors import ErrorCode, MomentumError
from momentum.model import Options, ProcessingState
from momentum.pipeline.request import request_stored
from momentum.store import audit, processings
from momentum.store.audit import Act
from momentum.store.database import Connection, Database
from momentum.store.processings import Processing
from momentum.vault import Vault

MOST = 100
"""Recordings that a person may name at once."""
MOST_FOUND = 500
"""Recordings that are taken at once of those that a search finds."""
_TOGETHER = 25  # in one transaction, which holds their rows

_ENDED = frozenset({ProcessingState.FAILED, ProcessingState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one recording: accepted with its processing, or refused with the reason.

    `created` is False where the same was asked before; `state` is where the processing stands now.
    """

    recording_id: UUID
    processing_id: UUID | None = None
    state: ProcessingState | None = None
    created: bool = False
    error_code: ErrorCode | None = None
    detail: str | None = None

    @property
    def accepted(self) -> bool:
        return self.processing_id is not None


async def request_many(
    database: Database, vault: Vault, user_id: UUID, recording_ids: Sequence[UUID], options: Options, *, source: str | None, now: datetime
) -> list[Asked]:
    """Ask for each, in the given order, each once; noted in the audit trail one by one. `source`: the address the request came from.

    The same request is the same processing, however often it is made; one that failed or was cancelled is tried again.
    Short transactions: what was accepted before the database went away stays accepted. Raises Unavailable.
    """
    wanted = list(dict.fromkeys(recording_ids))
    asked: dict[UUID, Asked] = {}
    for first in range(0, len(wanted), _TOGETHER):
        async with database.person(user_id) as connection:
            # In one order: two such requests at once must not wait for each other.
            some = [await _request(connection, user_id, one, options, now) for one in sorted(wanted[first : first + _TOGETHER])]
            acts = [Act("processing.ask", f"recording:{one.recording_id}", one.error_code or audit.OK, source=source) for one in some]
            await audit.note_all(connection, vault, user_id, acts, now=now)
        asked |= {one.recording_id: one for one in some}
    return [asked[one] for one in wanted]


async def request_one(
    connection: Connection, user_id: UUID, recording_id: UUID, options: Options, *, now: datetime
) -> tuple[Processing, bool]:
    """As `request_stored`, but one that failed or was cancelled is tried again: whoever asks anew wants that."""
    made, created = await request_stored(connection, user_id, recording_id, options)
    return (await processings.retry(connection, made.id, now=now) if made.state in _ENDED else made), created


async def _request(connection: Connection, user_id: UUID, recording_id: UUID, options: Options, now: datetime) -> Asked:
    try:
        made, created = await request_one(connection, user_id, recording_id, options, now=now)
    except MomentumError as error:
        return Asked(recording_id, error_code=error.code, detail=error.detail)
    return Asked(recording_id, made.id, made.state, created)
