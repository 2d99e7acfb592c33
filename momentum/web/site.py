"""The web application: routers, pages, headers, and how it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from momentum.app import App
from momentum.errors import ErrorCode, Retry
from momentum.inbound import listening
from momentum.web import failures, headers, pages
from momentum.web.api import connections, documents, me, processings
from momentum.web.tokens import TokenVerifier
from momentum.web.trust import rules_for

STATIC = Path(__file__).with_name("static")

DESCRIPTION = """Connect a person's Zoom, process its recordings, read what was made of them.

Every answer of 400 and above has one shape: `{"detail", "error_code", "status_code"}`.
"""


def site(world: App, *, port: int) -> FastAPI:
    """The ASGI application for one world; `port` is where it will be served, for the Origin check."""
    application = FastAPI(title="Momentum", version=version("momentum"), description=DESCRIPTION, docs_url=None, redoc_url=None)
    application.state.world = world
    application.state.port = port
    application.state.verifier = TokenVerifier(rules_for(world.settings), fetch_keys=_key_fetcher(world), clock=world.clock)
    for name, label in connections.PROVIDERS.items():
        application.include_router(connections.router_for(name, label))
    for part in (processings.router, documents.router, me.router, pages.router):
        application.include_router(part)
    application.mount("/static", StaticFiles(directory=STATIC), name="static")
    application.add_middleware(headers.SafetyHeaders)
    failures.install(application)
    return application


def _key_fetcher(world: App) -> Any:
    async def fetch(url: str) -> Any:
        answer = await world.client.request("GET", url)
        document = answer.json()
        if answer.status != 200 or document is None:
            raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, "The keys that sign your tokens cannot be read right now.", after=10)
        return document

    return fetch


@asynccontextmanager
async def serving(world: App) -> AsyncIterator[int]:
    """Serve the site while the block runs; gives the port."""
    settings = world.settings
    async with listening(site(world, port=settings.port), host=settings.host, port=settings.port) as port:
        yield port
