"""The two origins of a recording: a file of this machine, and a provider's recording of a connected person."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from momentum.errors import ErrorCode, MomentumError, NotReady, Permanent, Retry
from momentum.model import Meeting, Options, Recording, RecordingFile, Segment
from momentum.outbound.download import Downloads
from momentum.outbound.limits import TokenSource
from momentum.outbound.sources import ByteSource, FileSource
from momentum.pipeline.fetch import open_file
from momentum.pipeline.places import Found, Part, Track
from momentum.providers.base import Participant, Provider
from momentum.providers.filesets import FileSet, best_source, file_sets
from momentum.transcribers.captions import Turn, read_timeline, read_vtt

MOST_CAPTION_BYTES = 20 * 2**20
"""A three-hour meeting's captions are about 0.4 MB."""


class FileOrigin:
    """One audio or video file; captions beside it (same name, `.vtt`) name the speakers."""

    def __init__(self, path: Path, *, max_bytes: int | None = None) -> None:
        self._path, self._max_bytes = path, max_bytes

    async def look(self) -> Found:
        facts = self._facts()
        place = os.fsencode(self._path.absolute())  # a name need not be text
        key = hashlib.sha256(b"%s\0%d\0%d" % (place, facts.st_size, facts.st_mtime_ns)).hexdigest()
        part = Part(key=key, offset=0.0, has_media=True, has_captions=self._captions_path.is_file())
        return Found((part,))

    async def meeting(self, participants: tuple[str, ...] | None = None) -> Meeting:
        return Meeting(title=os.fsencode(self._path.stem).decode("utf-8", "replace"), participants=participants or ())

    def media(self, part: Part) -> ByteSource:  # noqa: ARG002 -- a file is one part
        return FileSource(self._path)

    async def captions(self, part: Part) -> tuple[Segment, ...]:  # noqa: ARG002 -- as above
        text = await FileSource(self._captions_path).read(0, MOST_CAPTION_BYTES + 1) or b""
        return read_vtt(_captions_text(text))

    async def turns(self, part: Part) -> tuple[Turn, ...]:  # noqa: ARG002 -- as above
        return ()

    def tracks(self, part: Part) -> tuple[Track, ...]:  # noqa: ARG002 -- as above
        return ()

    def _facts(self) -> os.stat_result:
        """Raises Permanent for what is no file, cannot be reached or is too large."""
        name = self._path.name or str(self._path)
        try:
            facts = self._path.stat()
        except FileNotFoundError as error:
            raise Permanent(ErrorCode.NOT_FOUND, f"There is no file {name!r} here.") from error
        except OSError as error:
            raise Permanent(ErrorCode.MEDIA_UNREADABLE, f"{name!r} cannot be reached: {error.strerror}.") from error
        if stat.S_ISDIR(facts.st_mode):
            raise Permanent(ErrorCode.MEDIA_UNREADABLE, f"{name!r} is a folder. Name the recordings in it.")
        if not stat.S_ISREG(facts.st_mode):
            raise Permanent(ErrorCode.MEDIA_UNREADABLE, f"{name!r} is a device or a pipe. Save the recording to a file first.")
        if self._max_bytes is not None and facts.st_size > self._max_bytes:
            limit = self._max_bytes / 2**30
            raise Permanent(ErrorCode.MEDIA_TOO_LARGE, f"{name!r} is larger than {limit:.3g} GiB, the largest file that is read here.")
        return facts

    @property
    def _captions_path(self) -> Path:
        return self._path.with_suffix(".vtt")


class RecordingOrigin:
    """One recording of a connected person; asks the provider at the first look and remembers the answer."""

    def __init__(
        self, provider: Provider, access: TokenSource, downloads: Downloads, *, instance_id: str, meeting: Meeting, options: Options
    ) -> None:
        self._provider, self._access, self._downloads = provider, access, downloads
        self._instance_id, self._meeting, self._options = instance_id, meeting, options
        self._recording: Recording | None = None
        self._sets: tuple[FileSet, ...] = ()
        self._timelines: dict[str, tuple[Turn, ...]] = {}
        self._attendance: tuple[Participant, ...] | None = None

    async def look(self) -> Found:
        recording = await self._fresh()
        parts = tuple(self._part(index, files) for index, files in enumerate(self._sets))
        if not any(p.has_media for p in parts) and not all(f.ready for f in recording.files):
            raise NotReady(ErrorCode.RECORDING_NOT_READY, f"{self._provider.label} is still preparing this recording.")
        return Found(parts)

    async def meeting(self, participants: tuple[str, ...] | None = None) -> Meeting:
        if participants is not None:
            return replace(self._meeting, participants=participants)
        if self._recording is None:
            with suppress(MomentumError):  # names are a gift: who resumes late may do without
                await self._fresh()
        return replace(self._meeting, participants=await self._participants())

    async def _participants(self) -> tuple[str, ...]:
        """Names of who took part: from the provider's list of the past meeting, and of each participant's own audio."""
        if self._attendance is None:
            try:
                self._attendance = await self._provider.participants(self._access, self._instance_id)
            except MomentumError:  # as above: a plan without the list, a scope not granted, a day's allowance used up
                self._attendance = ()
        files = () if self._recording is None else self._recording.files
        names = (*self._meeting.participants, *(p.name for p in self._attendance), *(f.participant for f in files if f.participant))
        return tuple(dict.fromkeys(name for name in names if name))

    def media(self, part: Part) -> ByteSource:
        file = _media_of(self._set_of(part))
        if file is None:
            raise Permanent(ErrorCode.RECORDING_HAS_NO_AUDIO, "This part of the recording has no file to listen to.")
        return self._open(file)

    async def captions(self, part: Part) -> tuple[Segment, ...]:
        file = _captions_of(self._set_of(part))
        if file is None:
            return ()
        return read_vtt(await self._text(file), (*await self._participants(), *await self._active(part)))

    async def turns(self, part: Part) -> tuple[Turn, ...]:
        return await self._timeline(part)

    async def _active(self, part: Part) -> list[str]:
        """Names that the captions may hold, by the timeline: they may hold each only once. None of them where it cannot be had now."""
        try:
            return [name for turn in await self._timeline(part) for name in turn.speakers]
        except Retry:
            return []

    async def _timeline(self, part: Part) -> tuple[Turn, ...]:
        if part.key not in self._timelines:
            file = _timeline_of(self._set_of(part))
            try:
                self._timelines[part.key] = () if file is None else read_timeline(await self._text(file), seconds=part.seconds)
            except Permanent:  # names are a gift
                self._timelines[part.key] = ()
        return self._timelines[part.key]

    def tracks(self, part: Part) -> tuple[Track, ...]:
        files = self._set_of(part)
        return tuple(
            Track(file.participant, part.offset + _seconds_after(files, file), self._open(file))
            for file in files.files
            if file.kind == "participant_audio" and file.ready and file.participant
        )

    async def _text(self, file: RecordingFile) -> str:
        text = bytearray()
        async for block in self._open(file).stream():
            text += block
            if len(text) > MOST_CAPTION_BYTES:
                break
        return _captions_text(text)

    async def _fresh(self) -> Recording:
        if self._recording is None:
            self._recording = await self._provider.recording(self._access, self._instance_id)
            wanted = [f for f in self._recording.files if self._options.file_id in {None, f.file_id}]
            if not wanted and self._options.file_id:
                raise Permanent(ErrorCode.RECORDING_NOT_FOUND, "This file is no longer part of the recording.")
            self._sets = file_sets(wanted)
        return self._recording

    def _part(self, index: int, files: FileSet) -> Part:
        media, captions = _media_of(files), _captions_of(files)
        key = ":".join(f"{f.file_id}/{f.size}" for f in (media, captions) if f is not None)
        seconds = None if files.end is None else files.end - files.offset
        facts = {"has_media": media is not None, "has_captions": captions is not None, "has_turns": _timeline_of(files) is not None}
        facts["has_tracks"] = any(file.kind == "participant_audio" and file.ready and file.participant for file in files.files)
        awaited = captions is None and self._awaits_captions(files)
        return Part(f"{index}:{key}", files.offset, **facts, seconds=seconds, captions_may_come=awaited)

    def _awaits_captions(self, files: FileSet) -> bool:
        wanted = self._options.transcript == "zoom" and self._options.file_id is None
        ended_at = files.ended_at or files.started_at
        return wanted and ended_at is not None and self._provider.may_still_come(ended_at)

    def _set_of(self, part: Part) -> FileSet:
        return self._sets[int(part.key.partition(":")[0])]

    def _open(self, file: RecordingFile) -> ByteSource:
        if self._recording is None:
            raise LookupError("look() comes first")
        return open_file(self._downloads, self._provider, self._access, self._recording, file)


def _captions_text(data: bytes | bytearray) -> str:
    if len(data) > MOST_CAPTION_BYTES:
        raise Permanent(ErrorCode.MEDIA_TOO_LARGE, "The captions are larger than those of any meeting.")
    return data.decode("utf-8", errors="replace")


def _captions_of(files: FileSet) -> RecordingFile | None:
    return next((f for f in files.files if f.kind == "transcript" and f.ready), None)


def _timeline_of(files: FileSet) -> RecordingFile | None:
    return next((f for f in files.files if f.kind == "timeline" and f.ready), None)


def _seconds_after(files: FileSet, file: RecordingFile) -> float:
    """How long after its set a file begins; participants who come later have audio that begins later."""
    if files.started_at is None or file.started_at is None:
        return 0.0
    return max(0.0, (file.started_at - files.started_at).total_seconds())


def _media_of(files: FileSet) -> RecordingFile | None:
    return best_source(files.files)
