"""A stand-in for OpenAI's API on loopback: its protocol, strictly, with its faults on switches."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from aiohttp import web

from openai_standin import audio, embeddings, text
from openai_standin.answers import Respond, text_of
from openai_standin.errors import Problem, error, no_such_model
from openai_standin.models import SPEECH, SpeechFacts, listed
from openai_standin.streams import refused
from openai_standin.upload import LARGEST_BODY, Upload

KEY = "sk-stand-in"
AUDIO_PATH, RESPONSES_PATH, CHAT_PATH = "/v1/audio/transcriptions", "/v1/responses", "/v1/chat/completions"
EMBEDDINGS_PATH = "/v1/embeddings"


@dataclass
class Seen:
    """One request: `body` is its JSON or its form without the file; `upload` what was uploaded; `status` what it got."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    upload: Upload | None = None
    status: int | None = None
    """None where the connection was cut."""


@dataclass
class StandIn:
    """The switches. `faults` are served first, one a request, those of `faults_at` its path before them."""

    base_url: str = ""
    key: str = KEY
    now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    faults: deque[Respond] = field(default_factory=deque)
    faults_at: defaultdict[str, deque[Respond]] = field(default_factory=lambda: defaultdict(deque))
    log: list[Seen] = field(default_factory=list)
    models: dict[str, dict[str, Any]] = field(default_factory=listed)
    imitates: Literal["openai", "localai", "vllm", "ollama", "llama.cpp"] = "openai"

    # text
    answer: Callable[[dict[str, Any]], Any] = lambda _body: {}
    calls: list[dict[str, Any]] = field(default_factory=list)
    window: int | None = None
    """Characters of input that fit; more overflows."""
    overflow: str = "http"

    # transcription
    speech: dict[str, SpeechFacts] = field(default_factory=lambda: dict(SPEECH))
    transcription: Any = None
    """The body of every answer, or what makes one of an upload; None = what is heard in the sound."""
    loops: bool = False
    gives_times: bool = True
    """Of a vLLM: whether its model has verbose_json."""
    largest_body: int = LARGEST_BODY
    hangs_up_in_mid_upload: bool = False
    _labelled: int = 0

    @property
    def paths(self) -> list[str]:
        return [f"{seen.method} {seen.path}" for seen in self.log]

    @property
    def uploads(self) -> list[Upload]:
        return [seen.upload for seen in self.log if seen.upload]

    def prompt(self, call: int = -1) -> str:
        return text_of(self.calls[call])

    def later(self, **by: int) -> None:
        """Move the clock: `later(days=3)`."""
        self.now += timedelta(**by)

    def keep(self, request: web.Request, body: dict[str, Any], upload: Upload | None = None) -> None:
        seen = request[_SEEN]
        seen.body, seen.upload = body, upload

    def next_fault(self, request: web.Request) -> Respond | None:
        for waiting in (self.faults_at[request.path], self.faults):
            if waiting:
                return waiting.popleft()
        return None

    def gone(self, model: str) -> Problem | None:
        """404 for a model that never was, or whose last day is over."""
        last = self.models.get(model, {}).get("shutdown_date")
        ended = isinstance(last, str) and self.now.date() > date.fromisoformat(last)
        return no_such_model(model) if model not in self.models or ended else None

    def labelled(self) -> int:
        """How many answers with labels there were before this one."""
        self._labelled += 1
        return self._labelled - 1


_SEEN = web.RequestKey("seen", Seen)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def running() -> AsyncIterator[StandIn]:
    """A stand-in that listens on a port of its own."""
    standin = StandIn()
    app = web.Application(middlewares=[_log(standin), _guard(standin)])
    app.on_response_prepare.append(_add_headers)
    _add_routes(app, standin)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    standin.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield standin
    finally:
        await runner.cleanup()


def _add_routes(app: web.Application, standin: StandIn) -> None:
    def door(handle: Callable[[StandIn, web.Request], Awaitable[web.StreamResponse]]) -> _Handler:
        async def open_door(request: web.Request) -> web.StreamResponse:
            return await handle(standin, request)

        return open_door

    app.router.add_post(AUDIO_PATH, door(audio.transcriptions))
    app.router.add_post(RESPONSES_PATH, door(text.responses))
    app.router.add_post(f"{RESPONSES_PATH}/input_tokens", door(text.input_tokens))
    app.router.add_post(CHAT_PATH, door(text.chat))
    app.router.add_post(EMBEDDINGS_PATH, door(embeddings.embeddings))
    app.router.add_get("/v1/models", door(_models))
    app.router.add_get("/v1/models/{id}", door(_model))


def _log(standin: StandIn) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: _Handler) -> web.StreamResponse:
        seen = Seen(request.method, request.path, {name.lower(): value for name, value in request.headers.items()})
        request[_SEEN] = seen
        standin.log.append(seen)
        response = await handler(request)
        seen.status = response.status if request.transport and not request.transport.is_closing() else None
        return response

    return middleware


def _guard(standin: StandIn) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Who has no key, or asks for what is not there, gets no further."""
        given = request.headers.get("Authorization", "")
        if given != f"Bearer {standin.key}":
            return _unauthorized(given.removeprefix("Bearer "))
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return refused(Problem(f"Invalid URL ({request.method} {request.path})", None, status=404))
        except web.HTTPMethodNotAllowed:
            return refused(Problem(f"Not allowed to {request.method} on {request.path}.", "method_not_supported", status=405))

    return guard


def _unauthorized(key: str) -> web.Response:
    if key:
        body = error(f"Incorrect API key provided: {key}. You can find yours in your account.", "invalid_request_error", "invalid_api_key")
    else:
        body = error("You didn't provide an API key.", "invalid_request_error", None)
    # The real service serves this one as text/plain.
    return web.Response(status=401, text=json.dumps(body | {"status": 401}), content_type="text/plain")


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer carries; those of audio know of no tokens."""
    left = {"requests": ("5000", "4999", "12ms")} | ({} if request.path == AUDIO_PATH else {"tokens": ("2000000", "1999000", "6m0s")})
    for what, values in left.items():
        for name, value in zip(("limit", "remaining", "reset"), values, strict=True):
            response.headers.setdefault(f"x-ratelimit-{name}-{what}", value)
    response.headers.update({"x-request-id": "req_1", "openai-version": "2020-10-01", "openai-processing-ms": "12"})


async def _models(standin: StandIn, _request: web.Request) -> web.StreamResponse:
    names = [name for name in standin.models if not standin.gone(name)]
    return web.json_response({"object": "list", "data": [_described(standin, name) for name in names]})


async def _model(standin: StandIn, request: web.Request) -> web.StreamResponse:
    name = request.match_info["id"]
    if standin.imitates == "llama.cpp":
        return web.json_response({"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}}, status=404)
    if problem := standin.gone(name):
        return refused(problem)
    return web.json_response(_described(standin, name))


def _described(standin: StandIn, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1, "owned_by": "openai"} | standin.models[name]
