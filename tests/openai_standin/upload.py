"""A transcription request as it came: the whole body counted, the form taken apart, the sound decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import Any

import numpy as np
from aiohttp import web
from python_multipart import parse_form

from openai_standin.errors import Problem
from openai_standin.hearing import RATE, decoded

LARGEST_BODY = 26_214_400


@dataclass
class Upload:
    """`form` without the file; fields whose name ends in [] are lists. `size` in bytes counts everything."""

    form: dict[str, Any] = field(default_factory=dict)
    file_name: str = ""
    audio: bytes = b""
    size: int = 0

    @property
    def extension(self) -> str:
        return PurePath(self.file_name).suffix.removeprefix(".").lower()

    @property
    def asked_format(self) -> str:
        return str(self.form.get("response_format", "json"))

    @cached_property
    def samples(self) -> np.ndarray:
        """Raises hearing.Unreadable."""
        return decoded(self.audio)

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


async def body_of(request: web.Request, largest: int) -> bytes | Problem:
    """The whole body, read to its end even where it is too large, so that the sender gets to read the answer."""
    body, size = bytearray(), 0
    async for block in request.content.iter_any():
        size += len(block)
        if size <= largest:
            body += block
    return bytes(body) if size <= largest else too_large(size, largest)


async def hangs_up_at(request: web.Request, largest: int) -> Problem | None:
    """Reads no further than the limit: whoever still sends finds the connection closed."""
    size = 0
    async for block in request.content.iter_any():
        size += len(block)
        if size > largest:
            return too_large(size, largest)
    return None


def too_large(size: int, largest: int) -> Problem:
    message = f"413: Maximum content size limit ({largest}) exceeded ({size} bytes read)"
    return Problem(message, None, status=413, kind="server_error")


def parsed(body: bytes, content_type: str) -> Upload:
    upload = Upload(size=len(body))

    def on_field(part: Any) -> None:
        name, value = part.field_name.decode(), (part.value or b"").decode()
        if name.endswith("[]"):
            upload.form.setdefault(name, []).append(value)
        else:
            upload.form[name] = value

    def on_file(part: Any) -> None:
        upload.file_name = (part.file_name or b"").decode()
        part.file_object.seek(0)
        upload.audio = part.file_object.read()
        part.close()

    parse_form({"Content-Type": content_type.encode()}, io.BytesIO(body), on_field, on_file)
    return upload
