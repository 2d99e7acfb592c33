"""Speech to text by OpenAI's transcription API, or any server that speaks it (speaches, vLLM, LocalAI, Ollama, ...)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from momentum import metrics
from momentum.errors import ActionRequired, ErrorCode, Permanent, Retry
from momentum.model import SAMPLE_RATE, Chunk, Clock, Heard, Segment
from momentum.outbound import sent
from momentum.outbound.model_roles import SPEECH
from momentum.outbound.openai_errors import translate
from momentum.outbound.openai_sdk import opened
from momentum.outbound.patience import Patience
from momentum.transcribers.base import Limits
from momentum.transcribers.openai_answers import read
from momentum.transcribers.openai_models import MAX_FILE_BYTES, MIN_SECONDS, SpeechModel, speech_model

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TARGET_SECONDS, MAX_SECONDS = 150.0, 240.0
"""Shorter than any model's limit on purpose: an hour becomes some twenty requests that run side by side, the first words come
after one of them, a retry repeats minutes, and a model that gives no times is off by little. Longer context gains no words."""
ANSWER_SECONDS = 600.0
_AFTER_SILENCE = 60.0
_AUDIBLE_SECONDS = 2.0
_SHORTEST_HALF = 10.0
_VERSION = 1  # of everything below that changes the words for the same audio


class OpenAITranscriber:
    """One model behind one base URL, `parallel` requests at a time over all recordings.

    Audio goes as FLAC: lossless, half of WAV or less, read everywhere.
    """

    name = "openai"

    def __init__(
        self,
        api_key: str | None,
        base_url: str,
        model: str,
        parallel: int,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.model: SpeechModel = speech_model(model)
        longest = min(MAX_SECONDS, self.model.max_seconds or MAX_SECONDS)
        # Every cut begins the speakers' labels anew.
        self.limits = Limits(min(TARGET_SECONDS, longest), longest, parallel, early=self.model.answer != "diarized_json")
        self._api_key = api_key or "none"  # servers of one's own often want no key, the client always does
        self._base_url = base_url.rstrip("/")
        self._clock, self._patience = clock, Patience(sleep, chance)
        self._answer: str = self.model.answer
        self._slots = asyncio.Semaphore(parallel)
        self._opened: AsyncOpenAI | None = None

    def parameters(self, language: str | None) -> dict[str, Any]:
        return {"model": self.model.name, "server": self._base_url, "language": language, "format": self.model.answer, "version": _VERSION}

    async def transcribe(self, chunk: Chunk, *, language: str | None) -> Heard:
        if not chunk.speech:
            return Heard((), None)
        try:
            heard = await self._heard(chunk, language)
        except Permanent as error:
            if error.code is not ErrorCode.MODEL_INPUT_TOO_LARGE or (halves := halved(chunk)) is None:
                raise
            return joined([(half, await self.transcribe(half, language=language)) for half in halves])
        return heard

    async def aclose(self) -> None:
        if self._opened:
            await self._opened.close()

    async def _heard(self, chunk: Chunk, language: str | None) -> Heard:
        audio = await asyncio.to_thread(flac, chunk.pcm)
        if len(audio) > MAX_FILE_BYTES:  # a server that refuses it breaks off in mid-upload, which looks like a network fault
            raise Permanent(ErrorCode.MODEL_INPUT_TOO_LARGE, "A piece of the recording is larger than the transcription API takes.")
        heard = read(await self._patiently(audio, chunk, language), chunk)
        if heard.segments or sum(end - start for start, end in chunk.speech) < _AUDIBLE_SECONDS:
            return heard
        second = read(await self._patiently(audio, chunk, language, temperature=0.3), chunk)
        return replace(second, billed_seconds=_sum(heard.billed_seconds, second.billed_seconds))

    async def _patiently(self, audio: bytes, chunk: Chunk, language: str | None, **extra: Any) -> dict[str, Any]:
        with metrics.outcome_of(metrics.MODEL_CALLS, self.model.name):
            body = await self._patience.ask(lambda: self._in_the_best_format(audio, chunk, language, extra))
        per_minute = self.model.usd_per_minute
        metrics.spent(self.model.name, None if per_minute is None else per_minute * chunk.seconds / 60)
        return body

    async def _in_the_best_format(self, audio: bytes, chunk: Chunk, language: str | None, extra: Mapping[str, Any]) -> dict[str, Any]:
        """Times are asked for where the model may have them; a server that knows no such format is asked plainly from then on."""
        form = self._form(chunk, language, self._answer)
        try:
            return await self._ask(audio, {**form, **extra})
        except Permanent as error:
            plain = form["response_format"] == "json"
            if self.model.known or plain or error.code is not ErrorCode.MODEL_REQUEST_INVALID:
                raise
        self._answer = "json"
        return await self._ask(audio, {**self._form(chunk, language, "json"), **extra})

    async def _ask(self, audio: bytes, form: Mapping[str, Any]) -> dict[str, Any]:
        # Servers know the format by the name's extension.
        request = {"file": ("speech.flac", audio, "audio/flac"), "model": self.model.name, **form}
        async with self._slots, self._translated():
            response = await self._client.audio.transcriptions.with_raw_response.create(**request)
        return _body(response.content, response.headers.get("content-type", ""))

    def _form(self, chunk: Chunk, language: str | None, answer: str) -> dict[str, Any]:
        form: dict[str, Any] = {"response_format": answer}
        if answer == "verbose_json":
            form["timestamp_granularities"] = ["segment", "word"]
        if self.model.server_cuts and chunk.seconds > 30:
            form["chunking_strategy"] = "auto"
        if language:
            form |= {"languages": [language]} if self.model.language_list else {"language": language}
        return form

    @property
    def _client(self) -> AsyncOpenAI:
        if self._opened is None:
            hooks = sent.hooks("audio", self.model.name, self._clock)
            self._opened = opened(self._api_key, self._base_url, hooks, silence=ANSWER_SECONDS)
        return self._opened

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """The SDK's exceptions, in our words; theirs hold the other side's text and go no further."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

        try:
            yield
        except APITimeoutError:
            # Asking again at once would only add to the load of a server that is too slow.
            raise Retry(ErrorCode.MODEL_UNAVAILABLE, "The transcription server took too long to answer.", after=_AFTER_SILENCE) from None
        except APIConnectionError as error:
            if (ours := sent.own(error)) is not None:
                raise ours from None
            raise Retry(ErrorCode.MODEL_UNAVAILABLE, "The transcription server cannot be reached.") from None
        except APIStatusError as error:
            headers = {k.lower(): v for k, v in error.response.headers.items()}
            fault = translate(error.status_code, headers, error.response.text, now=self._clock())
            raise SPEECH.explain(fault, self.model.name) from None
        except OpenAIError:
            raise Retry(ErrorCode.MODEL_UNAVAILABLE, "The transcription server gave an answer that cannot be read.") from None


def flac(pcm: bytes) -> bytes:
    """PCM as a FLAC file, at least as long as the API takes."""
    import av
    import numpy as np

    short = int(MIN_SECONDS * SAMPLE_RATE) * 2 + 2 - len(pcm)
    samples = np.frombuffer(pcm + bytes(max(0, short)), dtype="<i2").reshape(1, -1)
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def halved(chunk: Chunk) -> tuple[Chunk, Chunk] | None:
    """A chunk in two, at its longest pause; None when there is no pause far enough from both ends."""
    pauses = [(b[0] - a[1], (a[1] + b[0]) / 2) for a, b in pairwise(chunk.speech)]
    inside = [(length, at) for length, at in pauses if _SHORTEST_HALF <= at <= chunk.seconds - _SHORTEST_HALF]
    if not inside:
        return None
    sample = int(max(inside)[1] * SAMPLE_RATE)
    return _part(chunk, 0, sample), _part(chunk, sample, len(chunk.pcm) // 2)


def _part(chunk: Chunk, first: int, last: int) -> Chunk:
    pcm, start, end = chunk.pcm[first * 2 : last * 2], first / SAMPLE_RATE, last / SAMPLE_RATE
    speech = tuple((max(a, start) - start, min(b, end) - start) for a, b in chunk.speech if b > start and a < end)
    return Chunk(chunk.index, chunk.start + start, pcm, speech, hashlib.sha256(pcm).hexdigest(), chunk.forced_cut)


def joined(parts: list[tuple[Chunk, Heard]]) -> Heard:
    """What was heard in the parts of a chunk, as if it had been asked for at once."""
    begin = parts[0][0].start
    segments = [_later(segment, part.start - begin, number) for number, (part, heard) in enumerate(parts, 1) for segment in heard.segments]
    numbered = tuple(replace(segment, id=i) for i, segment in enumerate(segments))
    language = next((heard.language for _, heard in parts if heard.language), None)
    billed = _sum(*(heard.billed_seconds for _, heard in parts))
    return Heard(numbered, language, billed, raw={"parts": [heard.raw for _, heard in parts]})


def _later(segment: Segment, offset: float, part: int) -> Segment:
    words = tuple(replace(word, start=word.start + offset, end=word.end + offset) for word in segment.words)
    speaker = segment.speaker and f"{part}{segment.speaker}"  # the same letter in two answers is not the same person
    return replace(segment, start=segment.start + offset, end=segment.end + offset, speaker=speaker, words=words)


def _sum(*seconds: float | None) -> float | None:
    known = [value for value in seconds if value is not None]
    return sum(known) if known else None


def _body(content: bytes, kind: str) -> dict[str, Any]:
    """The answer as a dict: JSON by content, not by header; plain text where a server gives nothing else."""
    text = content.decode(errors="replace")
    try:
        body = json.loads(text)
    except ValueError:
        if kind.startswith("text/plain"):
            return {"text": text}
        raise _no_transcription_api() from None
    if not isinstance(body, dict) or not {"text", "segments", "words"} & body.keys():
        raise _no_transcription_api()
    return body


def _no_transcription_api() -> ActionRequired:
    return ActionRequired(
        ErrorCode.MODEL_NOT_CONFIGURED, "What answers at SPEECH_BASE_URL is no transcription API. Check the address and the model."
    )
