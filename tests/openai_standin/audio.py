"""The transcription door: POST /v1/audio/transcriptions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from openai_standin import compatible, transcripts
from openai_standin.checks import refusal
from openai_standin.errors import Problem
from openai_standin.hearing import Line
from openai_standin.models import SpeechFacts
from openai_standin.streams import refused, sent
from openai_standin.upload import Upload, body_of, hangs_up_at, parsed

if TYPE_CHECKING:
    from openai_standin.server import StandIn


async def transcriptions(standin: StandIn, request: web.Request) -> web.StreamResponse:
    if standin.hangs_up_in_mid_upload:
        return await _cut_off(standin, request)
    body = await body_of(request, standin.largest_body)
    if isinstance(body, Problem):
        return refused(body)
    upload = parsed(body, request.headers.get("Content-Type", ""))
    standin.keep(request, upload.form, upload)
    if fault := standin.next_fault(request):
        return await fault(request, upload.form)
    if standin.imitates != "openai":
        return await compatible.transcribed(standin, request, upload)
    return await _transcribed(standin, request, upload)


async def _cut_off(standin: StandIn, request: web.Request) -> web.StreamResponse:
    problem = await hangs_up_at(request, standin.largest_body) or Problem("The body is not too large at all.")
    response = refused(problem)
    response.force_close()
    await response.prepare(request)
    await response.write_eof()
    if request.transport:
        request.transport.close()
    return response


async def _transcribed(standin: StandIn, request: web.Request, upload: Upload) -> web.StreamResponse:
    problem = _incomplete(upload) or standin.gone(upload.form["model"])
    if problem:
        return refused(problem)
    facts = standin.speech[upload.form["model"]]
    if problem := await asyncio.to_thread(refusal, upload, facts):
        return refused(problem)
    if standin.transcription is not None:
        return web.json_response(standin.transcription(upload) if callable(standin.transcription) else standin.transcription)
    lines, quality = await asyncio.to_thread(transcripts.lines_of, upload, facts, loops=standin.loops)
    if upload.form.get("stream") == "true" and facts.streams:
        return await sent(request, _events(standin, upload, facts, lines))
    return _answer(standin, upload, facts, lines, quality)


def _incomplete(upload: Upload) -> Problem | None:
    missing = [name for name, value in (("file", upload.file_name), ("model", upload.form.get("model"))) if not value]
    return Problem(f"Missing required parameter: '{missing[0]}'.", "missing_required_parameter", missing[0]) if missing else None


def _answer(standin: StandIn, upload: Upload, facts: SpeechFacts, lines: list[Line], quality: str) -> web.Response:
    kind = upload.asked_format
    if kind == "text":
        return web.Response(text=transcripts.text_of(lines) + "\n", content_type="text/plain")
    if kind in {"srt", "vtt"}:
        return web.Response(text=transcripts.subtitles(lines, kind), content_type="text/vtt" if kind == "vtt" else "text/plain")
    if kind == "verbose_json":
        return web.json_response(transcripts.verbose(upload, facts, lines, quality))
    if kind == "diarized_json":
        return web.json_response(transcripts.diarised(upload, facts, lines, standin.labelled()))
    return web.json_response(transcripts.plain(upload, facts, lines))


def _events(standin: StandIn, upload: Upload, facts: SpeechFacts, lines: list[Line]) -> list[dict[str, Any]]:
    done: dict[str, Any] = {"type": "transcript.text.done", **transcripts.plain(upload, facts, lines)}
    if upload.asked_format == "diarized_json":
        return [*transcripts.speaker_segments(upload, lines, standin.labelled()), done]
    return [*({"type": "transcript.text.delta", "delta": f"{line.text} "} for line in lines), done]
