"""The shapes of search and of answers to questions."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from momentum.model import ClaimState
from momentum.web.api.shapes import MOMENT, RECORDING, TRANSCRIPT, Shape, jsonable, shown

MOST_QUESTION = 1_000


class SnippetPiece(Shape):
    """A piece of a snippet: plain text, whatever stands in it."""

    text: str
    hit: bool = Field(description="Whether it was asked for.")


class HitItem(Shape):
    """A passage that was found, and where it is."""

    model_config = shown(
        kind="transcript",
        recording_id=RECORDING,
        transcript_id=TRANSCRIPT,
        deliverable_id=None,
        document=None,
        topic="Weekly planning",
        title=None,
        recorded_at=MOMENT,
        speakers=["Ada"],
        start=61.5,
        first_segment=12,
        last_segment=15,
        snippet=[{"text": "We ", "hit": False}, {"text": "ship", "hit": True}, {"text": " on Friday.", "hit": False}],
        words=True,
        meaning=False,
        path=f"/meetings/{RECORDING}?at=12#s12",
    )

    kind: Literal["transcript", "document"]
    recording_id: UUID
    transcript_id: UUID
    deliverable_id: UUID | None
    document: str | None = Field(description="Kind of the document; null for what was said.")
    topic: str
    title: str | None = Field(description="Of the document; null for what was said.")
    recorded_at: AwareDatetime | None
    speakers: list[str] = Field(description="Who speaks in it; of a statement that is a task, whose it is.")
    start: float | None = Field(description="Seconds of the recording at which it begins; null where it points nowhere, as a summary.")
    first_segment: int | None
    last_segment: int | None
    snippet: list[SnippetPiece]
    words: bool = Field(description="Whether its words were found.")
    meaning: bool = Field(description="Whether its meaning was found to be near.")
    path: str = Field(description="Where it is shown.")


class SearchResults(BaseModel):
    """A page of hits, the best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": jsonable(
                {
                    "hits": [HitItem.model_config["json_schema_extra"]["example"]],  # type: ignore[index]
                    "total": 1,
                    "meaning": True,
                    "behind": 0,
                    "next_page_token": None,
                }
            )
        }
    )

    hits: list[HitItem]
    total: int = Field(description="How many were found, of 250 at the most.")
    meaning: bool = Field(description="Whether meanings were searched too; not for a query with quotation marks or a minus.")
    behind: int = Field(description="Recordings that changed a moment ago and are not searched as they are now yet.")
    next_page_token: str | None


class Question(BaseModel):
    """What to answer from your meetings."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": jsonable({"question": "When do we ship?", "recording_id": RECORDING})}
    )

    question: str = Field(min_length=1, max_length=MOST_QUESTION)
    recording_id: UUID | None = Field(None, description="Of this meeting alone; null: of all of yours.")
    kind: Literal["transcript", "document"] | None = Field(None, description="From what was said, or what was written; null: from both.")
    from_: date | None = Field(None, alias="from", description="First day of the meetings, in UTC.")
    to: date | None = Field(None, description="Last day of the meetings, in UTC.")
    speaker: str | None = Field(None, max_length=200, description="Who speaks in what the answer is made from: a name or a part of it.")


class AnswerSentence(BaseModel):
    """One sentence of an answer with the words that prove it."""

    text: str
    quote: str
    recording_id: UUID
    transcript_id: UUID
    topic: str
    segment_ids: list[int]
    start: float | None = Field(description="Second of the recording at which the quote begins.")
    state: ClaimState
    reason: str
    path: str = Field(description="Where the quote is shown.")


class AnswerItem(BaseModel):
    """An answer: only sentences that the recordings prove."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": jsonable(
                {
                    "sentences": [
                        {
                            "text": "The team ships on Friday.",
                            "quote": "We ship on Friday.",
                            "recording_id": RECORDING,
                            "transcript_id": TRANSCRIPT,
                            "topic": "Weekly planning",
                            "segment_ids": [12],
                            "start": 61.5,
                            "state": "verified",
                            "reason": "The quote was said at 1:01.",
                            "path": f"/meetings/{RECORDING}?at=12#s12",
                        }
                    ],
                    "left_out": 1,
                    "model": "gpt-6-luna",
                    "input_tokens": 2100,
                    "output_tokens": 160,
                    "usd": 0.0003,
                }
            )
        }
    )

    sentences: list[AnswerSentence]
    left_out: int = Field(description="Sentences of the model's that were left out because the recording does not prove them.")
    model: str | None = Field(description="Null where nothing was found to ask it about.")
    input_tokens: int
    output_tokens: int
    usd: float | None = Field(description="US dollars by the model's list price; null where no price is known.")
