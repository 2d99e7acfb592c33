"""Transcriptions as servers give them that imitate the API, each with its own habits.

LocalAI: https://localai.io/features/audio-to-text · vLLM: https://docs.vllm.ai, Transcriptions API ·
Ollama: https://docs.ollama.com, OpenAI compatibility · llama.cpp: https://github.com/ggml-org/llama.cpp, tools/server
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from openai_standin.hearing import Line, heard
from openai_standin.streams import sent
from openai_standin.transcripts import text_of
from openai_standin.upload import Upload

if TYPE_CHECKING:
    from openai_standin.server import StandIn

_NANOSECONDS = 1_000_000_000


async def transcribed(standin: StandIn, request: web.Request, upload: Upload) -> web.StreamResponse:
    lines = await asyncio.to_thread(lambda: heard(upload.samples))
    return await _SERVERS[standin.imitates](standin, request, upload, lines)


async def _localai(_standin: StandIn, _request: web.Request, upload: Upload, lines: list[Line]) -> web.StreamResponse:
    """Whole nanoseconds, and a segment for what was silent."""
    if upload.asked_format != "verbose_json":
        return web.json_response({"text": text_of(lines)})
    spans = [*((line.start, line.end, f" {line.text}") for line in lines), (upload.seconds - 0.5, upload.seconds, " [BLANK_AUDIO]")]
    segments = [
        {"id": i, "start": int(start * _NANOSECONDS), "end": int(end * _NANOSECONDS), "text": text, "tokens": None}
        for i, (start, end, text) in enumerate(spans)
    ]
    return web.json_response({"segments": segments, "text": "".join(text for _, _, text in spans)})


async def _vllm(standin: StandIn, request: web.Request, upload: Upload, lines: list[Line]) -> web.StreamResponse:
    """`duration` is text; a stream looks like one of Chat; a model without time tokens has no verbose_json."""
    if upload.asked_format == "verbose_json" and not standin.gives_times:
        message = "Currently do not support verbose_json for this model"
        return web.json_response({"error": {"message": message, "type": "BadRequestError", "param": None, "code": 400}}, status=400)
    if upload.form.get("stream") == "true":
        return await sent(request, [_chunk(f"{line.text} ") for line in lines] + [_chunk("", "stop")], named=False, last="[DONE]")
    body: dict[str, Any] = {"text": text_of(lines)}
    if upload.asked_format == "verbose_json":
        segments = [{"id": i, "start": line.start, "end": line.end, "text": f" {line.text}"} for i, line in enumerate(lines)]
        return web.json_response(body | {"duration": str(upload.seconds), "language": "en", "segments": segments, "words": None})
    return web.json_response(body | {"usage": {"type": "duration", "seconds": int(upload.seconds) + 1}})


def _chunk(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"delta": {"content": text, "reasoning_content": None}, "finish_reason": finish, "stop_reason": None}
    return {"id": "trsc-1", "object": "transcription.chunk", "created": 1, "model": "whisper", "choices": [choice]}


async def _ollama(_standin: StandIn, _request: web.Request, _upload: Upload, lines: list[Line]) -> web.StreamResponse:
    """Text and nothing else, whatever was asked for."""
    return web.json_response({"text": text_of(lines)})


async def _llama_cpp(_standin: StandIn, request: web.Request, upload: Upload, lines: list[Line]) -> web.StreamResponse:
    """Text only; in a stream the words are in the deltas alone."""
    if upload.form.get("stream") != "true":
        return web.json_response({"text": text_of(lines)})
    deltas = [{"type": "transcript.text.delta", "delta": f"{line.text} "} for line in lines]
    return await sent(request, [*deltas, {"type": "transcript.text.done", "text": ""}])


_Imitation = Callable[["StandIn", web.Request, Upload, list[Line]], Awaitable[web.StreamResponse]]
_SERVERS: dict[str, _Imitation] = {"localai": _localai, "vllm": _vllm, "ollama": _ollama, "llama.cpp": _llama_cpp}
