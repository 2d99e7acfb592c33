"""Answers of the text interfaces, Responses and Chat, complete and otherwise; each is a `Respond` for `StandIn.faults`.

https://github.com/openai/openai-openapi
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from openai_standin.errors import error
from openai_standin.models import SNAPSHOT
from openai_standin.streams import sent

Respond = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
Event = dict[str, Any]

USAGE = (100, 20)
"""Tokens read and written, as every answer counts them."""
OVERFLOWS = ("http", "failed", "event")
"""The shapes of too much input: as a status, as the stream's response.failed, as a bare event."""
OVERFLOW = "Your input exceeds the context window of this model. Please adjust your input and try again."
_IN_CHAT = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
_SORRY = "I'm sorry, I can't help with that."
_CUT = '{"summary": "We'


def text_of(body: dict[str, Any]) -> str:
    """All that a request says to the model."""
    given = body.get("input") or body.get("messages") or []
    return given if isinstance(given, str) else "\n".join(message["content"] for message in given)


def says(data: Any) -> Respond:
    """A complete answer: data as JSON, text as it is."""
    text = data if isinstance(data, str) else json.dumps(data)
    return _ends("completed", _output_text(text), finish="stop", message={"content": text, "refusal": None})


def refuses() -> Respond:
    content = {"type": "refusal", "refusal": _SORRY}
    return _ends("completed", content, finish="stop", message={"content": None, "refusal": _SORRY})


def cut_short(reason: str = "max_output_tokens") -> Respond:
    finish = "length" if reason == "max_output_tokens" else reason
    return _ends("incomplete", _output_text(_CUT), finish=finish, message={"content": _CUT, "refusal": None}, reason=reason)


def overflows(shape: str) -> Respond:
    """Too much input, in one of the shapes of OVERFLOWS."""

    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if shape == "http" or not body.get("stream"):
            code = None if "messages" in body else "context_length_exceeded"
            return web.json_response(error(_IN_CHAT if "messages" in body else OVERFLOW, "invalid_request_error", code), status=400)
        inner = {"code": "context_length_exceeded", "message": OVERFLOW}
        return await (fails if shape == "failed" else bare_error)(inner)(request, body)

    return respond


def fails(inner: dict[str, Any]) -> Respond:
    """response.failed at the end of a stream; `inner` is its error."""

    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        failed = response(body, "failed", None) | {"error": inner}
        return await sent(request, numbered([*begun(body), {"type": "response.failed", "response": failed}]))

    return respond


def bare_error(inner: dict[str, Any]) -> Respond:
    """An error event instead of any response."""

    async def respond(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return await sent(request, numbered([{"type": "error", "param": None, **inner}]))

    return respond


def breaks_off() -> Respond:
    """The stream ends in order, but in the middle of the answer."""

    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return await sent(request, numbered(begun(body)))

    return respond


def plain_json(data: Any) -> Respond:
    """A compatible server that ignores `stream`, leaves usage out and adds keys of its own."""

    async def respond(_request: web.Request, body: dict[str, Any]) -> web.Response:
        made = response(body, "completed", _output_text(json.dumps(data))) | {"timings": {"x": 1}}
        del made["usage"]
        return web.json_response(made)

    return respond


def _output_text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _ends(state: str, content: dict[str, Any], *, finish: str, message: dict[str, Any], reason: str | None = None) -> Respond:
    async def respond(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if "messages" in body:
            return web.json_response(_completion(finish, message))
        made = response(body, state, content) | {"incomplete_details": reason and {"reason": reason}}
        if not body.get("stream"):
            return web.json_response(made)
        return await sent(request, events(body, made, content))

    return respond


def _completion(finish: str, message: dict[str, Any]) -> dict[str, Any]:
    usage = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "total_tokens": sum(USAGE)}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": SNAPSHOT, "choices": [choice], "usage": usage}


def response(body: dict[str, Any], state: str, content: dict[str, Any] | None) -> dict[str, Any]:
    """The body of Responses, reasoning first."""
    usage = {
        "input_tokens": USAGE[0],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": USAGE[1],
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": sum(USAGE),
    }
    output: list[dict[str, Any]] = [{"type": "reasoning", "id": "rs_1", "summary": []}]
    if content:
        output.append(_message(state, [content]))
    return {
        "id": "resp_1",
        "object": "response",
        "status": state,
        "error": None,
        "incomplete_details": None,
        "model": SNAPSHOT,
        "output": output,
        "usage": usage,
        "store": body.get("store", True),
    }


def _message(state: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": state, "phase": "final_answer", "content": content}


def begun(body: dict[str, Any]) -> list[Event]:
    return [{"type": f"response.{name}", "response": response(body, "in_progress", None)} for name in ("created", "in_progress")]


def events(body: dict[str, Any], made: dict[str, Any], content: dict[str, Any]) -> list[Event]:
    """The whole stream of one answer, in order."""
    kind = content["type"]
    field = "refusal" if kind == "refusal" else "text"
    place = {"item_id": "msg_1", "output_index": 1}
    part = place | {"content_index": 0}
    pieces = [content[field][i : i + 40] for i in range(0, len(content[field]), 40)]
    empty = {**content, field: ""}
    return numbered(
        [
            *begun(body),
            {"type": "response.output_item.added", "output_index": 1, "item": _message("in_progress", [])},
            {"type": "response.content_part.added", **part, "part": empty},
            *({"type": f"response.{kind}.delta", **part, "delta": piece} for piece in pieces),
            {"type": f"response.{kind}.done", **part, field: content[field]},
            {"type": "response.content_part.done", **part, "part": content},
            {"type": "response.output_item.done", "output_index": 1, "item": _message(made["status"], [content])},
            {"type": f"response.{made['status']}", "response": made},
        ]
    )


def numbered(stream: list[Event]) -> list[Event]:
    return [event | {"sequence_number": number} for number, event in enumerate(stream)]
