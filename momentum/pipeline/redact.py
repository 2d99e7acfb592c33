"""Between the writers and the language model: secrets go out as placeholders and come back as they were said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from momentum.llm import Spent, Writing
from momentum.model import Answer, Deliverable, Meeting, Transcript
from momentum.redaction import Redaction
from momentum.redaction.masks import Masks

Write = Callable[[Transcript, Meeting, Writing], Awaitable[Deliverable]]
"""Writes a deliverable about a meeting with a language model."""


async def redacted(wanted: Redaction, transcript: Transcript, meeting: Meeting, llm: Writing, write: Write) -> Deliverable:
    """What `write` makes of the meeting as masked by `wanted`, with every secret restored: nothing in it is masked any more.

    `extra["masked"]` counts the different secrets of each kind. Without anything to mask, `write` gets the meeting as it is.
    """
    if not wanted:
        return await write(transcript, meeting, llm)
    masked = await asyncio.to_thread(Masks.over, wanted, transcript, meeting)  # seconds, for hours of speech
    draft = masked.masks.restore(await write(masked.transcript, masked.meeting, MaskingModel(llm, masked.masks)))
    draft.extra["masked"] = masked.masks.counts
    return draft


class MaskingModel:
    """A language model that is told what placeholders are, and that never gets a secret which a writer brings along itself."""

    def __init__(self, llm: Writing, masks: Masks) -> None:
        self._llm, self._masks = llm, masks

    @property
    def model(self) -> str:
        return self._llm.model

    @property
    def window(self) -> int:
        return self._llm.window - self._llm.count_tokens(self._masks.explanation or "")

    def count_tokens(self, text: str) -> int:
        return self._llm.count_tokens(text)

    async def counted(self, messages: Sequence[dict[str, str]]) -> int | None:
        return await self._llm.counted(await self._as_sent(messages))

    async def json(self, messages: Sequence[dict[str, str]], *, name: str, schema: dict[str, Any], spent: Spent | None = None) -> Answer:
        return await self._llm.json(await self._as_sent(messages), name=name, schema=schema, spent=spent)

    async def _as_sent(self, messages: Sequence[dict[str, str]]) -> list[dict[str, str]]:
        masked = [{**message, "content": await asyncio.to_thread(self._masked, message["content"])} for message in messages]
        return self._explained(masked)

    def _masked(self, content: str) -> str:
        # Line by line: the end of one and the segment's number at the beginning of the next make no phone number.
        return "\n".join(map(self._masks.mask, content.split("\n")))

    def _explained(self, messages: list[dict[str, str]]) -> list[dict[str, str]]:
        if (explanation := self._masks.explanation) is None:
            return messages
        first, *others = messages
        return [{**first, "content": f"{first['content']}\n\n{explanation}"}, *others]
