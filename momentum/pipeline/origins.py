"""The two origins of a recording: a file of this machine, and a provider's recording of a connected person."""

from __future__ import annotations

import hashlib
from pathlib import Path

from momentum.errors import ErrorCode, Permanent
from momentum.model import Meeting, Segment
from momentum.outbound.sources import ByteSource, FileSource
from momentum.pipeline.places import Found, Part
from momentum.transcribers.captions import read_vtt


class FileOrigin:
    """One audio or video file; captions beside it (same name, `.vtt`) name the speakers."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def look(self) -> Found:
        if not self._path.is_file():
            raise Permanent(ErrorCode.NOT_FOUND, f"There is no file {self._path.name!r} here.")
        facts = self._path.stat()
        key = hashlib.sha256(f"{self._path.absolute()}\0{facts.st_size}\0{facts.st_mtime_ns}".encode()).hexdigest()
        part = Part(key=key, offset=0.0, has_media=True, has_captions=self._captions_path.is_file())
        return Found(Meeting(title=self._path.stem), (part,))

    def media(self, part: Part) -> ByteSource:  # noqa: ARG002 -- a file is one part
        return FileSource(self._path)

    async def captions(self, part: Part) -> tuple[Segment, ...]:  # noqa: ARG002 -- as above
        return read_vtt(self._captions_path.read_text("utf-8", errors="replace"))

    @property
    def _captions_path(self) -> Path:
        return self._path.with_suffix(".vtt")
