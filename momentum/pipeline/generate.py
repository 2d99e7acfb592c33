"""From a transcript to a draft: the writer's questions, put to the language model part by part, with nothing left out."""

from __future__ import annotations

import dataclasses
import math
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from typing import Any

from momentum.errors import ErrorCode, Permanent
from momentum.llm import Writing
from momentum.model import Answer, Claim, Coverage, Deliverable, Meeting, Segment, Transcript, Usage
from momentum.pipeline.answers import Answers, answer_key
from momentum.writers import spoken
from momentum.writers.base import Writer
from momentum.writers.markdown import clock

Part = tuple[Segment, ...]
Report = Callable[[int, int], Awaitable[None]]

FEWEST_WORDS = 20
"""Words of a segment that is not cut any further."""
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
) -> Deliverable:
    """The draft of one document; its claims are not checked yet.

    Every segment that somebody said is in exactly one part (one longer than a whole part is cut between words); what no engine
    understood or one made up is not sent, and is named in `coverage.unread`. A part that is too large for the server is halved;
    one that fails for good is named there as well.
    `report` gets (parts done, parts known). Raises Retry and ActionRequired as they come, and Permanent when no part could be read;
    the answers of finished parts are in `kept` by then, and are not asked for again. `usage` counts them as if they had been.
    """
    work = _Work(writer, meeting, llm, language, kept)
    said = [segment for segment in transcript.segments if not segment.unsaid]
    await work.through(parts_of(said, _budget(work), llm.count_tokens), report)
    if not work.answers and work.failure:
        raise work.failure
    summary, claims, extra = writer.merge(work.answers)
    return Deliverable(
        kind=writer.name,
        writer_version=writer.version,
        title=meeting.title or str(extra.get("title") or ""),
        language=language or transcript.language,
        summary=summary,
        claims=claims,
        model=work.model,
        usage=work.usage,
        coverage=Coverage(
            sent=tuple(sorted(work.sent)), cited=_cited(claims), unread=tuple(sorted([*work.unread, *_left_out(transcript)]))
        ),
        extra={**extra, "speakers": spoken.speakers_of(claims, transcript)},
    )


@dataclass
class _Work:
    """What has come of the parts so far."""

    writer: Writer
    meeting: Meeting
    llm: Writing
    language: str | None
    kept: Answers
    answers: list[tuple[str, tuple[Claim, ...], dict[str, Any]]] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)
    unread: list[tuple[int, int, str]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    model: str | None = None
    failure: Permanent | None = None

    async def through(self, parts: Sequence[Part], report: Report) -> None:
        waiting, done = list(parts), 0
        while waiting:
            await report(done, done + len(waiting))
            part = waiting.pop(0)
            try:
                await self._ask(part, done + 1, done + 1 + len(waiting))
            except Permanent as error:
                if error.code is ErrorCode.MODEL_INPUT_TOO_LARGE and (halves := halved(part)):
                    waiting[:0] = halves
                    continue
                self._give_up(part, error)
            done += 1
        await report(done, done)

    async def _ask(self, part: Part, number: int, parts: int) -> None:
        messages = self.writer.messages(self.meeting, part, part=number, parts=parts, language=self.language)
        self.sent.update(s.id for s in part)
        answer = await self._answer(messages)
        self.usage, self.model = self.usage + answer.usage, answer.model
        self.answers.append(self.writer.read(answer.data))

    async def _answer(self, messages: list[dict[str, str]]) -> Answer:
        schema = self.writer.schema()
        key = answer_key(messages, schema, self.llm.model)
        if (answer := await self.kept.get(key)) is not None:
            return answer
        answer = await self.llm.json(messages, name=self.writer.name, schema=schema)
        await self.kept.put(key, answer)
        return answer

    def _give_up(self, part: Part, error: Permanent) -> None:
        self.failure = error
        self.unread.append((part[0].id, part[-1].id, f"{_minutes(part)} not read. {error.detail}"))


def _minutes(part: Part) -> str:
    first, last = int(part[0].start // 60), max(int(part[0].start // 60), math.ceil(part[-1].end / 60))
    return f"Minutes {first}-{last} were"


_WHY_UNSAID = {
    "gap": "what was said was not understood",
    "loop": "the speech engine repeated itself",
    "credits": "the speech engine wrote what nobody seems to have said",
}


def _left_out(transcript: Transcript) -> Iterator[tuple[int, int, str]]:
    """Stretches that were not sent, as `coverage.unread` names them."""
    for unsaid, run in groupby(transcript.segments, key=lambda segment: segment.unsaid):
        if unsaid:
            part = tuple(run)
            marks = {mark for segment in part for mark in segment.marks}
            why = " and ".join(words for mark, words in _WHY_UNSAID.items() if mark in marks)
            yield part[0].id, part[-1].id, f"{clock(part[0].start)} to {clock(part[-1].end)} was left out: {why}."


def _cited(claims: Sequence[Claim]) -> tuple[int, ...]:
    return tuple(sorted({i for claim in claims for i in claim.segment_ids}))


# --- parts ----------------------------------------------------------------------------------------


def _budget(work: _Work) -> int:
    """Tokens left for segments in one call when everything around them is counted."""
    around = work.writer.messages(work.meeting, (), part=1, parts=2, language=work.language)
    fixed = sum(work.llm.count_tokens(m["content"]) for m in around) + work.llm.count_tokens(str(work.writer.schema())) + FIXED_MARGIN
    return max(FEWEST_WORDS * 4, work.llm.window - fixed)


def parts_of(segments: Sequence[Segment], budget: int, count: Callable[[str], int]) -> list[Part]:
    """As few parts of `budget` tokens as can be, of about equal size, cut where the speaker changes if that is near."""
    pieces = [piece for segment in segments for piece in _fitting(segment, budget, count)]
    costs = [_cost(piece, count) for piece in pieces]
    needed = _fewest_parts(costs, budget)
    target = sum(costs) / max(1, needed[0])
    parts: list[list[Segment]] = []
    filled = 0
    for index, (piece, cost) in enumerate(zip(pieces, costs, strict=True)):
        turns = bool(parts) and piece.speaker != parts[-1][-1].speaker
        enough = filled >= target * (0.9 if turns else 1) and len(parts) + needed[index] <= needed[0]
        if not parts or filled + cost > budget or enough:
            parts.append([])
            filled = 0
        parts[-1].append(piece)
        filled += cost
    return [tuple(part) for part in parts]


def _fewest_parts(costs: Sequence[int], budget: int) -> list[int]:
    """How many parts, filled to the brim, the pieces from each index on make; a last 0 for none."""
    sums = [0, *accumulate(costs)]
    needed = [0] * len(sums)
    for index in reversed(range(len(costs))):
        needed[index] = 1 + needed[max(index + 1, bisect_right(sums, sums[index] + budget) - 1)]
    return needed


def _cost(segment: Segment, count: Callable[[str], int]) -> int:
    return count(f"[{segment.id}] {segment.speaker or 'Unknown speaker'}: {segment.text}\n")


def _fitting(segment: Segment, budget: int, count: Callable[[str], int]) -> list[Segment]:
    """The segment, cut between words into pieces that fit where it alone is more than one part."""
    if _cost(segment, count) <= budget:
        return [segment]
    pieces = halved((segment,))
    return [p for half in pieces for piece in half for p in _fitting(piece, budget, count)] if pieces else [segment]


def halved(part: Part) -> list[Part]:
    """Two parts out of one, cut at the change of speaker nearest to its middle; empty when it cannot be cut."""
    if len(part) > 1:
        middle = len(part) / 2
        turns = [i for i in range(1, len(part)) if part[i].speaker != part[i - 1].speaker] or list(range(1, len(part)))
        near = [i for i in turns if len(part) / 4 <= i <= len(part) * 3 / 4] or [max(1, len(part) // 2)]
        at = min(near, key=lambda i: abs(i - middle))
        return [part[:at], part[at:]]
    return [(piece,) for piece in _cut(part[0])]


def _cut(segment: Segment) -> list[Segment]:
    words = segment.text.split()
    if len(words) >= 2 * FEWEST_WORDS:
        first, second = " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])
    elif len(words) < FEWEST_WORDS and len(segment.text) >= 8 * FEWEST_WORDS:  # a script without spaces
        first, second = segment.text[: len(segment.text) // 2], segment.text[len(segment.text) // 2 :]
    else:
        return []
    middle = (segment.start + segment.end) / 2
    return [
        dataclasses.replace(segment, text=first, end=middle, words=()),
        dataclasses.replace(segment, text=second, start=middle, words=()),
    ]
