"""Who may still write for a processing: the worker whose lease stands, for the attempt that is the present one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.model import ProcessingState
from momentum.store.transitions import cancelled

# The heartbeat's row is the lease: whoever takes a worker's work over deletes it first.
_STANDING = text("""
    select exists (select from worker_heartbeats where executor_id = :executor_id) as held, p.attempt, p.state, p.cancel_requested
    from (values (1)) as one left join processings p on p.id = :processing_id
""")


class LeaseLost(Exception):
    """This worker was silent for too long: others have its work, and it must not go on."""


@dataclass(frozen=True, slots=True)
class Fence:
    """One attempt of a processing in the hands of one worker."""

    executor_id: str
    processing_id: UUID
    attempt: int

    async def check(self, connection: AsyncConnection) -> None:
        """Raises LeaseLost; Permanent(PROCESSING_CANCELLED) for what was cancelled, tried anew or deleted since."""
        found = (await connection.execute(_STANDING, {"executor_id": self.executor_id, "processing_id": self.processing_id})).one()
        if not found.held:
            raise LeaseLost
        if found.attempt != self.attempt or found.cancel_requested or found.state == ProcessingState.CANCELLED:
            raise cancelled()
