"""Whether the end of a file is missing, told from its outermost structure while the bytes pass."""

from __future__ import annotations

import re
from typing import Protocol

from momentum.media.boxes import Boxes, is_iso_media

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"  # https://www.rfc-editor.org/rfc/rfc9559.html
_XING = re.compile(rb"Xing|Info")
_FRAME_BEFORE_XING = 64
"""Bytes of a frame's header and side information at the most; the table begins behind them."""
_HAS_FRAMES, _HAS_BYTES = 1, 2
_TS_PACKET, _TS_SYNC = 188, 0x47  # https://www.itu.int/rec/T-REC-H.222.0
_OGG_HEADER = 27  # https://www.rfc-editor.org/rfc/rfc3533.html#section-6


class Shape(Protocol):
    """Watches the bytes pass."""

    def feed(self, data: bytes) -> None: ...

    @property
    def is_cut(self) -> bool:
        """Whether the bytes seen so far break off inside something that matters."""
        ...


def shape_of(head: bytes) -> Shape | None:
    """What can tell for a file that begins so whether its end is missing; None where nothing can."""
    if is_iso_media(head):
        return Boxes()
    if head[:4] == b"OggS":
        return OggPages()
    if len(head) > _TS_PACKET and head[0] == head[_TS_PACKET] == _TS_SYNC:
        return Packets(_TS_PACKET)
    length = _riff_length(head) or _segment_end(head) or _mp3_end(head)
    return None if length is None else Stated(length)


class Stated:
    """A file that says in its first bytes how many it has."""

    def __init__(self, length: int) -> None:
        self._length, self._seen = length, 0

    def feed(self, data: bytes) -> None:
        self._seen += len(data)

    @property
    def is_cut(self) -> bool:
        return self._seen < self._length


class Packets:
    """A file of packets of one size: one that ends inside a packet was cut there."""

    def __init__(self, size: int) -> None:
        self._size, self._seen = size, 0

    def feed(self, data: bytes) -> None:
        self._seen += len(data)

    @property
    def is_cut(self) -> bool:
        return self._seen % self._size != 0


class OggPages:
    """An Ogg file is a row of pages, each of which states its length."""

    def __init__(self) -> None:
        self._left = 0
        self._header = b""
        self._lost = False

    def feed(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and not self._lost:
            skipped, rest = min(self._left, len(rest)), rest[self._left :]
            self._left -= skipped
            if not self._left and rest:
                rest = self._read_header(rest)

    def _read_header(self, data: memoryview) -> memoryview:
        """What of `data` is left behind the next bytes of a page's header."""
        wanted = _OGG_HEADER if len(self._header) < _OGG_HEADER else _OGG_HEADER + self._header[26]
        taken = wanted - len(self._header)
        self._header, rest = self._header + bytes(data[:taken]), data[taken:]
        if len(self._header) == _OGG_HEADER and self._header[:4] != b"OggS":
            self._lost = True
        elif len(self._header) > _OGG_HEADER - 1 and len(self._header) == _OGG_HEADER + self._header[26]:
            self._left, self._header = sum(self._header[_OGG_HEADER:]), b""
        return rest

    @property
    def is_cut(self) -> bool:
        return not self._lost and bool(self._left or self._header)


def _riff_length(head: bytes) -> int | None:
    """WAV, AVI; unknown where the file was written as it was recorded."""
    if head[:4] != b"RIFF":
        return None
    stated = int.from_bytes(head[4:8], "little")
    return stated + 8 if stated not in {0, 2**32 - 1} else None


def _segment_end(head: bytes) -> int | None:
    """Matroska, WebM: where the one segment ends; unknown in what was streamed."""
    if head[:4] != _EBML or (size := _vint(head, 4)) is None:
        return None
    segment = size[1] + size[0]
    if head[segment : segment + 4] != _SEGMENT or (length := _vint(head, segment + 4)) is None:
        return None
    return length[1] + length[0]


def _vint(data: bytes, at: int) -> tuple[int, int] | None:
    """A variable-size integer of EBML and where it ends; None for "unknown"."""
    if at >= len(data) or not data[at]:
        return None
    length = 9 - data[at].bit_length()
    raw = int.from_bytes(data[at : at + length], "big")
    value = raw & (1 << 7 * length) - 1
    if len(data) < at + length or value == (1 << 7 * length) - 1:
        return None
    return value, at + length


def _mp3_end(head: bytes) -> int | None:
    """MP3 with a table of Xing's in its first frame that tells the bytes."""
    begin = _behind_tags(head)
    found = _XING.search(head, begin, begin + _FRAME_BEFORE_XING)
    if found is None or head[begin : begin + 1] != b"\xff":
        return None
    flags = int.from_bytes(head[found.end() : found.end() + 4], "big")
    at = found.end() + 4 + (4 if flags & _HAS_FRAMES else 0)
    stated = int.from_bytes(head[at : at + 4], "big")
    return begin + stated if flags & _HAS_BYTES and stated else None


def _behind_tags(head: bytes) -> int:
    """Where the first frame begins: behind an ID3v2 tag (https://id3.org/id3v2.4.0-structure), whose size has seven bits a byte."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size
