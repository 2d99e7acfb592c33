"""One object holds the world: everything a step or a door may touch, built in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from momentum.clock import real_clock
from momentum.database import open_database
from momentum.errors import ErrorCode, NotFound
from momentum.model import Clock
from momentum.outbound.client import ApiClient
from momentum.outbound.download import Downloads
from momentum.providers import PROVIDERS, private_hosts
from momentum.providers.base import Provider
from momentum.settings import Settings
from momentum.store.database import Database
from momentum.store.keys import open_vault
from momentum.store.limits import SharedLimiter
from momentum.store.tokens import StoredTokens, settled
from momentum.tools import Tools, open_tools
from momentum.trial import Trial
from momentum.vault import Vault

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Connecting:
    """What connecting a person to one provider touches."""

    database: Database
    vault: Vault
    provider: Provider
    clock: Clock
    under_way: set[asyncio.Task[Any]] = field(default_factory=set, repr=False, compare=False)
    """Work that goes on though its caller left."""


class Providers(Mapping[str, Provider]):
    """Those that are set up, by name; and while it runs, a local Zoom that somebody tries Momentum with."""

    def __init__(self, made: Mapping[str, Provider], trial: Trial) -> None:
        self._made, self._trial = dict(made), trial

    def __getitem__(self, name: str) -> Provider:
        found = self._made.get(name) or self._trial.providers().get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter({**self._made, **self._trial.providers()})

    def __len__(self) -> int:
        return len({**self._made, **self._trial.providers()})


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
    providers: Mapping[str, Provider]
    tools: Tools
    trial: Trial | None = None
    under_way: set[asyncio.Task[Any]] = field(default_factory=set, repr=False, compare=False)
    """Work that goes on though its caller left; the world ends after it."""

    def provider(self, name: str) -> Provider:
        """The provider of that name. Raises NotFound(PROVIDER_NOT_CONFIGURED) where its settings are missing."""
        if name not in PROVIDERS:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such provider.")
        if (found := self.providers.get(name)) is None:
            variables = f"{name.upper()}_CLIENT_ID and {name.upper()}_CLIENT_SECRET"
            detail = f"{name.title()} is not set up here: the operator has to set {variables}."
            if self.trial is not None and self.trial.is_allowed:
                detail += " To try things without it, run the sandbox on the page /start."
            raise NotFound(ErrorCode.PROVIDER_NOT_CONFIGURED, detail)
        return found

    def downloads_of(self, provider: str) -> Downloads:
        """What downloads the recordings of that provider: a local Zoom's addresses are reached for it alone."""
        trial = self.trial is not None and provider in self.trial.providers()
        return self.trial.downloads if trial and self.trial else self.downloads

    def connecting(self, provider: str) -> Connecting:
        """For `pipeline.connect`. Raises NotFound(PROVIDER_NOT_CONFIGURED)."""
        return Connecting(self.database, self.vault, self.provider(provider), self.clock, self.under_way)

    def tokens(self, provider: str, user_id: UUID) -> StoredTokens:
        """The access token of a person's connection."""
        return StoredTokens(self.database, self.vault, self.provider(provider), user_id, self.clock)


@asynccontextmanager
async def open_app(settings: Settings, clock: Clock = real_clock) -> AsyncIterator[App]:
    """The world, closed again at the end; an embedded database that we started is stopped."""
    async with AsyncExitStack() as stack:
        database, dsn = await stack.enter_async_context(open_database(settings))
        stack.push_async_callback(settled, database)
        vault = await open_vault(database, settings)
        client = ApiClient(private_hosts=private_hosts(settings) | host_of(settings.jwt_jwks_url) | host_of(settings.oidc_issuer))
        stack.push_async_callback(client.aclose)
        downloads = Downloads(clock=clock, private_hosts=private_hosts(settings), max_bytes=settings.max_recording_bytes)
        stack.push_async_callback(downloads.aclose)
        limiter = SharedLimiter(database)
        stack.push_async_callback(limiter.aclose)
        made = {name: factory(settings, client, limiter, clock) for name, factory in PROVIDERS.items()}
        trial = Trial(settings, limiter, clock)
        stack.push_async_callback(trial.aclose)
        tools = await stack.enter_async_context(open_tools(settings, clock))
        providers = Providers({name: provider for name, provider in made.items() if provider is not None}, trial)
        stack.push_async_callback(settled, database)  # before the client closes: a refresh under way still needs its answer
        app = App(settings, clock, dsn, database, vault, client, downloads, limiter, providers, tools, trial)
        stack.push_async_callback(finished, app.under_way)
        yield app


def begun(under_way: set[asyncio.Task[Any]], work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
    """`work` as a task that goes on though its caller leaves; whoever waits for it shields it."""
    task = asyncio.create_task(work)
    under_way.add(task)
    task.add_done_callback(under_way.discard)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # where the caller left, nobody asks for it
    return task


async def finished(under_way: set[asyncio.Task[Any]]) -> None:
    """Return when nothing of it is left: a connection between a vendor's answer and our commit would be lost."""
    while under_way:
        await asyncio.gather(*under_way, return_exceptions=True)


def host_of(url: str | None) -> frozenset[str]:
    """For `ApiClient.private_hosts`: the operator named this address themselves, so it may be a private one."""
    host = urlsplit(url).hostname if url else None
    return frozenset({host} if host else ())
