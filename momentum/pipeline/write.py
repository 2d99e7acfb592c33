"""The documents of a processing: which writers, in which language, made from what; a first version or a later one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

from momentum.errors import ActionRequired, ErrorCode, Permanent
from momentum.llm import LanguageModel
from momentum.model import Deliverable, Remark, Transcript
from momentum.outbound.sent import noted
from momentum.pipeline.generate import generate
from momentum.pipeline.jobs import Job, key_of
from momentum.pipeline.redact import redacted
from momentum.writers import WRITERS, chosen, highlights, own, receipts
from momentum.writers.base import Writer


async def write_all(job: Job, transcript_id: str) -> list[str]:
    """Ids of the drafts that the processing's options ask for, in their order."""
    names = chosen(job.options.deliverables, has_model=job.tools.llm is not None)
    drafts = [await _draft(job, transcript_id, name) for name in names]
    if remark := await _remark(job, transcript_id, names, new=any(new for _, new in drafts)):
        await job.shelf.remark("generate", remark)
    return [made for made, _ in drafts]


async def _remark(job: Job, transcript_id: str, names: Sequence[str], *, new: bool) -> Remark | None:
    if job.tools.llm is None and highlights.NAME in names:
        return Remark.NO_MODEL
    if not new:
        return Remark.TAKEN_OVER
    return Remark.NOTHING_SAID if _is_silent(await job.shelf.transcript(transcript_id)) else None


def _is_silent(transcript: Transcript) -> bool:
    """Whether nothing was said, or nothing understood."""
    return all(segment.unsaid for segment in transcript.segments)


async def _draft(job: Job, transcript_id: str, name: str) -> tuple[str, bool]:
    """Id of a draft, and whether it is new."""
    llm, options = job.tools.llm, job.options
    writer = await _writer(job, name)
    version, model = (writer.version, llm and llm.model) if writer else (highlights.VERSION, None)
    made_of = [transcript_id, name, version, options.output_language, model, options.again, options.missing_only]
    made_from = key_of(*made_of, *([job.redaction.kinds, job.redaction.names] if job.redaction else []))
    if kept := await job.shelf.kept_deliverable(made_from):
        return kept, False
    return await job.shelf.keep_deliverable(made_from, transcript_id, await _with_receipt(job, transcript_id, writer)), True


async def _with_receipt(job: Job, transcript_id: str, writer: Writer | None) -> Deliverable:
    """The document, and what of its meeting has left the machine for it: words that were heard here earlier count where they went."""
    written = await _written(job, transcript_id, writer)
    transcript = await job.shelf.transcript(transcript_id)
    sendings = await job.shelf.sent.of(*([transcript.engine] if transcript.source == "own" else []), written.kind)
    heard_here = transcript.source != "own" or transcript.engine.startswith("local:") or not transcript.word_count
    receipt = receipts.receipt(sendings, written, transcript.engine, job.redaction.masked, heard_here=heard_here)
    return dataclasses.replace(written, extra={**written.extra, "receipt": receipt})


async def _writer(job: Job, name: str) -> Writer | None:
    """None: what needs no language model. Raises Permanent for a name that nobody writes under."""
    if name == highlights.NAME:
        return None
    if own.is_own(name):
        return own.OwnWriter(name, await job.shelf.form(name))
    if name not in WRITERS:
        raise Permanent(ErrorCode.INVALID_REQUEST, f"There is no writer named {name!r}.")
    return WRITERS[name]


async def _written(job: Job, transcript_id: str, writer: Writer | None) -> Deliverable:
    transcript = await job.shelf.transcript(transcript_id)
    meeting = await job.origin.meeting(transcript.participants)
    if writer is None:
        return highlights.draft(transcript, meeting)
    if _is_silent(transcript):  # a model would only invent
        return highlights.draft(transcript, meeting, instead_of=writer.label)
    if job.tools.llm is None:
        how = "set OPENAI_API_KEY (or OPENAI_BASE_URL of a server of your own)."
        raise ActionRequired(ErrorCode.MODEL_NOT_CONFIGURED, f"To write {writer.name}, {how}")
    return await _generated(job, writer, transcript, job.tools.llm)


async def _generated(job: Job, writer: Writer, transcript: Transcript, llm: LanguageModel) -> Deliverable:
    options = job.options
    write = partial(
        generate,
        writer,
        language=options.output_language or transcript.language or options.language,
        report=partial(_report, job),
        kept=job.shelf.answers,
        salt=options.nonce or "",
        base=await job.shelf.deliverable(options.again) if options.again and options.missing_only else None,
    )
    with noted(job.shelf.sent, writer.name):
        return await redacted(job.redaction, transcript, await job.origin.meeting(transcript.participants), llm, write)


async def _report(job: Job, done: int, of: int) -> None:
    await job.shelf.report("generate", done / of, {"parts_done": done, "parts": of})
