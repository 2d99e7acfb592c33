"""Where Prometheus reads: counters of this process, and what stands in the database, read at that moment.

A plain ASGI application, so that a worker can be read too; the web server shows the same to whoever holds METRICS_TOKEN.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from momentum import metrics
from momentum.app import App
from momentum.errors import Unavailable
from momentum.inbound import listening
from momentum.store import audit, figures

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 5.0
"""For the database; Prometheus gives up after ten."""

Message = MutableMapping[str, Any]


@asynccontextmanager
async def exposed(app: App) -> AsyncIterator[int | None]:
    """Listen on METRICS_HOST and METRICS_PORT while the block runs; gives the port, None where none is set."""
    settings = app.settings
    if settings.metrics_port is None:
        yield None
        return
    async with listening(application(app), host=settings.metrics_host, port=settings.metrics_port, setting="METRICS_PORT") as port:
        yield port


def application(app: App) -> Callable[..., Awaitable[None]]:
    """`GET /metrics`, and nothing else."""

    async def answer(scope: Message, _receive: Any, send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["type"] != "http":
            return
        found = scope["path"] == "/metrics" and scope["method"] in {"GET", "HEAD"}
        body = await page(app) if found else b"Metrics are at /metrics.\n"
        kind = CONTENT_TYPE_LATEST if found else "text/plain; charset=utf-8"
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return answer


async def page(app: App) -> bytes:
    """All metrics in Prometheus' text format. A database that is away is itself a figure."""
    metrics.BUILD.labels(version("momentum")).set(1)
    answered = True
    # Not awaited once it is late: giving a connection back takes as long as the server stays silent.
    reading = asyncio.ensure_future(_read_database(app))
    reading.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait([reading], timeout=PATIENCE_SECONDS)
    try:
        answered = reading.done() and reading.result() is None
        reading.cancel()
    except Unavailable:
        answered = False
    except Exception:  # whoever watches must not be left without the rest
        metrics.FAULTS.labels("metrics").inc()
        log.exception("figures_not_read")
    metrics.DATABASE_UP.set(answered)
    return generate_latest(metrics.REGISTRY)


async def _read_database(app: App) -> None:
    async with app.database.nobody() as connection:
        waiting = await figures.queue(connection, app.clock())
        metrics.WORKERS.set(await figures.workers(connection))
        paces = figures.busiest(await figures.paces(connection))
        head = await audit.head(connection)
    metrics.AUDIT_ENTRIES.set(head.sequence)
    metrics.AUDIT_WAITING.set(head.waiting)
    for state, found in waiting.items():
        metrics.QUEUE_DEPTH.labels(state).set(found.depth)
        metrics.QUEUE_OLDEST.labels(state).set(found.seconds)
    for pace in paces:
        labels = (pace.provider, pace.allowance)
        metrics.RATE_PER_SECOND.labels(*labels).set(pace.per_second)
        metrics.RATE_DAY_USED.labels(*labels).set(pace.used_today)
        metrics.RATE_PAUSED.labels(*labels).set(pace.paused_seconds)
        if pace.daily_budget is not None:
            metrics.RATE_DAY_BUDGET.labels(*labels).set(pace.daily_budget)
