"""Answers of the language model that are paid for already: whoever repeats a step asks only for what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from momentum.model import Answer


class Answers(Protocol):
    """Answers of one person's model calls, by `answer_key`."""

    async def get(self, key: str) -> Answer | None: ...

    async def put(self, key: str, answer: Answer) -> None:
        """Keep an answer. Idempotent; raises Permanent(PROCESSING_CANCELLED) when the processing was cancelled meanwhile."""
        ...


class MemoryAnswers:
    """Answers that last as long as the process."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}

    async def get(self, key: str) -> Answer | None:
        return self._answers.get(key)

    async def put(self, key: str, answer: Answer) -> None:
        self._answers.setdefault(key, answer)

    def __len__(self) -> int:
        return len(self._answers)


def answer_key(messages: Sequence[dict[str, str]], schema: dict[str, Any], model: str, salt: str = "") -> str:
    """Hex digest of everything an answer is made from: the question, the form asked for, the model asked.

    `salt` tells apart runs that want an answer of their own to the same question.
    """
    made_from = {"messages": list(messages), "schema": schema, "model": model} | ({"salt": salt} if salt else {})
    return hashlib.sha256(json.dumps(made_from, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
