"""The sandbox's own switches over HTTP: faults, clock, a new meeting, request log. No part of Zoom."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from momentum.errors import Invalid
from momentum.sandbox.answers import sandbox_of
from momentum.sandbox.faults import KNOWN
from momentum.sandbox.samples import SAMPLES


async def faults(request: Request) -> Response:
    """GET: what is on and what there is. POST: `{"slow": {"seconds": 2}, "server_error": 3, "localised": false}`. DELETE: all off."""
    sandbox = sandbox_of(request)
    if request.method == "DELETE":
        sandbox.faults.clear()
    if request.method == "POST":
        try:
            sandbox.faults.apply(_object(await request.body()))
        except (Invalid, TypeError, ValueError) as error:
            return JSONResponse({"detail": str(error), "known": KNOWN}, 422)
    return JSONResponse({"active": sandbox.faults.active(), "fired": dict(sandbox.faults.fired), "known": KNOWN})


async def clock(request: Request) -> Response:
    """POST `{"advance": seconds}`."""
    sandbox = sandbox_of(request)
    if request.method == "POST":
        try:
            sandbox.advance(float(_object(await request.body())["advance"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return JSONResponse({"detail": 'Say how far: {"advance": seconds}.'}, 422)
    return JSONResponse({"now": sandbox.now().isoformat()})


async def meetings(request: Request) -> Response:
    """POST `{"sample": "standup", "owner": "maya.chen@momentum.example"}`: a meeting ends this moment, recorded."""
    sandbox = sandbox_of(request)
    try:
        wanted = _object(await request.body())
        owner = sandbox.user(str(wanted.get("owner", sandbox.signed_in.email)))
        if owner is None:
            return JSONResponse({"detail": "There is no such user."}, 422)
        ended = sandbox.end_meeting(str(wanted.get("sample", "standup")), owner=owner)
    except (TypeError, ValueError):
        return JSONResponse({"detail": f"A JSON object is expected; `sample` is one of {', '.join(SAMPLES)}."}, 422)
    return JSONResponse({"uuid": ended.uuid, "id": ended.number, "topic": ended.topic, "ended_at": ended.end.isoformat()})


async def requests(request: Request) -> Response:
    """The request log, oldest first; DELETE clears it."""
    sandbox = sandbox_of(request)
    if request.method == "DELETE":
        sandbox.requests.clear()
    return JSONResponse({"requests": [record.as_json() for record in sandbox.requests]})


async def state(request: Request) -> Response:
    """What is so. POST `{"auto_approve": true, "signed_in": "tom.reed@momentum.example"}` changes it."""
    sandbox = sandbox_of(request)
    if request.method == "POST":
        try:
            wanted = _object(await request.body())
        except (TypeError, ValueError) as error:
            return JSONResponse({"detail": str(error)}, 422)
        user = sandbox.user(str(wanted.get("signed_in", sandbox.signed_in.email)))
        if user is None:
            return JSONResponse({"detail": "There is no such user."}, 422)
        sandbox.signed_in = user
        sandbox.auto_approve = bool(wanted.get("auto_approve", sandbox.auto_approve))
    return JSONResponse(sandbox.as_json())


def _object(body: bytes) -> dict[str, Any]:
    value = json.loads(body or b"{}")
    if not isinstance(value, dict):
        raise TypeError("A JSON object is expected.")
    return value


ROUTES = [
    Route("/__faults", faults, methods=["GET", "POST", "DELETE"]),
    Route("/__clock", clock, methods=["GET", "POST"]),
    Route("/__meetings", meetings, methods=["POST"]),
    Route("/__requests", requests, methods=["GET", "DELETE"]),
    Route("/__state", state, methods=["GET", "POST"]),
]
