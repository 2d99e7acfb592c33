"""A ledger for one run: what `momentum process FILE` uses, and a stand-in for the stored one in tests."""

from __future__ import annotations

from momentum.model import Heard


class MemoryLedger:
    """Finished chunks by key, gone with the process."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    async def get(self, key: str) -> Heard | None:
        return self._heard.get(key)

    async def put(self, key: str, heard: Heard, *, engine: str, seconds: float) -> None:  # noqa: ARG002 -- for ledgers that count
        self._heard.setdefault(key, heard)

    def __len__(self) -> int:
        return len(self._heard)
