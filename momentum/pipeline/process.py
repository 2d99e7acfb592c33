"""The steps in their order, for one recording.

`process` runs each step through a runner it is given: the worker's remembers what is finished
across crashes, the command line's just calls. A step gets and gives ids; what it makes stands on
the shelf under a key of what it was made from, so a step that is run again finds its work done.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

from momentum import metrics
from momentum.errors import ErrorCode, NotReady, Permanent
from momentum.media.decoder import Decoding
from momentum.model import Deliverable, Gap, GapReason, Meeting, Remark, Segment, Transcript
from momentum.outbound.sent import noted
from momentum.pipeline.attribute import VERSION as ATTRIBUTION
from momentum.pipeline.attribute import Witnesses, attribute
from momentum.pipeline.jobs import Job, key_of
from momentum.pipeline.names import witnesses
from momentum.pipeline.places import Found, Part, Shelf
from momentum.pipeline.transcribe import Heartbeat, transcribe
from momentum.pipeline.verify import check
from momentum.pipeline.voices import VERSION as VOICES
from momentum.pipeline.voices import Voices
from momentum.pipeline.write import write_all
from momentum.transcribers.base import engine_of
from momentum.writers.doubts import with_doubts

SHORTEST_GAP = 2.0
"""Seconds between two parts from which on something is missing; less is the coarseness of the provider's times."""

StepRunner = Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Runs one named step and gives what it returned: a JSON value that holds ids only."""


async def at_once(_name: str, work: Callable[[], Awaitable[Any]]) -> Any:
    """The plain runner: nothing is remembered."""
    return await work()


async def process(job: Job, run: StepRunner = at_once) -> list[str]:
    """Ids of the deliverables. Raises the words of `errors`; whatever was finished stays on the shelf.

    A new version of a deliverable (`options.again`) is written from the transcript of the former one: nothing is fetched or heard.
    """
    step = partial(_step, job.shelf, run)
    if job.options.again:
        transcript_id = await step("discover", partial(job.shelf.transcript_of, job.options.again))
    else:
        await step("discover", job.origin.look)
        heard = await step("transcribe", partial(_transcribe, job))
        transcript_id = await step("attribute", partial(_attribute, job, heard))
    drafts = await step("generate", partial(write_all, job, transcript_id))
    await step("verify", partial(_verify, job, transcript_id, drafts))
    await step("deliver", partial(_deliver, job, transcript_id, drafts))
    return list(drafts)


async def _step(shelf: Shelf, run: StepRunner, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
    async def timed() -> Any:
        started = monotonic()
        await shelf.begin(name)
        result = await work()
        seconds = monotonic() - started
        await shelf.finish(name, seconds)
        metrics.STEP_SECONDS.labels(name).observe(seconds)
        return result if isinstance(result, str | list) else None

    return await run(name, timed)


# --- transcribe -----------------------------------------------------------------------------------


async def _transcribe(job: Job) -> str:
    found = await job.origin.look()
    if job.options.transcript == "zoom":
        return await _take_captions(job, found)
    voices = _voices(job, found)
    listening = ["voices", VOICES] if voices else []
    engine = [job.tools.transcriber.name, job.tools.transcriber.parameters(job.options.language)]
    made_from = key_of("own", [p.key for p in found.parts], *engine, *listening)
    if kept := await _kept(job, "transcribe", made_from):
        return kept
    if not any(part.has_media for part in found.parts):
        raise Permanent(ErrorCode.RECORDING_HAS_NO_AUDIO, "This recording has neither an audio nor a video file to listen to.")
    pieces = [(part, await _hear(job, found, part, voices) if part.has_media else None) for part in found.parts]
    transcript = _with_breaks(_joined(pieces, GapReason.NO_AUDIO), pieces)
    if voices:
        transcript = await _with_voices(job, transcript, voices)
    return await job.shelf.keep_transcript(made_from, await _with_people(job, transcript))


async def _kept(job: Job, step: str, made_from: str) -> str | None:
    kept = await job.shelf.kept_transcript(made_from)
    if kept:
        await job.shelf.remark(step, Remark.TAKEN_OVER)
    return kept


async def _with_people(job: Job, transcript: Transcript) -> Transcript:
    """Who took part is asked once: what is written of a transcript later must not depend on whether the provider answers then."""
    return dataclasses.replace(transcript, participants=(await job.origin.meeting()).participants)


async def _with_voices(job: Job, transcript: Transcript, voices: Voices) -> Transcript:
    people = len((await job.origin.meeting()).participants)
    known = await job.shelf.voices(encoder=voices.encoder)
    return await asyncio.to_thread(voices.labelled, transcript, known=known, most=people or None)


def _voices(job: Job, found: Found) -> Voices | None:
    """Voices are told apart only where nobody names the speakers."""
    named = job.options.transcript != "own" and any(part.has_names for part in found.parts)
    return Voices(job.tools.voices) if job.tools.voices and not named else None


async def _hear(job: Job, found: Found, part: Part, voices: Voices | None) -> Transcript:
    async with job.tools.decoder.open(job.origin.media(part)) as decoding:

        async def report(beat: Heartbeat) -> None:
            total = _expected_seconds(found, decoding.duration)
            fraction = min(1.0, (part.offset + beat.transcribed_seconds) / total) if total else None
            detail = {"heard_seconds": round(beat.heard_seconds, 1), "chunks_done": beat.chunks_done, "chunks_known": beat.chunks_known}
            await job.shelf.report("transcribe", fraction, detail)

        engine = job.tools.transcriber
        with noted(job.shelf.sent, engine_of(engine, job.options.language)):
            transcript = await transcribe(
                decoding.pcm(),
                transcriber=engine,
                ledger=job.shelf.ledger,
                language=job.options.language,
                report=report,
                listen=voices.listener(part.offset) if voices else None,
            )
        return dataclasses.replace(transcript, gaps=_break_of(decoding, transcript.seconds, part))


def _break_of(decoding: Decoding, heard: float, part: Part) -> tuple[Gap, ...]:
    """What is missing at the end of a file that breaks off, on its own clock."""
    if decoding.cut is None:
        return ()
    return (Gap(heard, max(heard, decoding.duration or 0.0, part.seconds or 0.0), GapReason.BROKEN_OFF, decoding.cut.detail),)


def _with_breaks(transcript: Transcript, pieces: Sequence[tuple[Part, Transcript | None]]) -> Transcript:
    """The transcript with the missing ends of its parts among the gaps; one that reaches to the next part is one gap."""
    gaps = list(transcript.gaps)
    for part, piece in pieces:
        for gap in piece.gaps if piece else ():
            start, end = part.offset + gap.start, part.offset + gap.end
            if between := next((g for g in gaps if g.start == start and g.reason is GapReason.NOT_RECORDED), None):
                gaps.remove(between)
                end = between.end
            gaps.append(dataclasses.replace(gap, start=start, end=end))
    return dataclasses.replace(transcript, gaps=tuple(sorted(gaps, key=lambda gap: gap.start)))


def _expected_seconds(found: Found, duration: float | None) -> float | None:
    """How long the whole recording is, if the last part is as long as this one."""
    return found.parts[-1].offset + duration if duration else None


async def _take_captions(job: Job, found: Found) -> str:
    made_from = key_of("zoom", [p.key for p in found.parts])
    await job.shelf.remark("transcribe", Remark.CAPTIONS)
    if kept := await job.shelf.kept_transcript(made_from):
        return kept
    if any(part.captions_may_come for part in found.parts):
        raise NotReady(ErrorCode.RECORDING_NOT_READY, "The provider may still be writing its transcript of this recording.")
    pieces = [(p, _as_transcript(await job.origin.captions(p), p) if p.has_captions else None) for p in found.parts]
    if not any(piece and piece.segments for _, piece in pieces):
        raise Permanent(
            ErrorCode.RECORDING_HAS_NO_TRANSCRIPT, "The provider has no transcript of this recording. Ask for our own, or for 'auto'."
        )
    return await job.shelf.keep_transcript(made_from, await _with_people(job, _joined(pieces, GapReason.NO_TRANSCRIPT)))


def _as_transcript(captions: tuple[Segment, ...], part: Part) -> Transcript:
    seconds = max((caption.end for caption in captions), default=0.0)
    return Transcript(captions, language=None, seconds=max(seconds, part.seconds or 0.0), source="zoom", engine="zoom:captions")


def _joined(pieces: Sequence[tuple[Part, Transcript | None]], missing: GapReason) -> Transcript:
    """One transcript out of the parts', on the meeting's clock, in order; what has no words is named.

    A part without a transcript is a gap for the reason `missing`; at least one has one.
    """
    had = [(part, piece) for part, piece in pieces if piece is not None]
    placed = [_moved(segment, part.offset, 0) for part, piece in had for segment in piece.segments]
    placed.sort(key=lambda s: s.start)  # sets may overlap: a provider's times are right to a second
    gaps, end = _gaps(pieces, missing)
    first = had[0][1]
    language = next((piece.language for _, piece in had if piece.language), None)
    segments = tuple(dataclasses.replace(segment, id=number) for number, segment in enumerate(placed))
    return Transcript(segments, language, end, first.source, first.engine, tuple(gaps))


def _gaps(pieces: Sequence[tuple[Part, Transcript | None]], missing: GapReason) -> tuple[list[Gap], float]:
    """The stretches without words before, between and instead of parts; and where the last part ends."""
    gaps: list[Gap] = []
    end = 0.0
    for (part, piece), after in zip(pieces, [*(part.offset for part, _ in pieces[1:]), None], strict=True):
        if part.offset - end >= SHORTEST_GAP:
            gaps.append(Gap(end, part.offset))
        seconds = piece.seconds if piece else part.seconds or max(0.0, (after or 0.0) - part.offset)
        if piece is None:
            gaps.append(Gap(part.offset, part.offset + seconds, missing))
        end = max(end, part.offset + seconds)
    return gaps, end


def _moved(segment: Segment, offset: float, number: int) -> Segment:
    words = tuple(dataclasses.replace(w, start=w.start + offset, end=w.end + offset) for w in segment.words)
    return dataclasses.replace(segment, id=number, start=segment.start + offset, end=segment.end + offset, words=words)


# --- attribute ------------------------------------------------------------------------------------


async def _attribute(job: Job, transcript_id: str) -> str:
    transcript = await job.shelf.transcript(transcript_id)
    found = await job.origin.look()
    if remark := _nothing_to_attribute(job, transcript, found):
        await job.shelf.remark("attribute", remark)
        return transcript_id
    made_from = key_of("attributed", ATTRIBUTION, transcript_id, [[p.key, p.has_turns, p.has_tracks] for p in found.parts if p.has_names])
    if kept := await _kept(job, "attribute", made_from):
        return kept
    known = await witnesses(job.origin, job.tools.decoder, found)
    if not known.name_anybody:
        await job.shelf.remark("attribute", Remark.NO_NAMES)
        return transcript_id
    return await job.shelf.keep_transcript(made_from, await asyncio.to_thread(_attributed, transcript, known))


def _nothing_to_attribute(job: Job, transcript: Transcript, found: Found) -> Remark | None:
    if transcript.source != "own":
        return Remark.CAPTIONS
    if job.options.transcript == "own":
        return Remark.NOT_ASKED
    return None if any(part.has_names for part in found.parts) else Remark.NO_NAMES


def _attributed(transcript: Transcript, known: Witnesses) -> Transcript:
    return dataclasses.replace(transcript, segments=attribute(transcript.segments, known))


# --- verify, deliver ------------------------------------------------------------------------------


async def _verify(job: Job, transcript_id: str, deliverable_ids: list[str]) -> None:
    transcript = await job.shelf.transcript(transcript_id)
    meeting = await job.origin.meeting(transcript.participants)
    for deliverable_id in deliverable_ids:
        draft = await job.shelf.deliverable(deliverable_id)
        checked = await asyncio.to_thread(_checked, draft, transcript, meeting)  # seconds, for many claims
        await job.shelf.replace_deliverable(deliverable_id, checked)


def _checked(draft: Deliverable, transcript: Transcript, meeting: Meeting) -> Deliverable:
    return with_doubts(check(draft, transcript, meeting), transcript)


async def _deliver(job: Job, transcript_id: str, deliverable_ids: list[str]) -> None:
    faults = (await job.shelf.transcript(transcript_id)).faults
    await job.shelf.deliver(deliverable_ids, incomplete=" ".join(faults) or None)
