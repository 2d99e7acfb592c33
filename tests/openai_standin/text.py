"""The doors of the text models: Responses, Chat, and the counting of tokens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from aiohttp import web

from openai_standin.answers import overflows, says, text_of
from openai_standin.errors import Problem
from openai_standin.streams import refused
from openai_standin.strict import form_problems

if TYPE_CHECKING:
    from openai_standin.server import StandIn


async def responses(standin: StandIn, request: web.Request) -> web.StreamResponse:
    return await _answered(standin, request, "text.format")


async def chat(standin: StandIn, request: web.Request) -> web.StreamResponse:
    return await _answered(standin, request, "response_format")


async def input_tokens(standin: StandIn, request: web.Request) -> web.StreamResponse:
    body = await request.json()
    standin.keep(request, body)
    if problem := standin.gone(str(body.get("model"))):
        return refused(problem)
    if waiting := standin.faults_at[request.path]:  # those for whatever comes next are meant for questions
        return await waiting.popleft()(request, body)
    return web.json_response({"object": "response.input_tokens", "input_tokens": tokens(body)})


def tokens(body: dict[str, Any]) -> int:
    """About what a tokeniser counts, and four for every message."""
    given = body.get("input") or body.get("messages") or []
    return math.ceil(len(text_of(body)) / 4) + 4 * (1 if isinstance(given, str) else len(given))


async def _answered(standin: StandIn, request: web.Request, param: str) -> web.StreamResponse:
    body = await request.json()
    standin.keep(request, body)
    standin.calls.append(body)
    if problem := standin.gone(str(body.get("model"))) or _invalid(body, param):
        return refused(problem)
    if standin.window is not None and len(text_of(body)) > standin.window:
        return await overflows(standin.overflow)(request, body)
    if fault := standin.next_fault(request):
        return await fault(request, body)
    return await says(standin.answer(body))(request, body)


def _invalid(body: dict[str, Any], param: str) -> Problem | None:
    if "temperature" in body and (body.get("reasoning") or {}).get("effort") != "none":
        return Problem("Unsupported parameter: 'temperature' is not supported with this model.", "unsupported_parameter", "temperature")
    form = (body.get("text") or {}).get("format") if param == "text.format" else (body.get("response_format") or {}).get("json_schema")
    if not form:
        return None
    if problem := next(form_problems(form), None):
        where = f"{param}.schema" if param == "text.format" else param
        return Problem(f"Invalid schema for response_format: {problem}.", "invalid_json_schema", where)
    return None
