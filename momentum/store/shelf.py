"""Where the artefacts of one stored processing stand; fulfils the pipeline's `Shelf`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.errors import ErrorCode, NotFound, Permanent
from momentum.model import Clock, Deliverable, Remark, Transcript, Voice
from momentum.store import audit, deliverables, processings, rulings, steps, templates, transcripts, voices
from momentum.store.answers import StoredAnswers
from momentum.store.chunks import StoredLedger
from momentum.store.database import Database
from momentum.store.fence import Fence
from momentum.store.sendings import StoredSendings
from momentum.vault import Vault
from momentum.writers.own import Form

LAST_STEP = "deliver"
REPORT_SECONDS = 0.5
"""Between two reports of progress: a run that finds its chunks in the ledger would tell hundreds in a second."""


class StoredShelf:
    """One attempt at one person's processing; each call is one short transaction of that person, or, for a transcript that was
    read before, none.

    Every other call raises Permanent(PROCESSING_CANCELLED) once another attempt has begun or nobody wants this one any more,
    and LeaseLost when the worker `executor_id` was taken for dead.
    """

    def __init__(self, database: Database, vault: Vault, processing: processings.Processing, clock: Clock, *, executor_id: str) -> None:
        self._database, self._vault, self._processing, self._clock = database, vault, processing, clock
        self._fence = Fence(executor_id, processing.id, processing.attempt)
        self._ledger = StoredLedger(database, processing.user_id, processing.id, processing.recording_id, fence=self._fence)
        self._answers = StoredAnswers(database, processing.user_id, processing.id, processing.recording_id, fence=self._fence)
        self._sent = StoredSendings(database, processing.user_id, processing.id, processing.recording_id)
        self._reported_at: float | None = None
        self._read: tuple[str, Transcript] | None = None

    @property
    def ledger(self) -> StoredLedger:
        return self._ledger

    @property
    def answers(self) -> StoredAnswers:
        return self._answers

    @property
    def sent(self) -> StoredSendings:
        return self._sent

    async def voices(self, *, encoder: str) -> tuple[Voice, ...]:
        async with self._transaction() as connection:
            return await voices.known(connection, self._vault, self._processing.user_id, encoder=encoder)

    async def begin(self, step: str) -> None:
        self._reported_at = None
        async with self._transaction() as connection:
            await processings.start_step(connection, self._processing.id, step, now=self._clock())

    async def finish(self, step: str, seconds: float) -> None:
        async with self._transaction() as connection:
            await processings.finish_step(connection, self._processing.id, step, seconds=round(seconds, 3), now=self._clock())
            if step == LAST_STEP:
                await processings.set_done(connection, self._processing.id, now=self._clock())
                act = audit.Act("processing.end", f"processing:{self._processing.id}", actor="momentum")
                await audit.note(connection, self._vault, self._processing.user_id, act, now=self._clock())

    async def report(self, step: str, fraction: float | None, detail: dict[str, Any]) -> None:
        if self._reported_at is not None and monotonic() - self._reported_at < REPORT_SECONDS:
            return
        self._reported_at = monotonic()
        async with self._transaction() as connection:
            await processings.record_event(connection, self._processing.id, step, "running", fraction, detail)

    async def remark(self, step: str, remark: Remark) -> None:
        async with self._transaction() as connection:
            await steps.remark(connection, self._processing.id, step, remark)

    async def kept_transcript(self, made_from: str) -> str | None:
        of = self._processing
        async with self._transaction() as connection:
            if (mine := await transcripts.find(connection, of.id, made_from)) is not None or of.options.anew:
                return _text(mine)
            if (earlier := await transcripts.find_earlier(connection, of.recording_id, made_from)) is None:
                return None
            await processings.set_made(connection, of.id, transcript_id=earlier.id, audio_seconds=earlier.seconds)
        return str(earlier.id)

    async def keep_transcript(self, made_from: str, transcript: Transcript) -> str:
        async with self._transaction() as connection:
            kept = await transcripts.save(connection, **self._owner(), made_from=made_from, transcript=transcript)
            await processings.set_made(connection, self._processing.id, transcript_id=kept, audio_seconds=transcript.seconds)
        return str(kept)

    async def transcript(self, transcript_id: str) -> Transcript:
        # Every step from here on asks for the same one, and nobody changes it.
        if self._read is None or self._read[0] != transcript_id:
            async with self._transaction() as connection:
                self._read = transcript_id, (await transcripts.get(connection, UUID(transcript_id))).transcript
        return self._read[1]

    async def transcript_of(self, deliverable_id: str) -> str:
        async with self._transaction() as connection:
            try:
                about = (await deliverables.get(connection, UUID(deliverable_id))).about
            except NotFound as error:
                raise Permanent(error.code, "The document of which this was to be a new version is gone.") from error
            seconds = (await transcripts.get(connection, about.transcript_id)).transcript.seconds
            await processings.set_made(connection, self._processing.id, transcript_id=about.transcript_id, audio_seconds=seconds)
        return str(about.transcript_id)

    async def form(self, name: str) -> Form:
        async with self._transaction() as connection:
            return await templates.form(connection, name)

    async def kept_deliverable(self, made_from: str) -> str | None:
        async with self._transaction() as connection:
            return _text(await deliverables.find(connection, self._processing.id, made_from))

    async def keep_deliverable(self, made_from: str, transcript_id: str, deliverable: Deliverable) -> str:
        belongs = self._owner() | {"transcript_id": UUID(transcript_id)}
        again = self._processing.options.again
        async with self._transaction() as connection:
            series = (await deliverables.get(connection, UUID(again))).about.series if again else None
            return str(await deliverables.save(connection, **belongs, made_from=made_from, deliverable=deliverable, series=series))

    async def deliverable(self, deliverable_id: str) -> Deliverable:
        async with self._transaction() as connection:
            return (await deliverables.get(connection, UUID(deliverable_id))).deliverable

    async def replace_deliverable(self, deliverable_id: str, deliverable: Deliverable) -> None:
        async with self._transaction() as connection:
            await deliverables.replace(connection, UUID(deliverable_id), deliverable)

    async def deliver(self, deliverable_ids: Sequence[str], *, incomplete: str | None = None) -> None:
        async with self._transaction() as connection:
            if incomplete:
                await processings.set_notice(connection, self._processing.id, code=ErrorCode.MEDIA_TRUNCATED, detail=incomplete)
            await self._take_over(connection, deliverable_ids)
            await deliverables.deliver(connection, [UUID(i) for i in deliverable_ids])

    async def _take_over(self, connection: AsyncConnection, deliverable_ids: Sequence[str]) -> None:
        """A new version begins with what its person said of the claims that stay the same."""
        of = self._processing
        if of.options.again is None:
            return
        for later in map(UUID, deliverable_ids):
            if not (await deliverables.get(connection, later)).about.delivered:
                await rulings.take_over(connection, of.user_id, earlier=UUID(of.options.again), later=later)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self._database.person(self._processing.user_id) as connection:
            await self._fence.check(connection)
            yield connection

    def _owner(self) -> dict[str, UUID]:
        of = self._processing
        return {"user_id": of.user_id, "recording_id": of.recording_id, "processing_id": of.id}


def _text(found: UUID | None) -> str | None:
    return None if found is None else str(found)
