"""From a transcript to a draft: the writer's questions, put to the language model part by part, with nothing left out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from momentum.errors import ErrorCode, Permanent
from momentum.languages import phrase
from momentum.llm import Writing
from momentum.model import Answer, Claim, Coverage, Deliverable, Meeting, Segment, Tokens, Transcript, Usage
from momentum.outbound import openai_prices
from momentum.pipeline.answers import Answers, answer_key
from momentum.pipeline.parts import FEWEST_WORDS, Part, Ruler, halved, parts_of, sample_of, scaled
from momentum.writers import spoken
from momentum.writers.base import Writer
from momentum.writers.markdown import clock

Report = Callable[[int, int], Awaitable[None]]
Read = tuple[str, tuple[Claim, ...], dict[str, Any]]
"""(summary, claims, extra) of one part, as a writer reads it out of an answer."""

FIXED_MARGIN = 64
"""Tokens a server adds around the messages, and the part numbers we add."""


async def generate(
    writer: Writer,
    transcript: Transcript,
    meeting: Meeting,
    llm: Writing,
    *,
    language: str | None,
    report: Report,
    kept: Answers,
    salt: str = "",
    base: Deliverable | None = None,
) -> Deliverable:
    """The draft of one document; its claims are not checked yet.

    Every segment that somebody said is in exactly one part (one longer than a whole part is cut between words); what no engine
    understood or one made up is not sent, and is named in `coverage.unread`. A part that is too large for the server is halved;
    one that fails for good is named there as well, and its segments in `coverage.missing`.
    With a `base`, only what that one is missing is read, and what it has is taken over: the claims as they were checked.
    `report` gets (parts done, parts known). Raises Retry and ActionRequired as they come, and Permanent when no part could be read;
    the answers of finished parts are in `kept` by then, and are not asked for again by whoever has the same `salt`. `usage` counts
    them as if they had been.
    """
    wanted = None if base is None else set(base.coverage.missing)
    said = [s for s in transcript.segments if not s.unsaid and (wanted is None or s.id in wanted)]
    work = _Work(writer, meeting, llm, language, kept, salt, base=base)
    await work.read_all(said, report)
    if not work.answers and work.failure:
        raise work.failure
    summary, claims, extra = work.merged()
    claims = tuple(_pointing_into(transcript, claims))
    return Deliverable(
        kind=writer.name,
        writer_version=writer.version,
        title=meeting.title or str(extra.get("title") or ""),
        language=language or transcript.language,
        summary=summary,
        claims=claims,
        model=work.model,
        usage=work.usage,
        coverage=work.coverage(claims, _left_out(transcript)),
        extra={**extra, **_facts(writer), "speakers": spoken.speakers_of(claims, transcript)},
        prompt_hash=_digest([writer.messages(Meeting(""), (), part=1, parts=1, language=language), writer.schema()]),
        input_hash=_digest([meeting.title, meeting.participants, [[s.id, s.speaker, s.text] for s in transcript.segments if not s.unsaid]]),
        usd=work.usd,
    )


@dataclass
class _Work:
    """What has come of the parts so far."""

    writer: Writer
    meeting: Meeting
    llm: Writing
    language: str | None
    kept: Answers
    salt: str
    base: Deliverable | None = None
    answers: list[tuple[int, Read]] = field(default_factory=list)
    """(id of the part's first segment, what was read out of the answer)."""
    sent: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    unread: list[tuple[int, int, str]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    usd: float | None = 0.0
    model: str | None = None
    failure: Permanent | None = None
    tokens: Tokens = field(default_factory=Tokens)
    ruler: Ruler = field(init=False)

    async def read_all(self, said: Sequence[Segment], report: Report) -> None:
        """Put every part to the model."""
        budget = _budget(self)
        self.ruler = await self._ruler(said, budget)
        self.tokens = self._so_far(self.ruler.of(said), self.ruler.counted)
        parts = parts_of(said, budget, self.ruler.tokens)
        waiting, done = [(part, self.base is not None) for part in parts], 0
        while waiting:
            await report(done, done + len(waiting))
            part, repeated = waiting.pop(0)
            try:
                await self._ask(part, done + 1, done + 1 + len(waiting), repeated=repeated)
            except Permanent as error:
                if error.code is ErrorCode.MODEL_INPUT_TOO_LARGE and (halves := halved(part)):
                    waiting[:0] = [(half, True) for half in halves]
                    continue
                self._give_up(part, error)
            done += 1
        await report(done, done)

    def _so_far(self, transcript: int, counted: int) -> Tokens:
        if self.base is None:
            return Tokens(transcript, sent=counted)
        was = self.base.coverage.tokens
        return Tokens(was.transcript, was.sent, was.again + counted)

    async def _ruler(self, said: Sequence[Segment], budget: int) -> Ruler:
        """Counted by the model's server only where it decides how the parts are cut: a short meeting is one part by any count."""
        estimated = Ruler(self.llm.count_tokens)
        sample = sample_of(said, self.llm.count_tokens) if estimated.of(said) > budget else ()
        if not sample:
            return estimated
        around, whole = [await self._counted(segments) for segments in ((), sample)]
        return scaled(self.llm.count_tokens, sample, whole - around) if around and whole and whole > around else estimated

    async def _counted(self, segments: Sequence[Segment]) -> int | None:
        return await self.llm.counted(self.writer.messages(self.meeting, segments, part=1, parts=2, language=self.language))

    async def _ask(self, part: Part, number: int, parts: int, *, repeated: bool) -> None:
        more = 1 if self.base else 0  # what was read before is a part as well
        messages = self.writer.messages(self.meeting, part, part=number + more, parts=parts + more, language=self.language)
        self.sent.update(s.id for s in part)
        calls = self.usage.calls
        try:
            answer = await self._answer(messages)
        finally:
            self._measure(self.ruler.of(part), max(1, self.usage.calls - calls), repeated=repeated)
        self.model = answer.model
        self.answers.append((part[0].id, self.writer.read(answer.data)))

    def _measure(self, tokens: int, times: int, *, repeated: bool) -> None:
        first = 0 if repeated else tokens
        was = self.tokens
        self.tokens = Tokens(was.transcript, was.sent + first, was.again + times * tokens - first)

    async def _answer(self, messages: list[dict[str, str]]) -> Answer:
        schema = self.writer.schema()
        key = answer_key(messages, schema, self.llm.model, self.salt)
        if (answer := await self.kept.get(key)) is not None:
            self._spend(answer.usage)
            return answer
        answer = await self.llm.json(messages, name=_name(self.writer), schema=schema, spent=self._spend)
        await self.kept.put(key, answer)
        return answer

    def _spend(self, usage: Usage) -> None:
        self.usage += usage
        cost = openai_prices.usd(self.llm.model, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
        self.usd = None if cost is None or self.usd is None else self.usd + cost

    def _give_up(self, part: Part, error: Permanent) -> None:
        self.failure = error
        self.missing.update(s.id for s in part)
        self.unread.append((part[0].id, part[-1].id, f"{_minutes(part)} {_what_happened(error)}"))

    def merged(self) -> Read:
        """One document out of all that was read, now and for `base`."""
        reads = sorted([*_taken_over(self.base), *self.answers], key=lambda read: read[0])
        summary, claims, extra = self.writer.merge([read for _, read in reads])
        if self.base:
            claims = tuple(sorted(claims, key=lambda claim: min(claim.segment_ids, default=0)))
        summaries = [[first, text] for first, (text, _, _) in reads if text]
        return summary, claims, {**extra, "summaries": summaries} if self.missing or len(summaries) > 1 else extra

    def coverage(self, claims: Sequence[Claim], left_out: Iterator[tuple[int, int, str]]) -> Coverage:
        """What was read of the transcript, now and for `base`."""
        cited = {i for claim in claims for i in claim.segment_ids}
        sent = self.sent | set(self.base.coverage.sent if self.base else ())
        unread, missing = sorted([*self.unread, *left_out]), sorted(self.missing)
        return Coverage(tuple(sorted(sent)), tuple(sorted(cited)), tuple(unread), tuple(missing), self.tokens)


def _taken_over(base: Deliverable | None) -> Iterator[tuple[int, Read]]:
    """What a former version has, as if it had just been read: its claims together, its summary in the parts it was written in."""
    if base is None:
        return
    yield -1, ("", base.claims, {"title": base.extra.get("title") or ""})
    for first, text in base.extra.get("summaries") or [[-1, base.summary]]:
        yield int(first), (str(text), (), {})


def _pointing_into(transcript: Transcript, claims: Sequence[Claim]) -> Iterator[Claim]:
    """The claims without ids that no segment has: a model may write any number, and the store holds only some."""
    known = {segment.id for segment in transcript.segments}
    for claim in claims:
        yield dataclasses.replace(claim, segment_ids=tuple(i for i in claim.segment_ids if i in known))


def _facts(writer: Writer) -> dict[str, Any]:
    """What rendering needs of the writer, so that it needs no writer."""
    return {"label": writer.label, "sections": [[section.name, section.heading] for section in writer.sections]}


def _name(writer: Writer) -> str:
    # https://developers.openai.com/api/docs/guides/structured-outputs: the name of a schema
    return re.sub(r"[^A-Za-z0-9_-]", "_", writer.name)[:64]


def _digest(made_of: Any) -> str:
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _what_happened(error: Permanent) -> str:
    """The first sentence. What an operator may do about it is no business of those to whom the document is passed on."""
    return re.split(r"(?<=[.!?]) ", error.detail, maxsplit=1)[0]


def _minutes(part: Part) -> str:
    first, last = int(part[0].start // 60), max(int(part[0].start // 60), math.ceil(part[-1].end / 60))
    return f"Minutes {first}-{last} were not read."


_WHY_UNSAID = {
    "gap": phrase("what was said was not understood"),
    "loop": phrase("the speech engine repeated itself"),
    "credits": phrase("the speech engine wrote what nobody seems to have said"),
}


def _left_out(transcript: Transcript) -> Iterator[tuple[int, int, str]]:
    """Stretches that were not sent, as `coverage.unread` names them."""
    for unsaid, run in groupby(transcript.segments, key=lambda segment: segment.unsaid):
        if unsaid:
            part = tuple(run)
            marks = {mark for segment in part for mark in segment.marks}
            why = " and ".join(words for mark, words in _WHY_UNSAID.items() if mark in marks)
            yield part[0].id, part[-1].id, f"{clock(part[0].start)} to {clock(part[-1].end)} was left out: {why}."


def _budget(work: _Work) -> int:
    """Tokens left for segments in one call when everything around them is counted."""
    around = work.writer.messages(work.meeting, (), part=1, parts=2, language=work.language)
    fixed = sum(work.llm.count_tokens(m["content"]) for m in around) + work.llm.count_tokens(str(work.writer.schema())) + FIXED_MARGIN
    return max(FEWEST_WORDS * 4, work.llm.window - fixed)
