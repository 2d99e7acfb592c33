"""A stand-in for OpenAI's text API that speaks its wire protocol, strictly, with its faults on switches.

Refuses what the real one refuses (auth, unknown paths, schemas outside the strict subset) and keeps every request.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "sk-stand-in"
SNAPSHOT = "gpt-6-luna-2026-09-01"
USAGE = (100, 20)

Respond = Callable[[web.Request, dict[str, Any]], Any]


@dataclass
class StandIn:
    """`faults` are served first, one per call; then `answer` is asked for the text of each answer."""

    base_url: str = ""
    answer: Callable[[dict[str, Any]], Any] = lambda _body: {}
    faults: deque[Respond] = field(default_factory=deque)
    calls: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    models: dict[str, dict[str, Any]] = field(default_factory=lambda: {"gpt-6-luna": {"shutdown_date": "2027-11-30"}})
    window: int | None = None
    """Characters of input that fit; more overflows."""
    overflow: str = "http"

    def prompt(self, call: int = -1) -> str:
        return text_of(self.calls[call])


def text_of(body: dict[str, Any]) -> str:
    return "\n".join(m["content"] for m in body.get("input") or body.get("messages") or [])


@asynccontextmanager
async def running() -> AsyncIterator[StandIn]:
    standin = StandIn()
    app = web.Application(middlewares=[_auth(standin)])
    app.router.add_post("/v1/responses", _door(standin, "responses"))
    app.router.add_post("/v1/chat/completions", _door(standin, "chat"))
    app.router.add_get("/v1/models/{id}", _model(standin))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    standin.base_url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/v1"
    try:
        yield standin
    finally:
        await runner.cleanup()


def _auth(standin: StandIn):
    @web.middleware
    async def middleware(request: web.Request, handler: Any) -> web.StreamResponse:
        standin.paths.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            body = error("Incorrect API key provided: sk-wrong.", "invalid_request_error", "invalid_api_key") | {"status": 401}
            # The real service serves this one as text/plain.
            return web.Response(status=401, text=json.dumps(body), content_type="text/plain")
        return await handler(request)

    return middleware


def _door(standin: StandIn, api: str):
    async def door(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        standin.calls.append(body)
        form = body["text"]["format"] if api == "responses" else body["response_format"]["json_schema"]
        if problem := invalid(form, body, standin):
            return web.json_response(problem[1], status=problem[0])
        if standin.window is not None and len(text_of(body)) > standin.window:
            return await overflows(standin.overflow)(request, body)
        if standin.faults:
            return await standin.faults.popleft()(request, body)
        return await says(standin.answer(body))(request, body)

    return door


def _model(standin: StandIn):
    async def model(request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if name not in standin.models:
            return web.json_response(error(f"The model '{name}' does not exist", "invalid_request_error", "model_not_found"), status=404)
        return web.json_response({"id": name, "object": "model", "created": 1, "owned_by": "openai"} | standin.models[name])

    return model


def error(message: str, kind: str, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def invalid(form: dict[str, Any], body: dict[str, Any], standin: StandIn) -> tuple[int, dict[str, Any]] | None:
    if body["model"] not in standin.models:
        return 404, error("The model does not exist or you do not have access to it.", "invalid_request_error", "model_not_found")
    if "temperature" in body:
        return 400, error("Unsupported parameter: 'temperature'.", "invalid_request_error", "unsupported_parameter")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", form["name"]) or form.get("strict") is not True:
        return 400, error("Invalid name or strict.", "invalid_request_error", "invalid_value")
    problems = list(schema_problems(form["schema"]))
    return (400, error(f"Invalid schema: {problems[0]}", "invalid_request_error", "invalid_json_schema")) if problems else None


_KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "$ref", "$defs", "description", "title"}
_KEYWORDS |= {
    "const",
    "pattern",
    "format",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
}


def schema_problems(schema: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """What of `schema` lies outside the strict subset."""
    if depth == 0 and schema.get("type") != "object":
        yield "the root is no object"
    if depth > 10:
        yield "more than 10 levels"
        return
    yield from (f"{k} is not allowed" for k in schema if k not in _KEYWORDS)
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield "additionalProperties must be false"
        if sorted(schema.get("required", [])) != sorted(schema.get("properties", {})):
            yield "every property must be required"
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("$defs", {}).values()]
    for part in [*inner, *([schema["items"]] if "items" in schema else [])]:
        yield from schema_problems(part, depth + 1)


# --- answers and faults ---------------------------------------------------------------------------


def says(data: Any) -> Respond:
    """A complete answer: data as JSON, text as it is."""
    text = data if isinstance(data, str) else json.dumps(data)
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    return _ends("completed", content=content, finish="stop", message={"content": text, "refusal": None})


def refuses() -> Respond:
    content = [{"type": "refusal", "refusal": "I'm sorry, I can't help with that."}]
    return _ends("completed", content=content, finish="stop", message={"content": None, "refusal": "I'm sorry."})


def cut_short(reason: str = "max_output_tokens") -> Respond:
    content = [{"type": "output_text", "text": '{"summary": "We', "annotations": []}]
    finish = "length" if reason == "max_output_tokens" else reason
    return _ends("incomplete", content=content, finish=finish, message={"content": '{"summary": "We'}, reason=reason)


def overflows(shape: str) -> Respond:
    """Too much input: "http" as a status, "failed" and "event" inside the stream."""
    inner = error("Your input exceeds the context window of this model.", "invalid_request_error", "context_length_exceeded")["error"]
    wording = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."

    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if shape == "http" or not body.get("stream"):
            return web.json_response(error(wording, "invalid_request_error", None), status=400)
        if shape == "failed":
            failed = _response(body, "failed", []) | {"error": {"code": inner["code"], "message": inner["message"]}}
            return await _sse(request, [{"type": "response.failed", "response": failed}])
        return await _sse(request, [{"type": "error", "code": inner["code"], "message": inner["message"], "param": None}])

    return respond


def status(code: int, body: dict[str, Any] | str, headers: dict[str, str] | None = None) -> Respond:
    async def respond(_request: web.Request, _body: dict[str, Any]) -> web.Response:
        if isinstance(body, str):
            return web.Response(status=code, text=body, content_type="text/html", headers=headers)
        return web.json_response(body, status=code, headers=headers)

    return respond


def rate_limited(message: str = "Rate limit reached.", headers: dict[str, str] | None = None) -> Respond:
    return status(429, error(message, "requests", "rate_limit_exceeded"), headers)


def quota_spent(code: str = "insufficient_quota") -> Respond:
    return status(429, error("You exceeded your current quota.", "insufficient_quota", code))


def breaks_off() -> Respond:
    """The stream ends in the middle of the answer."""

    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return await _sse(request, [{"type": "response.created", "response": _response(body, "in_progress", [])}])

    return respond


def hangs_up() -> Respond:
    """The connection is closed before any answer."""

    async def respond(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        request.transport.close()
        await asyncio.sleep(0)
        return web.Response()

    return respond


def plain_json(data: Any) -> Respond:
    """A compatible server that ignores `stream`, leaves usage out and adds keys of its own."""

    async def respond(_request: web.Request, body: dict[str, Any]) -> web.Response:
        content = [{"type": "output_text", "text": json.dumps(data)}]
        made = _response(body, "completed", content) | {"timings": {"x": 1}}
        del made["usage"]
        return web.json_response(made)

    return respond


def _ends(state: str, *, content: list[dict[str, Any]], finish: str, message: dict[str, Any], reason: str | None = None) -> Respond:
    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if "messages" in body:
            usage = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "total_tokens": sum(USAGE)}
            choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
            chat = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": SNAPSHOT, "choices": [choice], "usage": usage}
            return web.json_response(chat)
        made = _response(body, state, content)
        if reason:
            made["incomplete_details"] = {"reason": reason}
        text = content[0].get("text", "")
        deltas = [{"type": "response.output_text.delta", "delta": text[i : i + 40]} for i in range(0, len(text), 40)]
        created = {"type": "response.created", "response": _response(body, "in_progress", [])}
        return await _sse(request, [created, *deltas, {"type": f"response.{state}", "response": made}])

    return respond


def _response(body: dict[str, Any], state: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    usage = {"input_tokens": USAGE[0], "output_tokens": USAGE[1], "total_tokens": sum(USAGE)}
    output = [{"type": "reasoning", "id": "rs_1", "summary": []}]
    if content:
        output.append({"type": "message", "id": "msg_1", "role": "assistant", "status": state, "content": content})
    return {
        "id": "resp_1",
        "object": "response",
        "status": state,
        "error": None,
        "incomplete_details": None,
        "model": SNAPSHOT,
        "output": output,
        "usage": usage,
        "store": body.get("store"),
    }


async def _sse(request: web.Request, events: list[dict[str, Any]]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number, event in enumerate(events):
        data = json.dumps(event | {"sequence_number": number})
        await response.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
    await response.write_eof()
    return response
