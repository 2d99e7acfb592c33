"""`momentum serve` and `momentum worker`: the doors, open until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog

from momentum import heap
from momentum.app import App, open_app
from momentum.cli import stopping
from momentum.cli.start import start
from momentum.exposition import exposed
from momentum.inbound import free_port
from momentum.settings import Settings

log = structlog.get_logger(__name__)


def run(*, with_web: bool, with_worker: bool) -> int:
    """Serve until SIGINT or SIGTERM, which may come before anything is up."""
    heap.settle()
    settings = _with_a_port(start(quiet=False))
    with contextlib.suppress(asyncio.CancelledError):
        stopping.run(_serve(settings, with_web=with_web, with_worker=with_worker))
    return 0


async def _serve(settings: Settings, *, with_web: bool, with_worker: bool) -> None:
    async with open_app(settings) as app, doors(app, with_web=with_web, with_worker=with_worker) as port:
        if port is not None:
            log.info("serving", url=settings.base_url)
            if settings.is_loopback:
                from momentum.web.links import sign_in_link

                print(f"Sign in (once, within ten minutes): {await sign_in_link(app)}", file=sys.stderr, flush=True)
        await stopping.until_told_to_stop()


def _with_a_port(settings: Settings) -> Settings:
    """PORT=0 is a free one, chosen before anything is made of it: links, the Origin check."""
    return settings if settings.port else settings.model_copy(update={"port": free_port(settings.host)})


@asynccontextmanager
async def doors(app: App, *, with_web: bool, with_worker: bool, setting: str = "PORT") -> AsyncIterator[int | None]:
    """Web and worker, as asked for, and metrics where they have a port; gives the web server's port."""
    web = _serving(app, setting) if with_web else None  # what it loads would hold up a worker that has begun
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(exposed(app))
        if with_worker:
            await stack.enter_async_context(_working(app))
        yield await stack.enter_async_context(web) if web else None


# Each is loaded where it is wanted: a worker alone needs no web framework, a web server alone no job engine.


def _working(app: App) -> AbstractAsyncContextManager[None]:
    from momentum.worker import working

    return working(app)


def _serving(app: App, setting: str) -> AbstractAsyncContextManager[int]:
    from momentum.web.site import serving

    return serving(app, setting=setting)
