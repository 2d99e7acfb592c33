"""Is it alive? The server itself is asked, never its pid file: a pid may belong to a zombie or to another program by now."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from enum import Enum
from pathlib import Path

_PROTOCOL = 3 << 16
_PATIENCE = 2.0  # seconds for a local answer
_TERMINATE = b"X\x00\x00\x00\x04"


class Answer(Enum):
    """What a server says to somebody who knocks."""

    NOBODY = "nobody listens"
    BUSY = "starting, recovering, stopping, or too busy to answer"
    NO_DATABASE = "running, without the database asked for"
    READY = "ready"


def ask(path: Path, *, user: str, database: str) -> Answer:
    """Say hello on a Unix socket as libpq would (https://www.postgresql.org/docs/current/protocol-flow.html)."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_PATIENCE)
        try:
            line.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return Answer.NOBODY
        except OSError:
            return Answer.BUSY
        try:
            line.sendall(_startup(user, database))
            return _answer(line)
        except OSError:
            return Answer.BUSY


def listener_pid(path: Path) -> int | None:
    """The process that listens on a Unix socket, from the kernel; None when nobody does or the system does not tell."""
    if sys.platform != "linux":
        return None
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_PATIENCE)
        try:
            line.connect(str(path))
        except OSError:
            return None
        pid: int = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        return pid or None


def _startup(user: str, database: str) -> bytes:
    body = struct.pack("!i", _PROTOCOL) + b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def _answer(line: socket.socket) -> Answer:
    with line.makefile("rb") as stream:
        while len(header := stream.read(5)) == 5:
            kind, length = struct.unpack("!ci", header)
            body = stream.read(length - 4)
            if kind == b"Z":
                with contextlib.suppress(OSError):
                    line.sendall(_TERMINATE)
                return Answer.READY
            if kind == b"E":
                return _refusal(body)
    return Answer.BUSY


def _refusal(body: bytes) -> Answer:
    fields = {field[:1]: field[1:].decode(errors="replace") for field in body.split(b"\0") if field}
    if fields.get(b"C") == "3D000":  # invalid_catalog_name
        return Answer.NO_DATABASE
    if fields.get(b"C") == "53300":  # too_many_connections: it serves, only not us
        return Answer.READY
    return Answer.BUSY
