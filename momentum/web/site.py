"""The web application: routers, pages, headers, and how it is served."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from momentum import metrics
from momentum.app import App
from momentum.errors import ErrorCode
from momentum.inbound import listening
from momentum.web import entrance, failures, guard, headers, monitoring, pages, smaller, trace
from momentum.web.api import (
    analysis,
    archive,
    connections,
    corrections,
    documents,
    exports,
    health,
    keys,
    me,
    privacy,
    processings,
    recordings,
    search,
    shares,
    status,
    templates,
    versions,
    voices,
)
from momentum.web.door import People
from momentum.web.events import Streams
from momentum.web.oidc import IdentityProvider
from momentum.web.pages.shares import Openings
from momentum.web.published_keys import fetch_keys
from momentum.web.tokens import TokenVerifier
from momentum.web.trust import rules_for
from momentum.web.trying import Trying
from momentum.web.view import STATIC

DESCRIPTION = """Connect a person's Zoom, process its recordings, read what was made of them.

Every answer of 400 and above has one shape: `{"detail", "error_code", "status_code"}`, also where no operation below
names it: 404 for an unknown path, 405 (with `Allow`) for a method that a path does not take, 413 for a body of more than a megabyte.
"""

TAGS = [
    {"name": "zoom", "description": "A person's Zoom: connect, list, process, disconnect."},
    {"name": "recordings", "description": "What was recorded, at all providers: find it, process many at once."},
    {"name": "processings", "description": "The work on a recording, from the request to the deliverable."},
    {"name": "documents", "description": "What was written, and what was said."},
    {"name": "corrections", "description": "What you put right: layers over what was said and written, each of which can be undone."},
    {"name": "shares", "description": "Links that show one document to whoever has them. Only where the operator allows it (`SHARING`)."},
    {"name": "search", "description": "What was said and written, found again; questions answered from it."},
    {"name": "templates", "description": "Your own kinds of document."},
    {"name": "me", "description": "The person who asks."},
    {"name": "health", "description": "For whoever runs Momentum."},
]


def site(world: App, *, port: int) -> FastAPI:
    """The ASGI application for one world; `port` is where it will be served, for the Origin check."""
    application = _with_routes()
    application.state.world = world
    application.state.port = port
    application.state.verifier = TokenVerifier(rules_for(world.settings), fetch_keys=partial(fetch_keys, world.client), clock=world.clock)
    application.state.people = People()
    application.state.issuer = IdentityProvider(world.settings, world.client, world.clock) if world.settings.has_oidc else None
    application.state.operators = {}
    application.state.closing = asyncio.Event()
    application.state.strangers = {}
    application.state.questions = Counter()
    application.state.streams = Streams()
    application.state.openings = Openings()
    application.state.trying = Trying(world)
    presented = tuple(sorted(failures.PRESENTED_IN_VAIN))
    metrics.declare(metrics.AUTHENTICATIONS, ("bearer", "key", "session"), (metrics.OK, ErrorCode.NOT_AUTHENTICATED, *presented))
    failures.install(application)
    # The last one added is the outermost: what the guard answers carries the headers too.
    application.add_middleware(smaller.Smaller)
    application.add_middleware(guard.Guard)
    application.add_middleware(headers.SafetyHeaders)
    application.add_middleware(trace.Trace)
    return application


def description() -> dict[str, Any]:
    """The OpenAPI description; it does not depend on the settings."""
    return _with_routes().openapi()


def _with_routes() -> FastAPI:
    application = FastAPI(
        title="Momentum",
        version=version("momentum"),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    for name, label in connections.PROVIDERS.items():
        application.include_router(connections.router_for(name, label))
    of_a_person = (me.router, archive.router, keys.router, privacy.router, voices.router, templates.router)
    of_a_meeting = (
        processings.router,
        documents.router,
        versions.router,
        corrections.router,
        exports.router,
        analysis.router,
        search.router,
    )
    for part in (
        recordings.router,
        *of_a_meeting,
        shares.router,
        *of_a_person,
        health.router,
        status.router,
        entrance.router,
        *pages.ROUTERS,
        monitoring.router,
    ):
        application.include_router(part)
    application.mount("/static", StaticFiles(directory=STATIC), name="static")
    return application


def _operation_id(route: APIRoute) -> str:
    """`list_processings`; of a provider's routes `zoom_status`."""
    tag = str(route.tags[0]) if route.tags else ""
    return f"{tag}_{route.name}" if tag in connections.PROVIDERS else route.name


@asynccontextmanager
async def serving(world: App, *, setting: str = "PORT") -> AsyncIterator[int]:
    """Serve the site while the block runs; gives the port. `setting`: where the port came from."""
    settings = world.settings
    application = site(world, port=settings.port)
    async with listening(application, host=settings.host, port=settings.port, setting=setting) as port:
        try:
            yield port
        finally:
            application.state.closing.set()  # else each open event stream would hold the server up
            await application.state.trying.stop()
