"""From a stream of PCM to a transcript: gate, cut, transcribe, with back-pressure and a ledger.

Nothing is asked of the stream while as many chunks are in flight as the engine takes at once, so memory is flat in the
recording's length. A finished chunk is in the ledger before anything else happens to it: whoever repeats the run pays only
for what was not finished.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from momentum import metrics
from momentum.errors import ActionRequired, MomentumError, Permanent
from momentum.media.cuts import Cutter
from momentum.media.voice import VoiceGate
from momentum.model import SAMPLE_RATE, Chunk, Heard, Segment, Transcript
from momentum.transcribers.base import Ledger, Transcriber, engine_of
from momentum.transcribers.plausible import marked

GAP_TEXT = "[…]"
"""Stands where somebody spoke and no engine found a word, so that a reader sees it; the segment is marked "gap"."""
AUDIBLE_SECONDS = 2.0
"""From so much gated speech on, an empty answer is a gap."""
SURE = 0.5
"""An engine's language probability below which the language of earlier chunks is tried instead."""
_BLOCK_BYTES = 10 * SAMPLE_RATE * 2
_REPORT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How far a run is, in seconds of the recording: everything before `transcribed_seconds` is in words or in the ledger."""

    heard_seconds: float
    transcribed_seconds: float
    chunks_done: int
    chunks_known: int


Report = Callable[[Heartbeat], Awaitable[None]]
Listen = Callable[[Chunk, Sequence[Segment]], Awaitable[None]]
"""Is given each chunk with what was said in it, in seconds of the recording, while its sound is still there."""


async def transcribe(
    pcm: AsyncIterator[bytes],
    *,
    transcriber: Transcriber,
    ledger: Ledger,
    language: str | None,
    report: Report,
    listen: Listen | None = None,
) -> Transcript:
    """Everything said in `pcm` (16 kHz mono int16), segment ids from 0, times in seconds of the recording.

    Silence gives an empty transcript and no call. The first failure, of the stream, an engine call or the ledger, cancels what
    is in flight and is raised as it is; what was finished stays in the ledger.
    """
    run = _Run(transcriber, ledger, language, report, listen)
    try:
        async with asyncio.TaskGroup() as group:
            await run.listen(pcm, group)
    except BaseExceptionGroup as failures:
        failure = _decisive(failures)
    else:
        return run.transcript()
    finally:
        await _close(pcm)
    raise failure


def ledger_key(chunk: Chunk, transcriber: Transcriber, language: str | None) -> str:
    """Hex digest of everything that decides a chunk's words: the audio, the engine, its parameters."""
    made_from = {"audio": chunk.digest, "engine": transcriber.name, "parameters": transcriber.parameters(language)}
    return hashlib.sha256(json.dumps(made_from, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


class _Run:
    """One pass over one recording."""

    def __init__(self, transcriber: Transcriber, ledger: Ledger, language: str | None, report: Report, listen: Listen | None) -> None:
        self._transcriber, self._ledger, self._language, self._report, self._listen = transcriber, ledger, language, report, listen
        self._engine = engine_of(transcriber, language)
        self._slots = asyncio.Semaphore(transcriber.limits.parallel)
        self._tasks: list[asyncio.Task[Heard]] = []
        self._starts: dict[int, float] = {}  # of chunks that are not finished
        self._segments: dict[int, tuple[Segment, ...]] = {}
        self._heard_seconds = self._settled_seconds = self._reported_seconds = 0.0

    async def listen(self, pcm: AsyncIterator[bytes], group: asyncio.TaskGroup) -> None:
        limits = self._transcriber.limits
        gate, cutter = VoiceGate(), Cutter(limits.target_seconds, limits.max_seconds, early=limits.early)
        async for block in _blocks(pcm):
            chunks = cutter.feed(block, await asyncio.to_thread(gate.feed, block))
            self._heard_seconds += len(block) / 2 / SAMPLE_RATE
            await self._start(chunks, cutter.settled_seconds, group)
            if self._heard_seconds - self._reported_seconds >= _REPORT_SECONDS:
                await self._beat()
        await self._start(cutter.feed(b"", gate.finish()) + cutter.finish(), self._heard_seconds, group)
        await self._beat()

    def transcript(self) -> Transcript:
        segments = [segment for index in sorted(self._segments) for segment in self._segments[index]]
        numbered = tuple(replace(segment, id=number) for number, segment in enumerate(segments))
        spoken = self._language or _most_heard([task.result() for task in self._tasks])
        return Transcript(numbered, spoken, self._heard_seconds, source="own", engine=self._engine)

    async def _start(self, chunks: list[Chunk], settled_seconds: float, group: asyncio.TaskGroup) -> None:
        self._settled_seconds = min(settled_seconds, self._heard_seconds)
        self._starts |= {chunk.index: chunk.start for chunk in chunks}
        while chunks:
            await self._slots.acquire()
            self._tasks.append(group.create_task(self._hear(chunks.pop(0))))
            await self._beat()

    async def _hear(self, chunk: Chunk) -> Heard:
        try:
            heard = await self._once(chunk, self._language)
            if self._language is None and _unsure(heard):
                heard = await self._in_the_known_language(chunk, heard)
            segments = placed(chunk, heard)
            if self._listen is not None:  # in the chunk's slot: else the sound of chunks that the ledger has would pile up
                await self._listen(chunk, segments)
        finally:
            self._slots.release()
        self._segments[chunk.index] = segments
        del self._starts[chunk.index]
        await self._beat()
        return heard

    async def _once(self, chunk: Chunk, language: str | None) -> Heard:
        key = ledger_key(chunk, self._transcriber, language)
        if (kept := await self._ledger.get(key)) is not None:
            return kept
        heard = await self._transcriber.transcribe(chunk, language=language)
        await self._ledger.put(key, heard, engine=self._engine, seconds=chunk.seconds)
        metrics.SPEECH_SECONDS.labels(self._engine).inc(chunk.seconds)
        return heard

    async def _in_the_known_language(self, chunk: Chunk, heard: Heard) -> Heard:
        """A chunk too short to tell its language, again in that of all chunks before it: the same on every run."""
        earlier = [await asyncio.shield(task) for task in self._tasks[: chunk.index]]
        language = _most_heard(earlier)
        return heard if language is None else await self._once(chunk, language)

    async def _beat(self) -> None:
        self._reported_seconds = self._heard_seconds
        until = min(self._starts.values(), default=self._settled_seconds)
        known = len(self._segments) + len(self._starts)
        await self._report(Heartbeat(self._heard_seconds, until, len(self._segments), known))


def placed(chunk: Chunk, heard: Heard) -> tuple[Segment, ...]:
    """A chunk's segments in seconds of the recording, marked where they look wrong. Pure."""
    if not heard.segments and sum(end - start for start, end in chunk.speech) >= AUDIBLE_SECONDS:
        first, last = chunk.speech[0][0], chunk.speech[-1][1]
        return (Segment(0, chunk.start + first, chunk.start + last, GAP_TEXT, marks=("gap",)),)
    return tuple(_moved(segment, chunk) for segment in marked(heard, chunk))


def _moved(segment: Segment, chunk: Chunk) -> Segment:
    # An engine's own speaker labels begin anew with every chunk: the same letter twice is not the same person.
    speaker = segment.speaker and f"Speaker {chunk.index + 1}{segment.speaker}"
    words = tuple(replace(w, start=chunk.start + w.start, end=chunk.start + w.end, speaker=speaker) for w in segment.words)
    start, end = chunk.start + segment.start, chunk.start + segment.end
    return replace(segment, start=start, end=end, speaker=speaker, words=words, estimated=speaker is not None)


def _unsure(heard: Heard) -> bool:
    """Whether the engine itself said that it does not know the language."""
    probability = (heard.raw or {}).get("language_probability")
    return heard.language is None and isinstance(probability, float) and probability < SURE


def _most_heard(results: list[Heard]) -> str | None:
    """The language of most words."""
    words: Counter[str] = Counter()
    for heard in results:
        if heard.language:
            words[heard.language] += sum(len(segment.text) for segment in heard.segments)
    return max(words, key=lambda language: (words[language], language)) if words else None


async def _blocks(pcm: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in blocks of ten seconds: fewer hops between threads."""
    block = bytearray()
    async for piece in pcm:
        block += piece
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


async def _close(pcm: AsyncIterator[bytes]) -> None:
    # An abandoned generator would keep its decoder child until the garbage collector comes by.
    if (aclose := getattr(pcm, "aclose", None)) is not None:
        await aclose()


def _decisive(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one failure that decides what happens next, when several came at once."""
    flat = [failure for failure in failures.exceptions if not isinstance(failure, BaseExceptionGroup)]
    for kind in (ActionRequired, Permanent, MomentumError, BaseException):
        for failure in flat:
            if isinstance(failure, kind):
                return failure
    return failures
