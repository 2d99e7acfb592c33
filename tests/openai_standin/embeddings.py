"""POST /v1/embeddings: https://developers.openai.com/api/docs/guides/embeddings"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aiohttp import web

from openai_standin.errors import Problem
from openai_standin.streams import refused

if TYPE_CHECKING:
    from openai_standin.server import StandIn

MOST_TEXTS, MOST_CHARACTERS = 2048, 32_000
WIDTH = 16


async def embeddings(standin: StandIn, request: web.Request) -> web.StreamResponse:
    body = await request.json()
    standin.keep(request, body)
    if fault := standin.next_fault(request):
        return await fault(request, body)
    if problem := standin.gone(body.get("model", "")) or _problem(body):
        return refused(problem)
    rows = [{"object": "embedding", "index": n, "embedding": _vector(text)} for n, text in enumerate(body["input"])]
    # Servers need not answer in order.
    used = sum(len(text) for text in body["input"]) // 4
    usage = {"prompt_tokens": used, "total_tokens": used}
    return web.json_response({"object": "list", "data": rows[::-1], "model": body["model"], "usage": usage})


def _problem(body: dict[str, object]) -> Problem | None:
    texts = body.get("input")
    if not isinstance(texts, list) or not 0 < len(texts) <= MOST_TEXTS or not all(isinstance(t, str) and t for t in texts):
        return Problem("'$.input' is invalid. Please check the API reference.", None, status=400)
    if any(len(text) > MOST_CHARACTERS for text in texts):
        return Problem("This model's maximum context length is 8192 tokens.", None, status=400)
    return None


def _vector(text: str) -> list[float]:
    """Of length 2, so that whoever wants length 1 has to see to it."""
    raw = [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:WIDTH]]
    length = sum(x * x for x in raw) ** 0.5
    return [2 * x / length for x in raw]
