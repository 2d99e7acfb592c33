"""The files that `momentum process` leaves: nothing that is there already is ever written over."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from momentum.errors import ErrorCode, Permanent

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
MOST_NUMBERS = 1_000
MOST_BYTES = 200
"""Of a name's stem: file systems take 255 with what we add."""


def require_writable(folder: Path) -> None:
    """Make `folder` and try to write there, before hours are spent on what could not be kept. Raises Permanent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(folder, error) from error


def write_results(folder: Path, stem: str, texts: Mapping[str, str | bytes]) -> dict[str, Path]:
    """Write each text or file as `<stem>.<its key>`, all under one stem; gives the paths by key.

    Where another result stands already the stem is numbered: `talk-2.minutes.md`. The same result is not written twice.
    Raises Permanent; a file that could not be written whole is removed.
    """
    written = {key: text if isinstance(text, bytes) else text.encode("utf-8", "replace") for key, text in texts.items()}
    stem = shortened(stem)
    for number in range(1, MOST_NUMBERS):
        paths = {key: folder / f"{stem if number == 1 else f'{stem}-{number}'}.{key}" for key in written}
        try:
            if _write_all({paths[key]: data for key, data in written.items()}):
                return paths
        except OSError as error:
            raise unwritable(folder, error) from error
    raise Permanent(ErrorCode.INVALID_REQUEST, f"There are {MOST_NUMBERS} results named {stem!r} here. Name another folder with --out.")


def shortened(name: str) -> str:
    """`name` so short that a result's ending still fits behind it."""
    raw = os.fsencode(name)
    return name if len(raw) <= MOST_BYTES else raw[:MOST_BYTES].decode("utf-8", "ignore")


def unwritable(folder: Path, error: OSError) -> Permanent:
    """The sentence for results that cannot be kept."""
    if error.errno in _FULL:
        return Permanent(ErrorCode.DISK_FULL, f"The disk of {folder} is full. Make room and try again.")
    reason = error.strerror or "input or output error"
    return Permanent(ErrorCode.INVALID_REQUEST, f"Results cannot be written to {folder}: {reason}. Name another folder with --out.")


def _write_all(contents: Mapping[Path, bytes]) -> bool:
    """False, and nothing changed, where one of the paths holds something else."""
    if not all(_is_free_for(path, data) for path, data in contents.items()):
        return False
    made: list[Path] = []
    try:
        for path, data in contents.items():
            if not path.exists():
                _write_new(path, data, made)
    except BaseException as error:
        for path in made:
            path.unlink()
        if isinstance(error, FileExistsError):  # somebody else's at this very moment
            return False
        raise
    return True


def _is_free_for(path: Path, data: bytes) -> bool:
    if not os.path.lexists(path):
        return True
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _write_new(path: Path, data: bytes, made: list[Path]) -> None:
    with path.open("xb") as file:
        made.append(path)
        file.write(data)
