"""What every engine that turns a chunk of speech into words can do, and where finished chunks are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from momentum.model import Chunk, Heard


@dataclass(frozen=True, slots=True)
class Limits:
    """What an engine can take at once; facts of the engine, not wishes.

    `target_seconds` is where a chunk is cut if a silence is near; `max_seconds` where it is cut anyway. `early`: whether the
    first chunks may be shorter, so that words come soon.
    """

    target_seconds: float
    max_seconds: float
    parallel: int
    early: bool = True


class Transcriber(Protocol):
    """An engine. `name` and `parameters` are part of the key under which a chunk's result is kept."""

    @property
    def name(self) -> str:
        """What is meant in settings: local, openai."""
        ...

    @property
    def limits(self) -> Limits: ...

    def parameters(self, language: str | None) -> dict[str, Any]:
        """Everything that changes the words for the same audio (model, weights, language, decoding), JSON-ready."""
        ...

    async def transcribe(self, chunk: Chunk, *, language: str | None) -> Heard:
        """The words of one chunk, times relative to its start; empty when nothing was said. Raises the words of `errors`."""
        ...

    async def aclose(self) -> None: ...


def engine_of(transcriber: Transcriber, language: str | None) -> str:
    """As transcripts name it: "local:base", "openai:whisper-1"."""
    return f"{transcriber.name}:{transcriber.parameters(language).get('model', transcriber.name)}"


class Ledger(Protocol):
    """Finished chunks of one person, so that a retry pays for none twice. Keys are hex digests."""

    async def get(self, key: str) -> Heard | None: ...

    async def put(self, key: str, heard: Heard, *, engine: str, seconds: float) -> None:
        """Keep a result. Idempotent; raises Permanent(PROCESSING_CANCELLED) when the processing was cancelled meanwhile."""
        ...
