"""Search: one field over all that was said and written, and questions that are answered from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from momentum.app import App
from momentum.errors import MomentumError
from momentum.pipeline.replies import Reply, any_of
from momentum.pipeline.search import Results, search
from momentum.store import recordings
from momentum.store.passages import MOST_ASKED, Filters
from momentum.store.recordings import StoredRecording
from momentum.web.api.search import answered, at_segment, days, path_of
from momentum.web.door import World
from momentum.web.pages import words
from momentum.web.view import Acting, Reading, SignedIn
from momentum.web.witness import audited
from momentum.writers import LABELS

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)

ROWS = 20
SHOWN_BESIDE = 5
"""Passages under an answer: what else there is."""
KINDS = ("transcript", "document")


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What the form holds, whatever was sent: what cannot be read is as if it had been left empty."""

    q: str
    kind: str
    since: date | None
    until: date | None
    speaker: str
    recording: UUID | None

    @property
    def filters(self) -> Filters:
        first, last = sorted((self.since, self.until)) if self.since and self.until else (self.since, self.until)
        return Filters(self.kind or None, *days(first, last), self.speaker or None, self.recording)

    @property
    def narrowed(self) -> bool:
        """Whether there is less to find than there is."""
        return any((self.kind, self.since, self.until, self.speaker, self.recording))

    def link(self, **changes: Any) -> str:
        """The same search with these changes, as an address of ours."""
        values = {
            "q": self.q,
            "kind": self.kind,
            "from": self.since,
            "to": self.until,
            "speaker": self.speaker,
            "recording": self.recording,
        }
        return "/search?" + urlencode({name: value for name, value in {**values, **changes}.items() if value})


Text = Annotated[str, Query(max_length=200)]


@router.get("/search", dependencies=[audited("search")])
async def look(world: World, view: Reading, request: Request, page: Text | None = None) -> Response:
    """The form, and what was found; without a query how to ask."""
    wanted = _wanted(request.query_params)
    found = (
        await search(world.database, view.person, wanted.q, wanted.filters, world.tools.embedder, size=ROWS, after=page)
        if wanted.q
        else None
    )
    return await _shown(world, view, wanted, found, later=page is not None)


@router.post("/search", dependencies=[audited("question.ask")])
async def ask(world: World, view: Acting, request: Request) -> Response:
    """The button that asks. A question that cannot be answered now still shows the passages that fit it best."""
    wanted = _wanted({name: value for name, value in (await request.form()).items() if isinstance(value, str)})
    if not wanted.q:
        return await _shown(world, view, wanted, None)
    answer, failure = await _answer(world, view, request, wanted)
    # Any of the question's words: all of them stand in no passage.
    looked_for = any_of(wanted.q) or wanted.q
    found = await search(world.database, view.person, looked_for, wanted.filters, world.tools.embedder, size=SHOWN_BESIDE)
    return await _shown(world, view, wanted, found, answer=answer, failure=failure)


async def _answer(world: App, view: SignedIn, request: Request, wanted: SearchForm) -> tuple[Reply | None, str | None]:
    try:
        return await answered(request, world, view.person, wanted.q, wanted.filters), None
    except MomentumError as error:
        log.info("question_not_answered", error_code=error.code)
        return None, error.detail


async def _shown(world: App, view: SignedIn, wanted: SearchForm, found: Results | None, **more: Any) -> Response:
    within: StoredRecording | None = None
    if wanted.recording:
        async with world.database.person(view.person) as connection:
            within = await recordings.get(connection, wanted.recording)
    values: dict[str, Any] = {"answer": None, "failure": None, "later": False, "asks": world.tools.llm is not None, **more}
    links: dict[str, Any] = {
        "path_of": path_of,
        "at_segment": at_segment,
        "kinds": LABELS,
        "claim_states": words.CLAIM_STATES,
    }
    return view.page("search.html", wanted=wanted, found=found, within=within, **values, **links)


def _wanted(sent: Mapping[str, str]) -> SearchForm:
    kind = sent.get("kind", "")
    return SearchForm(
        q=" ".join(sent.get("q", "")[:MOST_ASKED].split()),
        kind=kind if kind in KINDS else "",
        since=_day(sent.get("from")),
        until=_day(sent.get("to")),
        speaker=" ".join(sent.get("speaker", "")[:200].split()),
        recording=_id(sent.get("recording")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
