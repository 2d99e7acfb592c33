"""What the steps work with: decoder, transcriber, language model; all that `momentum process FILE` needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from momentum.embeddings import Embedder
from momentum.embeddings.minilm import MiniLM, installed_files
from momentum.embeddings.remote import RemoteEmbedder
from momentum.llm import LanguageModel
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.media.voiceprint import VoiceEncoder, installed_weights
from momentum.model import Clock
from momentum.outbound import openai_ends
from momentum.settings import Settings
from momentum.transcribers.base import Transcriber
from momentum.transcribers.openai_models import speech_model

SOON = timedelta(days=60)
"""Before a model's end: high time to choose another one."""
_OPENAI = "api.openai.com"


class Tools:
    """What the steps work with. Engines are built at first use: a web process never loads one."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock

    @cached_property
    def decoder(self) -> Decoder:
        hours, size = self._settings.max_recording_hours, self._settings.max_recording_bytes
        return Decoder(DecodeLimits(max_seconds=hours * 3600, spool_bytes=size))

    @cached_property
    def transcriber(self) -> Transcriber:
        settings = self._settings
        if settings.engine == "openai" and settings.speech_key:
            from momentum.transcribers.openai import OpenAITranscriber

            return OpenAITranscriber(
                api_key=settings.speech_key.get_secret_value(),
                base_url=settings.speech_base_url or settings.openai_base_url,
                model=settings.speech_model,
                parallel=settings.speech_parallel,
                clock=self._clock,
            )
        from momentum.transcribers.local import LocalWhisper

        return LocalWhisper(settings.whisper_model, settings.whisper_threads, models=settings.models)

    @cached_property
    def voices(self) -> VoiceEncoder | None:
        weights = installed_weights() if self._settings.estimate_speakers else None
        return VoiceEncoder(weights) if weights else None

    @cached_property
    def llm(self) -> LanguageModel | None:
        settings = self._settings
        if not settings.openai_api_key:
            return None
        return LanguageModel(
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            model=settings.language_model,
            api=settings.language_model_api,
            window=settings.language_model_window,
            clock=self._clock,
        )

    @cached_property
    def embedder(self) -> Embedder | None:
        """None where nobody wants to search by meaning, or the packaged model is not installed."""
        settings = self._settings
        if not settings.semantic_search:
            return None
        if settings.embedding_model is None:
            files = installed_files()
            return MiniLM(files) if files else None
        # The other server's key is not for this one.
        key = settings.embedding_api_key or (None if settings.embedding_base_url else settings.openai_api_key)
        return RemoteEmbedder(
            key.get_secret_value() if key else None,
            settings.embedding_base_url or settings.openai_base_url,
            settings.embedding_model,
            clock=self._clock,
        )

    async def aclose(self) -> None:
        """End what was built."""
        built = (self.__dict__.get(name) for name in ("decoder", "transcriber", "llm", "embedder"))
        for tool in filter(None, built):
            await tool.aclose()


@dataclass(frozen=True, slots=True)
class ModelInForce:
    """A model that the settings choose. `host` None: this machine. `setting` names the variable; `ends`: the vendor's last day of it."""

    what: Literal["writes", "listens", "finds"]
    name: str
    host: str | None
    setting: str
    ends: date | None

    def ends_soon(self, today: date) -> bool:
        """Whether somebody should choose another one now, or should have."""
        return self.ends is not None and self.ends <= today + SOON


def models_in_force(settings: Settings) -> tuple[ModelInForce, ...]:
    """By the settings alone: no model is built and nobody is asked. Nothing writes where no key is set, or finds where nobody wants it."""
    writing = [_writing(settings)] if settings.openai_api_key else []
    finding = [_finding(settings)] if settings.semantic_search else []
    return (*writing, _listening(settings), *finding)


def _writing(settings: Settings) -> ModelInForce:
    host = urlsplit(settings.openai_base_url).hostname
    # A server of one's own may go on with a name that OpenAI has ended.
    ends = openai_ends.end_of(settings.language_model) if host == _OPENAI else None
    return ModelInForce("writes", settings.language_model, host, "LANGUAGE_MODEL", ends)


def _listening(settings: Settings) -> ModelInForce:
    if settings.engine == "local":
        return ModelInForce("listens", settings.whisper_model or "base", None, "WHISPER_MODEL", None)
    host = urlsplit(settings.speech_base_url or settings.openai_base_url).hostname
    ends = speech_model(settings.speech_model).ends if host == _OPENAI else None
    return ModelInForce("listens", settings.speech_model, host, "SPEECH_MODEL", ends)


def _finding(settings: Settings) -> ModelInForce:
    if settings.embedding_model is None:
        return ModelInForce("finds", MiniLM.name, None, "EMBEDDING_MODEL", None)
    host = urlsplit(settings.embedding_base_url or settings.openai_base_url).hostname
    ends = openai_ends.end_of(settings.embedding_model) if host == _OPENAI else None
    return ModelInForce("finds", settings.embedding_model, host, "EMBEDDING_MODEL", ends)


@asynccontextmanager
async def open_tools(settings: Settings, clock: Clock) -> AsyncIterator[Tools]:
    """The engines alone, without a database."""
    tools = Tools(settings, clock)
    try:
        yield tools
    finally:
        await tools.aclose()
