"""Placeholders for the secrets of one meeting: put in before a model reads it, taken out of what it wrote."""

from __future__ import annotations

import dataclasses
import re
import string
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Any, TypeVar

from momentum.model import Meeting, Segment, Transcript
from momentum.redaction import Redaction, SecretKind
from momentum.redaction.secrets import Piece, find, pieces

T = TypeVar("T")

NEAR = 4
"""Segments of others between two of one speaker, over which a number may go on: "4111 1111" - "Mhm." - "1111 1111"."""
EXPLAINED = (
    "Words such as {examples} stand for details that are hidden from you. Copy them exactly as they are, letter by letter, wherever "
    "they belong in your answer; never guess what is behind them."
)

_PLACEHOLDER = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(SecretKind)})\\?_(\d{{1,9}})(?:\\?_(\d{{1,9}}))?(?![A-Z0-9_]|\\_)", re.IGNORECASE)
_RUNS_INTO = string.ascii_letters + string.digits + "_\\"
_Key = tuple[str, int, int]


@dataclass
class Masks:
    """The placeholders of one meeting: the same secret has the same number, each way to write it a form of its own.

    `EMAIL_1` is the first address, `EMAIL_1_2` the same one written differently. Restoring gives back each letter.
    """

    wanted: Redaction
    _numbers: dict[tuple[SecretKind, str], int] = field(default_factory=dict)
    _forms: dict[tuple[SecretKind, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    _originals: dict[_Key, str] = field(default_factory=dict)
    _taken: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def over(cls, wanted: Redaction, transcript: Transcript, meeting: Meeting) -> Masked:
        """The meeting with its secrets masked. The same meeting always gets the same placeholders."""
        masks = cls(wanted)
        texts = [meeting.title, *meeting.participants, *transcript.speakers, *(s.text for s in transcript.segments)]
        # What looks like a placeholder and was said in the meeting stays what it is.
        masks._taken = {_key(match)[:2] for text in texts for match in _PLACEHOLDER.finditer(text)}
        shown = dataclasses.replace(meeting, title=masks.mask(meeting.title), participants=tuple(map(masks.mask, meeting.participants)))
        segments = masks._segments(transcript.segments)
        return Masked(masks, dataclasses.replace(transcript, segments=segments), shown)

    @property
    def counts(self) -> dict[str, int]:
        """How many different secrets of each kind were masked."""
        counts: dict[str, int] = {}
        for kind, _ in self._numbers:
            counts[str(kind)] = counts.get(str(kind), 0) + 1
        return counts

    @property
    def explanation(self) -> str | None:
        """What a model must know of placeholders; None where there are none."""
        examples = [_placeholder(kind, number, 1) for (kind, _), number in self._numbers.items()]
        return EXPLAINED.format(examples=" or ".join(examples[:2])) if examples else None

    def mask(self, text: str) -> str:
        """`text` with placeholders."""
        secrets = [Piece(0, s.start, s.end, s.kind, s.value) for s in find(text, self.wanted)]
        return self._put(text, secrets)

    def restore(self, value: T) -> T:
        """`value` (text, containers or dataclasses of it) with every placeholder turned back; those we never gave stay."""
        return each_text(value, self._restored)  # type: ignore[no-any-return] # the same shape comes back

    def _restored(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: self._originals.get(_key(match), match[0]), text)

    def _segments(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        found: dict[int, list[Piece]] = defaultdict(list)
        for run in _runs(segments):
            for piece in pieces([segments[i].text for i in run], self.wanted):
                found[run[piece.line]].append(piece)
        return tuple(self._masked(segment, found[i]) for i, segment in enumerate(segments))

    def _masked(self, segment: Segment, secrets: Sequence[Piece]) -> Segment:
        speaker = None if segment.speaker is None else self.mask(segment.speaker)
        words = () if secrets else segment.words
        return dataclasses.replace(segment, text=self._put(segment.text, secrets), speaker=speaker, words=words)

    def _put(self, text: str, secrets: Sequence[Piece]) -> str:
        parts, at = [], 0
        for secret in _apart(text, secrets):
            parts += [text[at : secret.start], self._placeholder(secret.kind, secret.value, text[secret.start : secret.end])]
            at = secret.end
        return "".join((*parts, text[at:]))

    def _placeholder(self, kind: SecretKind, value: str, written: str) -> str:
        if (kind, value) not in self._numbers:
            self._numbers[kind, value] = self._next(kind)
        number, forms = self._numbers[kind, value], self._forms[kind, value]
        if written not in forms:
            forms.append(written)
        form = forms.index(written) + 1
        self._originals[str(kind), number, form] = written
        return _placeholder(kind, number, form)

    def _next(self, kind: SecretKind) -> int:
        used = {number for (other, _), number in self._numbers.items() if other is kind}
        return next(n for n in count(1) if n not in used and (str(kind), n) not in self._taken)


@dataclass(frozen=True, slots=True)
class Masked:
    """A meeting as a model may read it, and how to turn back what it writes."""

    masks: Masks
    transcript: Transcript
    meeting: Meeting


def _apart(text: str, secrets: Sequence[Piece]) -> list[Piece]:
    """The same in order, widened over letters that a placeholder would run into; those that then touch or overlap are one."""
    wide: list[Piece] = []
    for secret in sorted(secrets, key=lambda s: s.start):
        start = len(text[: secret.start].rstrip(_RUNS_INTO))
        end = len(text) - len(text[secret.end :].lstrip(_RUNS_INTO))
        if wide and start <= wide[-1].end:
            wide[-1] = dataclasses.replace(wide[-1], end=max(end, wide[-1].end))
        else:
            wide.append(dataclasses.replace(secret, start=start, end=end))
    return wide


def _placeholder(kind: SecretKind, number: int, form: int) -> str:
    return f"{kind.upper()}_{number}" + (f"_{form}" if form > 1 else "")


def _key(match: re.Match[str]) -> _Key:
    return match[1].casefold(), int(match[2]), int(match[3] or 1)


def _runs(segments: Sequence[Segment]) -> Iterable[list[int]]:
    """Positions to read in one go: what each speaker says, over short remarks of others; then all in order."""
    yield from _by_speaker(segments)
    yield list(range(len(segments)))


def _by_speaker(segments: Sequence[Segment]) -> Iterable[list[int]]:
    runs: dict[str | None, list[int]] = {}
    for position, segment in enumerate(segments):
        run = runs.setdefault(segment.speaker, [])
        if run and position - run[-1] > NEAR:
            yield run
            run = runs[segment.speaker] = []
        run.append(position)
    yield from runs.values()


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """`value` (text, containers or dataclasses of it) with each of its texts changed."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {each_text(key, change): each_text(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(each_text(item, change) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **{f.name: each_text(getattr(value, f.name), change) for f in dataclasses.fields(value)})
    return value
