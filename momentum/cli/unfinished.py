"""What was heard and written so far of a file whose processing broke off: beside the results, until they are there."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from momentum.cli.results import shortened, unwritable
from momentum.model import Answer, Heard
from momentum.outbound.sent import Sending
from momentum.pipeline.places import MemorySentLog
from momentum.store.serial import compact, dump_heard, dump_usage, load_heard, load_usage


class UnfinishedAnswers:
    """Answers of the language model in the same file. A `pipeline.answers.Answers`."""

    def __init__(self, keep: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._keep = keep
        self.known: dict[str, Answer] = {}

    async def get(self, key: str) -> Answer | None:
        return self.known.get(key)

    async def put(self, key: str, answer: Answer) -> None:
        self.known[key] = answer
        await self._keep({"key": key, "model": answer.model, "usage": dump_usage(answer.usage), "answer": answer.data})


class UnfinishedSentLog(MemorySentLog):
    """What left the machine, in the same file: what an earlier attempt sent still counts."""

    def __init__(self, keep: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        super().__init__()
        self._keep = keep

    async def note(self, sending: Sending) -> None:
        await super().note(sending)
        await self._keep({"sent": dataclasses.asdict(sending)})


class UnfinishedLedger:
    """Finished chunks in a file of lines, so that the same command goes on where it was stopped. A `transcribers.base.Ledger`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heard: dict[str, Heard] = {}
        self.answers = UnfinishedAnswers(self._keep)
        self.sent = UnfinishedSentLog(self._keep)

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
        return bool(self._heard or self.answers.known)

    async def get(self, key: str) -> Heard | None:
        return self._heard.get(key)

    async def put(self, key: str, heard: Heard, *, engine: str, seconds: float) -> None:
        self._heard[key] = heard
        await self._keep({"key": key, "engine": engine, "seconds": seconds, "heard": dump_heard(heard)})

    def close(self) -> None:
        """The results are there: forget."""
        self.path.unlink(missing_ok=True)

    def _read(self, line: bytes) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found = json.loads(line)
            if "sent" in found:
                self.sent.sendings.append(Sending(**{**found["sent"], "at": datetime.fromisoformat(found["sent"]["at"])}))
            elif "answer" in found:
                self.answers.known[found["key"]] = Answer(dict(found["answer"]), load_usage(found["usage"]), found["model"])
            else:
                self._heard[found["key"]] = load_heard(found["heard"])

    async def _keep(self, item: dict[str, Any]) -> None:
        # The break before it keeps a line apart from one that a full disk cut off.
        await asyncio.to_thread(self._append, b"\n" + compact(item).encode("utf-8", "replace") + b"\n")

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
