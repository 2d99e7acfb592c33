"""The file sets of a recording: one for each time the host stopped and started recording again.

Pausing does not split a recording, stopping does:
https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0062627.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from momentum.model import Gap, RecordingFile

_SAME_START = timedelta(seconds=2)
_MEDIA = ("audio", "video")
_EARLY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FileSet:
    """Files that began together; `offset` is where the set begins, in seconds from the start of the first set."""

    started_at: datetime | None
    ended_at: datetime | None
    offset: float
    files: tuple[RecordingFile, ...]

    @property
    def end(self) -> float | None:
        """Where the set ends, in the same seconds; None where no file says."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.offset + (self.ended_at - self.started_at).total_seconds()


def file_sets(files: Iterable[RecordingFile]) -> tuple[FileSet, ...]:
    """The sets in the order of time. Audio and video found a set; what accompanies them joins the set it began in.

    A file without a start belongs to the first set.
    """
    ordered = sorted(files, key=lambda file: (file.started_at or _EARLY, file.file_id))
    starts = _starts([file for file in ordered if _founds(file)] or ordered)
    groups: list[list[RecordingFile]] = [[] for _ in range(max(1, len(starts)))]
    for file in ordered:
        groups[_position(starts, file.started_at)].append(file)
    return tuple(_file_set(starts, index, group) for index, group in enumerate(groups) if group)


def gaps(sets: Sequence[FileSet]) -> tuple[Gap, ...]:
    """The seconds between the end of a set and the start of the next, where both are known."""
    between = [(before.end, after.offset) for before, after in pairwise(sets)]
    return tuple(Gap(end, start) for end, start in between if end is not None and end < start)


def best_source(files: Iterable[RecordingFile]) -> RecordingFile | None:
    """The file to transcribe of one set: audio of all, then other audio, then the smallest video; None when none is ready."""
    return min((file for file in files if file.ready and file.kind in _MEDIA), key=_cost, default=None)


def _founds(file: RecordingFile) -> bool:
    # A file still being prepared has no type yet: it may become the audio.
    return file.kind in _MEDIA or (file.kind == "other" and not file.ready)


def _cost(file: RecordingFile) -> tuple[int, int, str]:
    if file.kind == "video":
        rank = 2
    elif "interpretation" in file.recording_type:
        rank = 3  # an interpreter's channel is a translation, not what was said
    else:
        rank = 0 if file.recording_type == "audio_only" else 1
    return rank, file.size if file.size is not None else 2**63, file.file_id


def _starts(files: Sequence[RecordingFile]) -> list[datetime]:
    starts: list[datetime] = []
    for file in files:
        if file.started_at is not None and (not starts or file.started_at - starts[-1] > _SAME_START):
            starts.append(file.started_at)
    return starts


def _position(starts: Sequence[datetime], moment: datetime | None) -> int:
    if moment is None:
        return 0
    before = sum(start - moment <= _SAME_START for start in starts)
    return max(0, before - 1)


def _file_set(starts: Sequence[datetime], index: int, files: Sequence[RecordingFile]) -> FileSet:
    start = starts[index] if starts else None
    offset = (start - starts[0]).total_seconds() if start else 0.0
    media = [file for file in files if file.kind in _MEDIA] or files
    end = max((file.ended_at for file in media if file.ended_at), default=None)
    return FileSet(start, end if start and end and end > start else None, offset, tuple(files))
