"""`momentum audit`: check the trail, print it, and note what an operator does with a command."""

from __future__ import annotations

import json
import sys

from momentum.cli import stopping
from momentum.cli.start import start
from momentum.clock import real_clock
from momentum.database import open_database
from momentum.errors import ErrorCode, Invalid
from momentum.store import audit
from momentum.store.database import Database


def verify(*, head: str | None) -> int:
    """Exit code 1 when an entry was changed, left out or put in between."""
    return stopping.run(_verify(_known(head)))


def show() -> int:
    """The whole trail as JSON lines, oldest first."""
    return stopping.run(_show())


async def noted(database: Database, action: str) -> None:
    """Note what an operator has just done."""
    async with database.nobody() as connection:
        await audit.note_without_person(connection, audit.Act(action, actor="operator"), now=real_clock())


async def _verify(known: tuple[int, str] | None) -> int:
    async with open_database(start()) as (database, _):
        await audit.chain(database)
        verdict = await audit.verify(database, known)
    if verdict.broken_at is not None:
        print(f"The audit trail is not whole: it does not fit from entry {verdict.broken_at} on.", file=sys.stderr)
        return 1
    print(f"{verdict.entries} entries, each in its place and unchanged. Head: {verdict.head}")
    return 0


async def _show() -> int:
    async with open_database(start()) as (database, _):
        async for sequence, entry in audit.entries(database):
            print(json.dumps({"sequence": sequence, **entry}, ensure_ascii=False))
    return 0


def _known(head: str | None) -> tuple[int, str] | None:
    if head is None:
        return None
    sequence, colon, hash_ = head.partition(":")
    if not sequence.isdecimal() or not colon or len(hash_) != 64:
        raise Invalid(
            ErrorCode.INVALID_REQUEST, "A head is written NUMBER:HASH, as `momentum audit verify` prints it and the log holds it."
        )
    return int(sequence), hash_.lower()
