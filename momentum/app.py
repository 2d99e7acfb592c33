"""One object holds the world: everything a step or a door may touch, built in one place.

`open_tools` is enough for `momentum process FILE`; `open_app` adds what stands in the database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from momentum.embedded.server import EmbeddedPostgres
from momentum.errors import ErrorCode, NotFound
from momentum.llm import LanguageModel
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.model import Clock
from momentum.outbound.client import ApiClient
from momentum.outbound.download import Downloads
from momentum.providers import PROVIDERS
from momentum.providers.base import Provider
from momentum.settings import Settings
from momentum.store.credentials import StoredTokens
from momentum.store.database import Database, prepare
from momentum.store.keys import open_vault
from momentum.store.limits import SharedLimiter
from momentum.transcribers.base import Transcriber
from momentum.vault import Vault


def real_clock() -> datetime:
    """The present moment, in UTC: the only place that reads it."""
    return datetime.now(UTC)


class Tools:
    """What the steps work with. Engines are built at first use: a web process never loads one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

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
            )
        from momentum.transcribers.local import LocalWhisper

        return LocalWhisper(settings.whisper_model, settings.whisper_threads, home=settings.models.parent)

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
        )

    async def aclose(self) -> None:
        """End what was built."""
        built = (self.__dict__.get(name) for name in ("decoder", "transcriber", "llm"))
        for tool in filter(None, built):
            await tool.aclose()


@dataclass(frozen=True)
class App:
    """The world of one process."""

    settings: Settings
    clock: Clock
    dsn: str
    database: Database
    vault: Vault
    client: ApiClient
    downloads: Downloads
    limiter: SharedLimiter
    providers: dict[str, Provider]
    tools: Tools

    def provider(self, name: str) -> Provider:
        """The provider of that name. Raises NotFound(PROVIDER_NOT_CONFIGURED) where its settings are missing."""
        if name not in self.providers:
            variables = f"{name.upper()}_CLIENT_ID and {name.upper()}_CLIENT_SECRET"
            raise NotFound(ErrorCode.PROVIDER_NOT_CONFIGURED, f"{name.title()} is not set up here: the operator has to set {variables}.")
        return self.providers[name]

    def tokens(self, provider: str, user_id: UUID) -> StoredTokens:
        """The access token of a person's connection."""
        return StoredTokens(self.database, self.vault, self.provider(provider), user_id, self.clock)


@asynccontextmanager
async def open_tools(settings: Settings) -> AsyncIterator[Tools]:
    """The engines alone, without a database."""
    tools = Tools(settings)
    try:
        yield tools
    finally:
        await tools.aclose()


@asynccontextmanager
async def open_app(settings: Settings, clock: Clock = real_clock) -> AsyncIterator[App]:
    """The world, closed again at the end; an embedded database that we started is stopped."""
    async with AsyncExitStack() as stack:
        owner_dsn = await stack.enter_async_context(owner_database(settings))
        dsn = await prepare(owner_dsn, own_login=settings.database_url is None)
        database = await Database.open(dsn)
        stack.push_async_callback(database.aclose)
        vault = await open_vault(database, settings)
        client = ApiClient(private_hosts=settings.zoom_hosts)
        stack.push_async_callback(client.aclose)
        downloads = Downloads(max_bytes=settings.max_recording_bytes)
        stack.push_async_callback(downloads.aclose)
        limiter = SharedLimiter(database)
        stack.push_async_callback(limiter.aclose)
        made = {name: factory(settings, client, limiter, clock) for name, factory in PROVIDERS.items()}
        tools = await stack.enter_async_context(open_tools(settings))
        providers = {name: provider for name, provider in made.items() if provider is not None}
        yield App(settings, clock, dsn, database, vault, client, downloads, limiter, providers, tools)


@asynccontextmanager
async def owner_database(settings: Settings) -> AsyncIterator[str]:
    """URL of the database with the rights to migrate: DATABASE_URL, else the embedded server, started where nobody did."""
    if settings.database_url:
        yield settings.database_url.get_secret_value()
        return
    server = EmbeddedPostgres(settings.home)
    cluster = await server.start()
    try:
        yield cluster.owner_dsn
    finally:
        await server.leave()
