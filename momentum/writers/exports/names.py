"""A title of any characters as a file name, and as the header that carries it."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

MOST_BYTES = 180
"""Of a name without its ending: file systems take 255 bytes, and browsers add " (1)"."""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # on Windows; "/" everywhere: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\.|\s|$)", re.IGNORECASE)
_JOINERS = "\u200c\u200d"


def file_name(*parts: str, extension: str) -> str:
    """`parts` joined by " - ", without what a path, a device or a control character could be made of: a name on any system.

    Where it is too long, its longest part is cut: what tells two files of one meeting apart stays.
    """
    kept = [part for part in map(_tame, parts) if part]
    if (over := len(" - ".join(kept).encode()) - MOST_BYTES) > 0:
        longest = max(kept, key=lambda part: len(part.encode()))
        kept = [_shortened(part, len(part.encode()) - over) if part is longest else part for part in kept]
    stem = " - ".join(part for part in kept if part) or "meeting"
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    return f"{_shortened(stem, MOST_BYTES)}.{extension}"


def disposition(name: str) -> str:
    """Content-Disposition of a file to keep: the name in ASCII for old readers, and whole (https://www.rfc-editor.org/rfc/rfc6266)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # A percent sign and what quoted strings treat apart are read differently by different browsers.
    plain = " ".join(re.sub(r'["%\\;]', "_", plain).split())
    if re.fullmatch(r"[\s._-]*\.\w+", plain):
        plain = f"meeting.{plain.rpartition('.')[2]}"
    known = f'attachment; filename="{plain}"'
    return known if plain == name else f"{known}; filename*=UTF-8''{quote(name, safe='')}"


def _tame(part: str) -> str:
    kept = "".join(c if unicodedata.category(c)[0] != "C" or c in _JOINERS else " " for c in unicodedata.normalize("NFC", part))
    line = " ".join(_FORBIDDEN.sub(" ", kept).split())
    # A leading dot hides a file, a leading dash looks like an option; Windows drops dots and spaces at the end.
    return line.lstrip(".-~ ").rstrip(". ")


def _shortened(text: str, most: int) -> str:
    """Its first bytes, `most` at the most, in whole characters."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: max(0, most)].decode("utf-8", "ignore").rstrip(". ")
