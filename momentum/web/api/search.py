"""Search over what was said and written, and questions that are answered from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from momentum.app import App
from momentum.errors import ErrorCode, Invalid, TooMany
from momentum.pipeline.replies import Asking as Means
from momentum.pipeline.replies import Reply, Sentence, reply
from momentum.pipeline.search import Hit, search
from momentum.redaction import Redaction
from momentum.store.passages import MOST_ASKED, Filters
from momentum.web.api.listing import days_between
from momentum.web.api.processings import PageSize, PageToken
from momentum.web.api.search_models import AnswerItem, AnswerSentence, HitItem, Question, SearchResults
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import about, audited

router = APIRouter(prefix="/api", tags=["search"])

AT_ONCE = 2
"""Questions of one person that are answered at the same time."""

Kind = Annotated[Literal["transcript", "document"] | None, Query(description="What was said, or what was written; both where left out.")]


@router.get("/search", responses=responses(401), dependencies=[audited("search")])
async def find(
    world: World,
    person: Asking,
    q: Annotated[str, Query(max_length=MOST_ASKED, description='Words; also `"a phrase"`, `-without` and `or`. No query is wrong.')],
    kind: Kind = None,
    from_: Annotated[date | None, Query(alias="from", description="First day of the meeting, in UTC.")] = None,
    to: Annotated[date | None, Query(description="Last day of the meeting, in UTC.")] = None,
    speaker: Annotated[str | None, Query(max_length=200, description="Who speaks in it: a name or a part of it.")] = None,
    recording_id: Annotated[UUID | None, Query(description="In this recording alone.")] = None,
    page_size: PageSize = 20,
    page_token: PageToken = None,
) -> SearchResults:
    """Passages of what was said and written to you, by their words and by what they mean, the best first."""
    filters = Filters(kind, *days(from_, to), speaker, recording_id)
    found = await search(world.database, person.user_id, q, filters, world.tools.embedder, size=page_size, after=page_token)
    hits = [hit_item(hit) for hit in found.hits]
    return SearchResults(hits=hits, total=found.total, meaning=found.meaning, behind=found.behind, next_page_token=found.next_token)


@router.post("/ask", responses=responses(401, 403, 404, 409, 429), dependencies=[audited("question.ask")])
async def ask_question(request: Request, world: World, person: Asking, asked: Question) -> AnswerItem:
    """Answer a question from your meetings. Each sentence carries the words that prove it; what no recording proves is left out."""
    filters = Filters(asked.kind, *days(asked.from_, asked.to), asked.speaker, asked.recording_id)
    return answer_item(await answered(request, world, person.user_id, asked.question, filters))


async def answered(request: Request, world: App, user_id: UUID, question: str, filters: Filters) -> Reply:
    """Raises TooMany where this person asks too much at once, and as `reply` does."""
    if filters.recording_id:
        about(request, "recording", filters.recording_id)
    always = Redaction.of(world.settings.redact, world.settings.redact_names)
    of = Means(world.database, world.tools.llm, world.tools.embedder, always)
    with _turn(request.app.state.questions, user_id):
        return await reply(of, user_id, question, filters)


@contextmanager
def _turn(asking: Counter[UUID], user_id: UUID) -> Iterator[None]:
    if asking[user_id] >= AT_ONCE:
        raise TooMany(ErrorCode.TOO_MANY_REQUESTS, "You have asked twice already. Wait until one of the questions is answered.", after=10.0)
    asking[user_id] += 1
    try:
        yield
    finally:
        asking[user_id] -= 1
        if not asking[user_id]:
            del asking[user_id]


def days(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """The moments from which on and before which, for days that are both included. Raises Invalid(INVALID_DATE_RANGE)."""
    if first and last and first > last:
        raise Invalid(ErrorCode.INVALID_DATE_RANGE, f"`from` ({first}) is after `to` ({last}).")
    return days_between(first, last, UTC)


def hit_item(hit: Hit) -> HitItem:
    """A hit as the API tells it."""
    found = hit.found
    values = {name: getattr(found, name) for name in ("recording_id", "transcript_id", "deliverable_id", "document", "topic", "title")}
    place = {name: getattr(found, name) for name in ("recorded_at", "start", "first_segment", "last_segment")}
    snippet = [{"text": text, "hit": asked} for text, asked in found.snippet]
    kind = "document" if found.deliverable_id else "transcript"
    more = {"speakers": list(found.speakers), "snippet": snippet, "kind": kind, "path": path_of(hit)}
    return HitItem.model_validate({**values, **place, **more, "words": hit.words, "meaning": hit.meaning})


def path_of(hit: Hit) -> str:
    """Where a hit is shown."""
    found = hit.found
    if found.deliverable_id:
        at = "" if found.first_segment is None else f"&at={found.first_segment}"
        return f"/meetings/{found.recording_id}?document={found.deliverable_id}{at}"
    return at_segment(found.recording_id, found.first_segment)


def at_segment(recording_id: UUID, segment: int | None) -> str:
    """A segment of a meeting's transcript."""
    return f"/meetings/{recording_id}" if segment is None else f"/meetings/{recording_id}?at={segment}#s{segment}"


def answer_item(found: Reply) -> AnswerItem:
    """An answer as the API tells it."""
    sentences = [_sentence(one) for one in found.sentences]
    spent = {"input_tokens": found.usage.input_tokens, "output_tokens": found.usage.output_tokens, "usd": found.usd}
    return AnswerItem(sentences=sentences, left_out=found.left_out, model=found.model, **spent)


def _sentence(one: Sentence) -> AnswerSentence:
    claim = one.claim
    return AnswerSentence(
        text=claim.text,
        quote=claim.quote,
        recording_id=one.recording_id,
        transcript_id=one.transcript_id,
        topic=one.topic,
        segment_ids=list(claim.segment_ids),
        start=claim.start,
        state=claim.state,
        reason=claim.reason,
        path=at_segment(one.recording_id, next(iter(claim.segment_ids), None)),
    )
