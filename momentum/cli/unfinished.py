"""What was heard so far of a file whose processing broke off: beside the results, until they are there."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Self

from momentum.cli.results import shortened, unwritable
from momentum.model import Heard
from momentum.store.serial import compact, dump_heard, load_heard


class UnfinishedLedger:
    """Finished chunks in a file of lines, so that the same command goes on where it was stopped. A `transcribers.base.Ledger`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heard: dict[str, Heard] = {}

    @classmethod
    def open(cls, folder: Path, recording: Path) -> Self:
        """The ledger of `recording` in `folder`; a last line that was cut off is left out."""
        digest = hashlib.sha256(os.fsencode(recording.absolute())).hexdigest()[:8]
        ledger = cls(folder / f"{shortened(recording.name)}.{digest}.unfinished")
        with contextlib.suppress(FileNotFoundError):
            for line in ledger.path.read_bytes().splitlines():
                ledger._read(line)
        return ledger

    @property
    def is_kept(self) -> bool:
        """Whether anything stands in the file."""
        return bool(self._heard)

    async def get(self, key: str) -> Heard | None:
        return self._heard.get(key)

    async def put(self, key: str, heard: Heard, *, engine: str, seconds: float) -> None:
        self._heard[key] = heard
        line = compact({"key": key, "engine": engine, "seconds": seconds, "heard": dump_heard(heard)})
        # The break before it keeps a line apart from one that a full disk cut off.
        await asyncio.to_thread(self._append, b"\n" + line.encode("utf-8", "replace") + b"\n")

    def close(self) -> None:
        """The results are there: forget."""
        self.path.unlink(missing_ok=True)

    def _read(self, line: bytes) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found = json.loads(line)
            self._heard[found["key"]] = load_heard(found["heard"])

    def _append(self, line: bytes) -> None:
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                while line:
                    line = line[os.write(file, line) :]
            finally:
                os.close(file)
        except OSError as error:
            raise unwritable(self.path.parent, error) from error
