"""`/metrics` on the web server, for whoever holds METRICS_TOKEN; without one it has its own listener or none (`METRICS_PORT`)."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from momentum import exposition
from momentum.errors import ErrorCode, NotFound, Unauthorized
from momentum.web.door import World

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(world: World, asked: Request) -> Response:
    """Figures for whoever runs Momentum, in Prometheus' text format."""
    token = world.settings.metrics_token
    if token is None:
        raise NotFound(ErrorCode.NOT_FOUND, "Metrics are not shown here. Set METRICS_TOKEN, or METRICS_PORT for a port of their own.")
    sent = asked.headers.get("authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {token.get_secret_value()}".encode()):
        raise Unauthorized(ErrorCode.NOT_AUTHENTICATED, "Metrics need METRICS_TOKEN as a bearer token.")
    return Response(await exposition.page(world), media_type=CONTENT_TYPE_LATEST)
