"""A stand-in for the language model: it writes the same short minutes of everything, at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai_standin

MINUTES: dict[str, Any] = {
    "topics": [{"quote": "Noted.", "segment_ids": [0], "text": "Something was noted."}],
    "decisions": [],
    "actions": [{"quote": "Noted.", "segment_ids": [0], "text": "Note it.", "owner": None, "due_words": None}],
    "questions": [],
    "title": "A meeting",
    "summary": "Something was noted.",
}


@asynccontextmanager
async def language_model() -> AsyncIterator[dict[str, str]]:
    """The settings that lead to it, while it answers."""
    async with openai_standin.running() as server:
        server.answer = lambda _body: MINUTES
        yield {"openai_base_url": server.base_url, "openai_api_key": openai_standin.KEY}
