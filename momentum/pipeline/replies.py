"""Answers to questions: what fits is looked for, the model is asked, and only sentences that the recording proves are told.

Composes the steps `ask` and `verify`, as `process` composes its own; no step imports another.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from momentum.embeddings import Embedder
from momentum.errors import ActionRequired, ErrorCode, NotFound
from momentum.llm import Writing
from momentum.model import Claim, ClaimState, Deliverable, Meeting, Segment, Transcript, Usage
from momentum.outbound import openai_prices
from momentum.outbound.sent import noted
from momentum.pipeline.ask import KIND, Excerpt, ask, fitting
from momentum.pipeline.correct import read_transcript
from momentum.pipeline.redact import redacted
from momentum.pipeline.search import fused, meaning_of
from momentum.pipeline.verify import check
from momentum.redaction import Redaction
from momentum.store import indexings, passages, recordings, redactions
from momentum.store.database import Database
from momentum.store.passages import Filters, Found
from momentum.store.sendings import SentForSearch
from momentum.writers import spoken

log = structlog.get_logger(__name__)

LOOKED_AT = 24
"""Passages from which an answer is made at the most."""
MEETINGS = 6
"""Meetings that they may come from: each is read whole, for the check."""
FLOOR = 0.1
"""Cosine of a passage and the question, lower than in a list: the model says whether it answers, and nothing else is shown."""
AROUND = 1
"""Segments before and behind a passage that are sent along: the question to an answer, the answer to a question."""
PROVEN = {ClaimState.VERIFIED, ClaimState.REPAIRED}
_PURPOSE = f"{KIND} to a question"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, and what proves it."""

    claim: Claim
    recording_id: UUID
    transcript_id: UUID
    topic: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `left_out`: sentences of the model's that the recording does not prove. `model` is None where there was nothing to ask."""

    sentences: tuple[Sentence, ...]
    left_out: int
    model: str | None
    usage: Usage = field(default_factory=Usage)
    usd: float | None = 0.0
    """US dollars by the model's list price; None where no price is known."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question needs of the application. `always`: what the installation masks."""

    database: Database
    llm: Writing | None
    embedder: Embedder | None
    always: Redaction


@dataclass(frozen=True, slots=True)
class _Talk:
    """One meeting that may hold the answer; `picked` are positions of its segments that are sent, and `offset` makes their ids unique."""

    recording_id: UUID
    transcript_id: UUID
    transcript: Transcript
    meeting: Meeting
    picked: tuple[int, ...]
    offset: int = 0

    @property
    def heading(self) -> str:
        day = self.meeting.started_at
        return f"{self.meeting.title} ({day:%Y-%m-%d})" if day else self.meeting.title

    def excerpt(self) -> Excerpt:
        segments = (dataclasses.replace(self.transcript.segments[n], id=self.offset + n, words=()) for n in self.picked)
        return Excerpt(self.heading, tuple(segments))

    def pointed(self, claim: Claim) -> Claim | None:
        """The claim with ids of this meeting's segments; None where it points elsewhere."""
        size = len(self.transcript.segments)
        places = [n - self.offset for n in claim.segment_ids if 0 <= n - self.offset < size]
        ids = tuple(self.transcript.segments[n].id for n in places)
        return dataclasses.replace(claim, segment_ids=ids) if ids else None


async def reply(asking: Asking, user_id: UUID, question: str, filters: Filters) -> Reply:
    """What the passages that `filters` leave say to a question.

    Raises ActionRequired(MODEL_NOT_CONFIGURED), NotFound for another's recording, and what the language model raises.
    """
    if asking.llm is None:
        how = "set OPENAI_API_KEY (or OPENAI_BASE_URL of a server of your own)"
        raise ActionRequired(ErrorCode.MODEL_NOT_CONFIGURED, f"Nothing here can answer questions: {how}. Search still finds what was said.")
    talks = _fitting(question, await _talks(asking, user_id, question, filters), asking.llm)
    if not talks:
        return Reply((), 0, None)
    draft = await _asked(asking, user_id, question, talks, asking.llm)
    told = await asyncio.to_thread(_checked, draft, talks)
    sentences = tuple(one for one in told if one and one.claim.state in PROVEN)
    usd = openai_prices.usd(asking.llm.model, input_tokens=draft.usage.input_tokens, output_tokens=draft.usage.output_tokens)
    left_out = len(draft.claims) - len(sentences)
    log.info("question_answered", sentences=len(sentences), left_out=left_out, meetings=len(talks), tokens=draft.usage.input_tokens)
    return Reply(sentences, left_out, draft.model, draft.usage, usd)


# --- what is asked about --------------------------------------------------------------------------


async def _talks(asking: Asking, user_id: UUID, question: str, filters: Filters) -> list[_Talk]:
    found = await _retrieved(asking, user_id, question, filters)
    of: dict[UUID, list[Found]] = {}
    for one in found:
        of.setdefault(one.transcript_id, []).append(one)
    # A short meeting is sent whole: what a question means need not be near its words.
    whole = filters.recording_id is not None and filters == Filters(recording_id=filters.recording_id)
    if whole and filters.recording_id:
        of = dict(list(of.items())[:1]) or {one: [] for one in await _transcripts(asking.database, user_id, filters.recording_id)}
    talks: list[_Talk] = []
    for transcript_id, passages_of_it in list(of.items())[:MEETINGS]:
        talk = await _talk(asking.database, user_id, transcript_id, passages_of_it, whole=whole)
        if talk and talk.picked:
            offset = talks[-1].offset + len(talks[-1].transcript.segments) if talks else 0
            talks.append(dataclasses.replace(talk, offset=offset))
    return talks


async def _retrieved(asking: Asking, user_id: UUID, question: str, filters: Filters) -> list[Found]:
    """Passages that fit, the best first."""
    vector = await meaning_of(question.replace('"', " "), asking.embedder)
    async with asking.database.person(user_id) as connection:
        if filters.recording_id and await recordings.get(connection, filters.recording_id) is None:
            raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "There is no such recording.")
        ways = [await passages.with_words(connection, any_of(question), filters, size=LOOKED_AT)]
        if vector is not None and (embedder := asking.embedder) is not None:
            near = await passages.near_to(
                connection, user_id, embedder.name, vector, filters, floor=min(FLOOR, embedder.floor), size=LOOKED_AT
            )
            ways.append([one for one, _ in near])
        return await passages.shown(connection, fused(*ways)[:LOOKED_AT], question)


def any_of(question: str) -> str:
    """A query for any of a question's words that mean something."""
    words = [word for word in spoken.words(question) if word != "or"]
    return " or ".join([word for word in words if word not in spoken.FUNCTION_WORDS] or words)


async def _transcripts(database: Database, user_id: UUID, recording_id: UUID) -> list[UUID]:
    """Of a recording of which no passage fits: the transcript that is shown, if there is one."""
    async with database.person(user_id) as connection:
        found = await indexings.sources(connection, recording_id)
    return list(found.transcript_ids[:1]) if found else []


async def _talk(database: Database, user_id: UUID, transcript_id: UUID, found: Sequence[Found], *, whole: bool) -> _Talk | None:
    try:
        read = (await read_transcript(database, user_id, transcript_id)).shown
    except NotFound:  # deleted in this moment
        return None
    async with database.person(user_id) as connection:
        recording = await recordings.get(connection, read.summary.recording_id)
    if recording is None:
        return None
    meeting = Meeting(read.summary.topic, recording.started_at, recording.timezone, read.transcript.participants or ())
    picked = _picked(read.transcript, found, whole=whole)
    return _Talk(recording.id, transcript_id, read.transcript, meeting, picked)


def _picked(transcript: Transcript, found: Sequence[Found], *, whole: bool) -> tuple[int, ...]:
    """Positions of segments to send: those of the passages, the best first where there may be too many; `whole`: then all others."""
    places = {segment.id: n for n, segment in enumerate(transcript.segments)}
    chosen: dict[int, None] = {}
    for one in found:
        first, last = places.get(one.first_segment or 0), places.get(one.last_segment or 0)
        if one.first_segment is None or first is None or last is None:
            continue  # a summary points nowhere
        chosen |= dict.fromkeys(range(max(0, first - AROUND), min(len(places), last + AROUND + 1)))
    if whole:
        chosen |= dict.fromkeys(range(len(transcript.segments)))
    return tuple(n for n in chosen if not transcript.segments[n].unsaid)


# --- asking and checking --------------------------------------------------------------------------


def _fitting(question: str, talks: Sequence[_Talk], llm: Writing) -> list[_Talk]:
    """The talks of which something is sent, with what of each, in order."""
    fitted = zip(talks, fitting(question, [talk.excerpt() for talk in talks], llm), strict=False)  # of the first talks
    return [dataclasses.replace(talk, picked=tuple(sorted(segment.id - talk.offset for segment in one.segments))) for talk, one in fitted]


async def _asked(asking: Asking, user_id: UUID, question: str, talks: Sequence[_Talk], llm: Writing) -> Deliverable:
    excerpts = [talk.excerpt() for talk in talks]
    ids = [talk.recording_id for talk in talks]
    async with asking.database.person(user_id) as connection:
        wanted = asking.always | await redactions.get(connection, user_id) | await redactions.asked_for(connection, *ids)
    sent = tuple(segment for excerpt in excerpts for segment in excerpt.segments)
    record = Transcript(sent, None, 0.0, "own", "")

    async def write(masked: Transcript, _meeting: Meeting, model: Writing) -> Deliverable:
        return await ask(question, _again(excerpts, masked.segments), model)

    with noted(SentForSearch(asking.database, user_id, ids), _PURPOSE):
        return await redacted(wanted, record, Meeting(""), llm, write)


def _again(excerpts: Sequence[Excerpt], segments: Sequence[Segment]) -> list[Excerpt]:
    """The excerpts with their segments as masked."""
    masked = {segment.id: segment for segment in segments}
    return [dataclasses.replace(one, segments=tuple(masked[segment.id] for segment in one.segments)) for one in excerpts]


def _checked(draft: Deliverable, talks: Sequence[_Talk]) -> list[Sentence | None]:
    """Every sentence with what code found of it, in order; None for one that no meeting holds.

    Held against the meetings that it points to; one that points nowhere against each, the likeliest first.
    """
    written_in = None if spoken.is_english(None, " ".join(claim.text for claim in draft.claims)) else _FOREIGN
    lost = [not any(talk.pointed(claim) for talk in talks) for claim in draft.claims]
    found: list[Sentence | None] = [None] * len(draft.claims)
    for talk in talks:
        open_ones = [n for n, one in enumerate(found) if one is None and (lost[n] or talk.pointed(draft.claims[n]))]
        claims = tuple(talk.pointed(draft.claims[n]) or dataclasses.replace(draft.claims[n], segment_ids=()) for n in open_ones)
        if not claims:
            continue
        checked = check(Deliverable(KIND, "", "", written_in, "", claims, model=KIND), talk.transcript, talk.meeting).claims
        for n, claim in zip(open_ones, checked, strict=True):
            if claim.state is not ClaimState.DROPPED:
                found[n] = Sentence(claim, talk.recording_id, talk.transcript_id, talk.meeting.title)
    return found


_FOREIGN = "und"
"""ISO 639-2 for a language that nobody determined: what is written is not English."""
