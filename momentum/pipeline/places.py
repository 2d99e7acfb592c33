"""Where a processing takes its recording from and where it keeps what it makes.

`process` knows these two and nothing of accounts, tables or files on a disk: a stored recording and
`momentum process FILE` go the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from momentum.errors import ErrorCode, Permanent
from momentum.model import Deliverable, Meeting, Remark, Segment, Transcript, Voice
from momentum.outbound.sent import Sending
from momentum.outbound.sources import ByteSource
from momentum.pipeline.answers import Answers, MemoryAnswers
from momentum.transcribers.base import Ledger
from momentum.transcribers.captions import Turn
from momentum.transcribers.ledger import MemoryLedger
from momentum.writers.own import Form


@dataclass(frozen=True, slots=True)
class Part:
    """One file set of a recording: the media that is heard, and what the provider wrote itself.

    `key` names the content (file ids and sizes): the same key is the same audio.
    """

    key: str
    offset: float
    """Second of the meeting at which this set begins; 0 for the first."""
    has_media: bool = True
    has_captions: bool = False
    seconds: float | None = None
    """How long this set is, by the provider's word."""
    captions_may_come: bool = False
    """There are no captions yet, and the provider may still write them."""
    has_turns: bool = False
    """The provider says who was active when."""
    has_tracks: bool = False
    """Participants have audio of their own."""

    @property
    def has_names(self) -> bool:
        return self.has_captions or self.has_turns or self.has_tracks


@dataclass(frozen=True, slots=True)
class Track:
    """One participant's own audio, which begins at second `offset` of the meeting."""

    name: str
    offset: float
    source: ByteSource = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What is there to process. `parts` are in the order of time."""

    parts: tuple[Part, ...]


class Origin(Protocol):
    """Where one recording comes from."""

    async def look(self) -> Found:
        """What is there now. Asks the provider once; later calls answer from memory. Raises NotReady, Permanent."""
        ...

    async def meeting(self, participants: tuple[str, ...] | None = None) -> Meeting:
        """What is known of the meeting. Raises nothing: late steps must not need the provider any more.

        `participants`: who took part, where that was asked before; nobody is asked again.
        """
        ...

    def media(self, part: Part) -> ByteSource:
        """The bytes of the part's best file for listening."""
        ...

    async def captions(self, part: Part) -> tuple[Segment, ...]:
        """What the provider itself wrote down for this part, times from the part's start; () where there is nothing."""
        ...

    async def turns(self, part: Part) -> tuple[Turn, ...]:
        """Who was active when, by the provider's word, times from the part's start. Asked of parts that have turns. Raises Retry."""
        ...

    def tracks(self, part: Part) -> tuple[Track, ...]:
        """The participants' own audio. Asked of parts that have tracks."""
        ...


class SentLog(Protocol):
    """What left the machine of one recording. An `outbound.sent.Sendings`."""

    async def note(self, sending: Sending) -> None: ...

    async def of(self, *purposes: str) -> Sequence[Sending]:
        """In order of time, for any of these purposes; by earlier attempts and processings of the recording too."""
        ...


@dataclass(slots=True)
class MemorySentLog:
    """What left the machine as long as the process lives."""

    sendings: list[Sending] = field(default_factory=list)

    async def note(self, sending: Sending) -> None:
        self.sendings.append(sending)

    async def of(self, *purposes: str) -> Sequence[Sending]:
        return [sending for sending in self.sendings if sending.purpose in purposes]


class Shelf(Protocol):
    """Where the artefacts of one processing stand. All `keep_*` are idempotent on `made_from`."""

    @property
    def ledger(self) -> Ledger: ...

    @property
    def answers(self) -> Answers: ...

    @property
    def sent(self) -> SentLog: ...

    async def voices(self, *, encoder: str) -> tuple[Voice, ...]:
        """The voices that the person has enrolled, of that encoder."""
        ...

    async def begin(self, step: str) -> None:
        """The step starts now. Raises Permanent(PROCESSING_CANCELLED) when nobody wants it any more."""
        ...

    async def finish(self, step: str, seconds: float) -> None: ...

    async def report(self, step: str, fraction: float | None, detail: dict[str, Any]) -> None:
        """Progress within a step: numbers only, never a word of the meeting."""
        ...

    async def remark(self, step: str, remark: Remark) -> None:
        """Say why the step that runs does less than it might."""
        ...

    async def kept_transcript(self, made_from: str) -> str | None:
        """Id of the transcript made from exactly this, if one stands here: by an earlier processing of the recording too, unless
        `options.anew`, so that what a person put right in it holds for what is written later.
        """
        ...

    async def keep_transcript(self, made_from: str, transcript: Transcript) -> str: ...

    async def transcript(self, transcript_id: str) -> Transcript: ...

    async def transcript_of(self, deliverable_id: str) -> str:
        """Id of the transcript that an earlier deliverable of this person was made from. Raises Permanent when that one is gone."""
        ...

    async def form(self, name: str) -> Form:
        """The person's own form of that name (`writers.own`). Raises Permanent when they deleted it."""
        ...

    async def kept_deliverable(self, made_from: str) -> str | None: ...

    async def keep_deliverable(self, made_from: str, transcript_id: str, deliverable: Deliverable) -> str: ...

    async def deliverable(self, deliverable_id: str) -> Deliverable: ...

    async def replace_deliverable(self, deliverable_id: str, deliverable: Deliverable) -> None:
        """Put a checked deliverable in the place of the draft with the same claims in the same order."""
        ...

    async def deliver(self, deliverable_ids: Sequence[str], *, incomplete: str | None = None) -> None:
        """Show these to the person; the processing is done. `incomplete`: what the recording lacks, in a sentence."""
        ...


@dataclass(slots=True)
class MemoryShelf:
    """A shelf that lasts as long as the process: what `momentum process FILE` uses."""

    watch: Any = None
    """Called with (step, state, fraction, detail) on every event, when given."""
    ledger: Ledger = field(default_factory=MemoryLedger)
    answers: Answers = field(default_factory=MemoryAnswers)
    sent: SentLog = field(default_factory=MemorySentLog)
    transcripts: dict[str, Transcript] = field(default_factory=dict)
    deliverables: dict[str, Deliverable] = field(default_factory=dict)
    delivered: tuple[str, ...] = ()
    incomplete: str | None = None
    seconds_per_step: dict[str, float] = field(default_factory=dict)
    remarks: dict[str, Remark] = field(default_factory=dict)

    async def voices(self, *, encoder: str) -> tuple[Voice, ...]:  # noqa: ARG002 -- nobody enrols here
        return ()

    async def begin(self, step: str) -> None:
        self._tell(step, "running", 0.0, {})

    async def finish(self, step: str, seconds: float) -> None:
        self.seconds_per_step[step] = round(seconds, 3)
        self._tell(step, "done", 1.0, {})

    async def report(self, step: str, fraction: float | None, detail: dict[str, Any]) -> None:
        self._tell(step, "running", fraction, detail)

    async def remark(self, step: str, remark: Remark) -> None:
        self.remarks[step] = remark

    def _tell(self, step: str, state: str, fraction: float | None, detail: dict[str, Any]) -> None:
        if self.watch:
            self.watch(step, state, fraction, detail)

    async def kept_transcript(self, made_from: str) -> str | None:
        return made_from if made_from in self.transcripts else None

    async def keep_transcript(self, made_from: str, transcript: Transcript) -> str:
        self.transcripts[made_from] = transcript
        return made_from

    async def transcript(self, transcript_id: str) -> Transcript:
        return self.transcripts[transcript_id]

    async def transcript_of(self, deliverable_id: str) -> str:
        raise Permanent(ErrorCode.NOT_FOUND, f"There is no deliverable {deliverable_id!r} here.")

    async def form(self, name: str) -> Form:
        raise Permanent(ErrorCode.NOT_FOUND, f"There is no form {name!r} here.")

    async def kept_deliverable(self, made_from: str) -> str | None:
        return made_from if made_from in self.deliverables else None

    async def keep_deliverable(self, made_from: str, transcript_id: str, deliverable: Deliverable) -> str:  # noqa: ARG002 -- memory needs no link
        self.deliverables[made_from] = deliverable
        return made_from

    async def deliverable(self, deliverable_id: str) -> Deliverable:
        return self.deliverables[deliverable_id]

    async def replace_deliverable(self, deliverable_id: str, deliverable: Deliverable) -> None:
        self.deliverables[deliverable_id] = deliverable

    async def deliver(self, deliverable_ids: Sequence[str], *, incomplete: str | None = None) -> None:
        self.delivered, self.incomplete = tuple(deliverable_ids), incomplete
