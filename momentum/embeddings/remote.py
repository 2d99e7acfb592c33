"""Meanings by a server that speaks OpenAI's embeddings API: https://developers.openai.com/api/docs/guides/embeddings."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from momentum import metrics
from momentum.errors import ActionRequired, ErrorCode, MomentumError, Retry
from momentum.languages import phrase
from momentum.model import Clock
from momentum.outbound import sent
from momentum.outbound.model_roles import EMBEDDING
from momentum.outbound.openai_errors import translate
from momentum.outbound.openai_sdk import opened, translated
from momentum.outbound.patience import Patience

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from momentum.embeddings import Vector

ANSWER_SECONDS = 60.0
BATCH = 64
"""Texts of one request: OpenAI takes 2,048 and 300,000 tokens in all, servers of one's own take less."""
MOST_CHARACTERS = 4_000
"""Of one text: models read 512 tokens or more, and a passage is much shorter."""


class RemoteEmbedder:
    """One model behind one base URL."""

    languages = None
    floor = 0.2
    """Low: models differ, and the nearest come first anyway."""

    def __init__(
        self,
        api_key: str | None,
        base_url: str,
        model: str,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.host = urlsplit(base_url).netloc.rpartition("@")[2]
        self.name = f"{model} at {self.host}"
        self._model, self._base_url = model, base_url
        self._api_key = api_key or "none"  # servers of one's own often want no key, the client always does
        self._clock, self._patience = clock, Patience(sleep, chance)
        self._opened: AsyncOpenAI | None = None

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Raises Retry, Permanent and ActionRequired as the language model does."""
        found: list[Vector] = []
        for begin in range(0, len(texts), BATCH):
            some = [text[:MOST_CHARACTERS] or " " for text in texts[begin : begin + BATCH]]
            with metrics.outcome_of(metrics.MODEL_CALLS, self._model):
                found += await self._patience.ask(lambda asked=some: self._asked(asked))  # type: ignore[misc]
        return found

    async def aclose(self) -> None:
        if self._opened:
            await self._opened.close()

    async def _asked(self, texts: list[str]) -> list[Vector]:
        async with translated(self._fault, phrase("embedding model")):
            answer: Any = await self._client.embeddings.create(model=self._model, input=texts, encoding_format="float")
            body = answer.to_dict(mode="json", warnings=False) if hasattr(answer, "to_dict") else {}
        return read_vectors(body, len(texts))

    def _fault(self, status: int, headers: Mapping[str, str], body: object) -> MomentumError:
        return EMBEDDING.explain(translate(status, headers, body, now=self._clock()), self._model)

    @property
    def _client(self) -> AsyncOpenAI:
        if self._opened is None:
            hooks = sent.hooks("text", self._model, self._clock)
            self._opened = opened(self._api_key, self._base_url, hooks, silence=ANSWER_SECONDS)
        return self._opened


def read_vectors(body: Mapping[str, Any], count: int) -> list[Vector]:
    """The vectors of an answer, of length 1, in the order of the texts.

    Raises ActionRequired(MODEL_NOT_CONFIGURED) for one that is no list of so many, and Retry for one whose numbers cannot be read.
    """
    import numpy as np

    data = body.get("data")
    if not isinstance(data, list) or len(data) != count:
        where = "at EMBEDDING_BASE_URL, or at OPENAI_BASE_URL where that is not set,"
        raise ActionRequired(ErrorCode.MODEL_NOT_CONFIGURED, f"What answers {where} is no embedding model's API.")
    try:
        rows = sorted(data, key=lambda item: item.get("index", 0))
        vectors = np.array([item["embedding"] for item in rows], np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Retry(ErrorCode.MODEL_UNAVAILABLE, "The embedding model's server gave an answer that cannot be read.") from None
    if not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise Retry(ErrorCode.MODEL_UNAVAILABLE, "The embedding model's server gave an answer that cannot be read.")
    return list(vectors / lengths)
