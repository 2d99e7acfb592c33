"""How the decoder and its child talk: frames over a socket, one side at a time.

A frame from the child is a kind (one byte), a length, and that many bytes. The child asks for
bytes when it wants them, so neither side ever holds more than one block:

    parent -> child   START once; after each READ a length and the bytes (0: the end)
    child -> parent   READ offset, length · FACTS duration · PCM samples · END seconds · FAILED why

And how the decoder and the fork server talk, over another one:

    decoder -> server   BEGIN seconds, bytes, with the child's end of a new socket · STOP pid
    server -> decoder   BEGUN pid (0: there is none), in the order of the requests · ENDED pid, exit code (negative: a signal's number)
"""

from __future__ import annotations

import struct

READ, FACTS, PCM, END, FAILED = b"R", b"I", b"P", b"E", b"X"

HEADER = struct.Struct("<cI")
"""Kind and length of what follows."""
START = struct.Struct("<?q")
"""Whether the child may ask for bytes out of order, and how many there are (-1: unknown)."""
RANGE = struct.Struct("<QI")
LENGTH = struct.Struct("<I")
SECONDS = struct.Struct("<d")
"""Seconds; negative where unknown."""

MAX_READ = 2**18
MAX_FRAME = 2**18
"""Bytes; a child that sends or asks for more is broken or taken over, and is ended."""

BEGIN, STOP, BEGUN, ENDED = b"B", b"S", b"b", b"e"
REQUEST = struct.Struct("<cIQ")
REPLY = struct.Struct("<cIi")

NO_AUDIO, UNREADABLE, MEMORY = b"no_audio", b"unreadable", b"memory"
