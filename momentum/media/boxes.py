"""The outermost structure of MP4 and M4A (ISO/IEC 14496-12): where the index stands, and whether the end is missing."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum

_HEAD = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
_OPENERS = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_INDEX = frozenset({b"moov", b"moof", b"sidx"})
_ESSENTIAL = frozenset({b"moov", b"moof", b"mdat"})
_MAX_LEAD = 2**20
"""Bytes of padding before the first telling box; beyond, we decode in order and see."""


class Order(Enum):
    """How a file wants to be read."""

    IN_ORDER = "in order"
    INDEX_LAST = "index last"


@dataclass(frozen=True, slots=True)
class Box:
    """One box: `size` counts its header; None means "to the end of the file"."""

    kind: bytes
    size: int | None
    header: int


def box_at(data: bytes, offset: int) -> Box | None:
    """The box whose header begins at `offset`; None where the bytes do not reach or make no box."""
    if len(data) < offset + _HEAD.size:
        return None
    size, kind = _HEAD.unpack_from(data, offset)
    if size != 1:
        return Box(kind, size or None, 8) if size == 0 or size >= 8 else None
    if len(data) < offset + _HEAD.size + _LARGE.size:
        return None
    (large,) = _LARGE.unpack_from(data, offset + _HEAD.size)
    return Box(kind, large, 16) if large >= 16 else None


def is_iso_media(head: bytes) -> bool:
    """Whether a file that begins so is an MP4, M4A or MOV."""
    return head[4:8] in _OPENERS


def order_of(head: bytes) -> tuple[Order, int | None] | None:
    """How to read a file that begins with `head`; for INDEX_LAST also where the samples end (None: at the file's end).

    None: more bytes are needed.
    """
    if len(head) < 8:
        return None
    offset = 0
    while offset < _MAX_LEAD and is_iso_media(head):
        if len(head) < offset + 16:
            return None
        box = box_at(head, offset)
        if box is None or box.kind in _INDEX or (box.size is None and box.kind != b"mdat"):
            break
        if box.kind == b"mdat":
            return Order.INDEX_LAST, None if box.size is None else offset + box.size
        offset += box.size or 0
    return Order.IN_ORDER, None


class Boxes:
    """Follows the outermost boxes while the bytes pass, so that a file cut inside one is noticed."""

    def __init__(self) -> None:
        self._seen = 0
        self._next: int | None = 0
        self._header = b""
        self._box: Box | None = None

    def feed(self, data: bytes) -> None:
        start, self._seen = self._seen, self._seen + len(data)
        while self._next is not None and self._next < self._seen:
            # A header may be split over blocks: what was seen of it so far waits in `_header`.
            offset = max(self._next - start, 0)
            header = (self._header + data[offset : offset + 16])[:16]
            box = box_at(header, 0)
            if box is None:
                self._wait_for_header(header)
                return
            self._header, self._box = b"", box
            self._next = None if box.size is None else self._next + box.size

    def _wait_for_header(self, header: bytes) -> None:
        self._header = header
        if len(header) == 16:  # not a box: whatever follows is none of our business
            self._next = None

    @property
    def is_cut(self) -> bool:
        return self._box is not None and self._box.kind in _ESSENTIAL and self._next is not None and self._seen < self._next
