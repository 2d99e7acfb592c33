"""The shapes of what is masked and of what left the machine."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from momentum.web.api.shapes import DELIVERABLE, MOMENT, Shape, shown

Recognised = Literal["email", "phone", "card", "iban"]
ChosenNames = list[Annotated[str, Field(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]]
"""Names to mask."""


class RedactionChoice(BaseModel):
    """What to mask in your meetings before a language model reads them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"kinds": ["email", "phone"], "names": ["Dana Lee"]}})

    kinds: list[Recognised] = Field(max_length=4, description="What code recognises by itself.")
    names: ChosenNames = Field([], max_length=500, description="Masked whole in any case, and by each of their words with a capital.")


class RedactionItem(Shape):
    """What is masked in your meetings."""

    model_config = shown(kinds=["email"], names=["Dana Lee"], always={"kinds": ["card"], "names": []})

    kinds: list[str]
    names: list[str]
    always: dict[str, list[str]] = Field(description="`kinds` and `names` that the installation masks in everybody's meetings.")


class SentItem(Shape):
    """What one host got for one deliverable."""

    host: str
    what: Literal["audio", "text"] = Field(description="`text` is the transcript with the prompt and the schema around it.")
    model: str
    bytes: int = Field(description="Of the requests' bodies, attempts that failed included.")
    requests: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    stayed: bool = Field(description="Whether the host is this very machine.")
    earlier: bool = Field(description="Sent by an earlier processing of the same recording, whose words are used here.")


class ReceiptItem(Shape):
    """What left the machine for one deliverable."""

    model_config = shown(
        deliverable_id=DELIVERABLE,
        nothing_left=False,
        in_words="api.openai.com got 81.2 kB of transcript text with its prompt (gpt-6-luna, 2 requests, 22 November 2026). "
        "Masked: 3 e-mail addresses, 1 card number.",
        engine="local:base",
        model="gpt-6-luna",
        redaction=["card", "email"],
        masked={"email": 3, "card": 1},
        unrecorded=[],
        sent=[
            {
                "host": "api.openai.com",
                "what": "text",
                "model": "gpt-6-luna",
                "bytes": 81_204,
                "requests": 2,
                "first_at": MOMENT,
                "last_at": MOMENT,
                "stayed": False,
                "earlier": False,
            }
        ],
    )

    deliverable_id: UUID
    nothing_left: bool
    in_words: str
    engine: str = Field(description="Who listened; `local:` is on this machine.")
    model: str | None
    redaction: list[str] = Field(description="Kinds that were to be masked.")
    masked: dict[str, int] = Field(description="Different secrets of each kind that were masked.")
    sent: list[SentItem]
    unrecorded: list[Literal["audio", "text"]] = Field(
        default=[], description="What must have been sent, to `engine` or `model`, before receipts were kept: nobody wrote it down."
    )
