"""Making a recording findable: its passages as its person sees them, and what each of them means. Done by workers, behind the documents."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from momentum.analysis.passages import passages_in, passages_of
from momentum.corrections import Corrected
from momentum.embeddings import Embedder
from momentum.errors import NotFound
from momentum.model import Clock, Meeting, Segment, Transcript
from momentum.outbound.sent import noted
from momentum.redaction import NOTHING, Redaction
from momentum.redaction.masks import Masks
from momentum.store import corrections, deliverables, indexings, passages, redactions, transcripts
from momentum.store.corrections import Correction
from momentum.store.database import Connection, Database
from momentum.store.deliverables import StoredDeliverable
from momentum.store.passages import Indexed
from momentum.store.sendings import SentForSearch
from momentum.store.transcripts import KeptTranscript
from momentum.writers.spoken import is_english

CLAIMED = timedelta(minutes=5)
"""What a worker has for each batch: three tries of a slow server take four minutes. So long waits what a killed one was at."""
EMBEDDED = 32
"""Passages whose meanings are kept in one transaction: what a killed worker has to do again."""
_TOLD_BY = 400
"""Segments by which a language is told."""
PURPOSE = "search by meaning"
"""What texts are sent to an embedding server for, as receipts of sendings call it."""


async def index(database: Database, user_id: UUID, recording_id: UUID) -> bool:
    """Cut the passages of a recording anew; whether they are up to date now. False: something changed meanwhile, or it is gone.

    Read in a short transaction, worked on in a thread, written in another.
    """
    async with database.person(user_id) as connection:
        if (found := await indexings.sources(connection, recording_id)) is None:
            return False
        meetings = [await _meeting(connection, one, found.deliverable_ids) for one in found.transcript_ids]
    made = await asyncio.to_thread(_indexed, [one for one in meetings if one])
    async with database.person(user_id) as connection:
        languages = await passages.configured(connection, made)
        if not await indexings.settle(connection, recording_id, found.generation, sorted(set(languages))):
            return False
        await passages.replace(connection, user_id, recording_id, made, languages)
    return True


_Read = tuple[KeptTranscript, Sequence[StoredDeliverable], Sequence[Correction]]


async def _meeting(connection: Connection, transcript_id: UUID, shown: frozenset[UUID]) -> _Read | None:
    try:
        made = await corrections.in_force(connection, transcript_id)
        # Without the times of words: nothing here is cut between two of them but by a layer that reassigns, which wants them.
        kept = await transcripts.kept(connection, transcript_id, words=any(one.kind == "reassign" for one in made))
    except NotFound:  # deleted in this moment
        return None
    documents = [one for one in await deliverables.of_transcript(connection, transcript_id) if one.id in shown]
    return kept, documents, made


def _indexed(meetings: Sequence[_Read]) -> list[Indexed]:
    return [one for position, read in enumerate(meetings) for one in _of_meeting(*read, spoken=position == 0)]


def _of_meeting(
    kept: KeptTranscript, documents: Sequence[StoredDeliverable], made: Sequence[Correction], *, spoken: bool
) -> Iterator[Indexed]:
    """`spoken`: whether this is the transcript of the recording that is shown, and not one that an older document was written from."""
    corrected = Corrected(kept.parsed().transcript, {one.id: one.deliverable for one in documents})
    for one in made:
        corrected.lay(one.layer, one.deliverable_id)
    said = corrected.transcript()
    spoken_in = said.language or _language_of(said)
    for passage in passages_of(said) if spoken else ():
        yield Indexed(passage, kept.id, None, spoken_in)
    for deliverable_id, document in corrected.documents().items():
        for passage in passages_in(document):
            yield Indexed(passage, kept.id, deliverable_id, document.language or spoken_in)


def _language_of(said: Transcript) -> str | None:
    """Captions do not name their language; English is known by its commonest words."""
    return "en" if is_english(None, " ".join(segment.text for segment in said.segments[:_TOLD_BY])) else None


async def embed(database: Database, user_id: UUID, recording_id: UUID, embedder: Embedder, always: Redaction, *, clock: Clock) -> bool:
    """Read the meaning of every passage of a recording that this embedder has not read. Raises what it raises.

    False where there is nothing to read, or another worker is at it.

    What goes to a server is masked as for a language model, and written down before it is sent. `always`: what the installation masks.
    """
    async with database.person(user_id) as connection:
        if not await indexings.claim(connection, recording_id, embedder.name, now=clock(), until=clock() + CLAIMED):
            return False
        wanted = always | await redactions.get(connection, user_id) | await redactions.asked_for(connection, recording_id)
        found = await passages.to_read(connection, recording_id, embedder.name, languages=embedder.languages)
    # Masked as a whole, also what was read before: a number may go on in the next passage.
    texts = await asyncio.to_thread(_masked, [text for _, text, _ in found], wanted if embedder.host else NOTHING)
    waiting = list({digest: text for (digest, _, read), text in zip(found, texts, strict=True) if not read}.items())
    for begin in range(0, len(waiting), EMBEDDED):
        some = waiting[begin : begin + EMBEDDED]
        with noted(SentForSearch(database, user_id, [recording_id]), PURPOSE):
            vectors = await embedder.embed([text for _, text in some])
        async with database.person(user_id) as connection:
            kept = {digest: vector for (digest, _), vector in zip(some, vectors, strict=True)}
            await passages.keep_vectors(connection, user_id, recording_id, embedder.name, kept)
            await indexings.put_off(connection, recording_id, clock() + CLAIMED, unread=False)
    async with database.person(user_id) as connection:
        await passages.forget_others(connection, recording_id, embedder.name)
        await indexings.read_by(connection, recording_id, embedder.name, passages.configurations(embedder.languages))
    return True


def _masked(texts: Sequence[str], wanted: Redaction) -> list[str]:
    """The texts as a server may read them."""
    if not wanted:
        return list(texts)
    segments = tuple(Segment(n, float(n), float(n), text) for n, text in enumerate(texts))
    transcript = Transcript(segments, None, float(len(texts)), "own", "")
    return [segment.text for segment in Masks.over(wanted, transcript, Meeting("")).transcript.segments]
