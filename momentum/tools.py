"""What the steps work with: decoder, transcriber, language model; all that `momentum process FILE` needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

from momentum.embeddings import Embedder
from momentum.embeddings.minilm import MiniLM, installed_files
from momentum.embeddings.remote import RemoteEmbedder
from momentum.llm import LanguageModel
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.media.voiceprint import VoiceEncoder, installed_weights
from momentum.model import Clock
from momentum.settings import Settings
from momentum.transcribers.base import Transcriber


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


@asynccontextmanager
async def open_tools(settings: Settings, clock: Clock) -> AsyncIterator[Tools]:
    """The engines alone, without a database."""
    tools = Tools(settings, clock)
    try:
        yield tools
    finally:
        await tools.aclose()
