"""What is measured of a meeting without a model: as data, and as pictures."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from momentum.analysis import Analysis, analyse
from momentum.app import App
from momentum.languages import LANGUAGES
from momentum.languages.translator import into
from momentum.pipeline.correct import read_transcript
from momentum.store import topics
from momentum.web.api.analysis_models import AnalysisItem
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.pictures import PICTURES
from momentum.web.view import Anyone
from momentum.web.witness import audited

router = APIRouter(prefix="/api/transcripts/{transcript_id}/analysis", tags=["documents"])

SVG = "image/svg+xml"
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture.",
        "content": {
            SVG: {"schema": {"type": "string"}, "example": '<svg xmlns="http://www.w3.org/2000/svg"><title>Talk time</title></svg>'}
        },
    }
}
_LANGUAGE = f"^({'|'.join(LANGUAGES)})$"
# The pictures carry their own style, in which nothing of a meeting stands.
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


@router.get("", responses=responses(401, 404), dependencies=[audited("transcript.read", "transcript")])
async def get_analysis(world: World, person: Asking, transcript_id: UUID) -> AnalysisItem:
    """Talk time, interruptions, questions and silence; how words sound; chapters; keywords. Each says how it was measured."""
    found, _ = await analysed(world, person.user_id, transcript_id)
    return AnalysisItem.model_validate(dataclasses.asdict(found) | {"transcript_id": transcript_id})


@router.get(
    "/{picture}.svg",
    responses=responses(401, 404) | PICTURE,
    response_class=Response,
    dependencies=[audited("transcript.read", "transcript")],
)
async def get_picture(
    world: World,
    person: Asking,
    transcript_id: UUID,
    view: Anyone,
    picture: Annotated[Literal["talk-time", "timeline", "sentiment"], Path(description="Which one.")],
    lang: Annotated[str | None, Query(pattern=_LANGUAGE, description="Of its words; default: the reader's, by Accept-Language.")] = None,
) -> Response:
    """A picture of it, drawn here: SVG without script, for light and dark pages."""
    found, title = await analysed(world, person.user_id, transcript_id)
    t = into(lang or view.language)
    drawn = await asyncio.to_thread(PICTURES[picture], found, title, t)
    return Response(drawn, media_type=SVG, headers=_POLICY | {"Content-Language": t.language})


async def analysed(world: App, user_id: UUID, transcript_id: UUID) -> tuple[Analysis, str]:
    """The analysis and the meeting's topic. Raises NotFound."""
    stored = (await read_transcript(world.database, user_id, transcript_id)).shown
    async with world.database.person(user_id) as connection:
        kind, written = await topics.of(connection, transcript_id)
    return await asyncio.to_thread(analyse, stored.transcript, written, kind), stored.summary.topic
