"""The audit trail: who did what to which object, when, from where, with what outcome.

An entry names a person by a pseudonym, and the address it came from is sealed with a key of that person's. Pseudonym and key
stand in `audit_people` and go with the person: afterwards the trail still proves that it is whole, and speaks of nobody.

Entries are added to an inbox; `chain` gives them their order, one writer at a time (migrations/sql/0003_audit.sql).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import exists, insert, literal, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum import metrics
from momentum.errors import MomentumError
from momentum.store import keys, serial, tables
from momentum.store.connection import person_deleted
from momentum.store.database import Database
from momentum.vault import Vault

log = structlog.get_logger(__name__)

OK = "ok"
BEGINNING = bytes(32)
"""What stands in the place of a hash before the first entry."""
_BATCH = 1_000
_NONCE = 12

Actor = Literal["person", "operator", "momentum", "link", "unknown"]
"""`link`: somebody who has a link that its person made; nobody knows who."""


@dataclass(frozen=True, slots=True)
class Act:
    """What happened. `object` is "kind:id"; `outcome` is "ok" or an error code; `source` the address it came from."""

    action: str
    object: str | None = None
    outcome: str = OK
    actor: Actor = "person"
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its person may read it. `source` None where it had none, or where nothing opens it any more."""

    sequence: int
    at: datetime
    actor: str
    action: str
    object: str | None
    outcome: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain, and how many wait for their place. `hash` is BEGINNING where there is none."""

    sequence: int
    hash: bytes
    waiting: int

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash.hex()}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole chain found. `broken_at`: the first entry that does not fit, None when all do."""

    entries: int
    head: Head
    broken_at: int | None


@dataclass(frozen=True, slots=True)
class _Pseudonym:
    name: str
    key: bytes


# --- adding -----------------------------------------------------------------------------------------


async def note(connection: AsyncConnection, vault: Vault, user_id: UUID, act: Act, *, now: datetime) -> None:
    """Add an entry about a person, in their transaction: it is there if what it tells is. Raises Unauthorized(PERSON_DELETED)."""
    await note_all(connection, vault, user_id, [act], now=now)


async def note_all(connection: AsyncConnection, vault: Vault, user_id: UUID, acts: Sequence[Act], *, now: datetime) -> None:
    """As `note`, for several: the person is looked up once."""
    person = await _pseudonym(connection, vault, user_id)
    for act in acts:
        await _add(connection, act, now=now, person=person.name, source=_sealed(person, act.source) if act.source else None)


async def note_without_person(connection: AsyncConnection, act: Act, *, now: datetime) -> None:
    """Add an entry about nobody we know: an operator's act, or a stranger's. Its source is written as it is given."""
    await _add(connection, act, now=now, person=None, source=act.source)


def lost(act: Act, error: Exception) -> None:
    """The act stands, but its entry could not be written: counted, and kept in the log, where nothing else tells of it."""
    metrics.AUDIT_LOST.inc()
    foreseen = isinstance(error, MomentumError)
    reason = error.code if isinstance(error, MomentumError) else type(error).__name__
    log.error("audit_entry_lost", reason=reason, exc_info=None if foreseen else error, **asdict(act))


async def _add(connection: AsyncConnection, act: Act, *, now: datetime, person: str | None, source: str | None) -> None:
    entry = {"at": now.isoformat(), "actor": act.actor, "person": person, "action": act.action, "object": act.object}
    entry |= {"source": source, "outcome": act.outcome}
    await connection.execute(insert(tables.audit_inbox).values(entry=serial.compact(serial.storable(entry))).inline())


async def _pseudonym(connection: AsyncConnection, vault: Vault, user_id: UUID) -> _Pseudonym:
    table = tables.audit_people
    mine = select(table.c.pseudonym, table.c.seal_key).where(table.c.user_id == user_id)
    row = (await connection.execute(mine)).one_or_none()
    if row is None:
        await _make_pseudonym(connection, vault, user_id)
        row = (await connection.execute(mine)).one_or_none()
    if row is None:
        raise person_deleted()
    key = await keys.unseal(connection, vault, row.seal_key, table=table.name, column="seal_key", user_id=user_id)
    return _Pseudonym(row.pseudonym, base64.b64decode(key))


async def _make_pseudonym(connection: AsyncConnection, vault: Vault, user_id: UUID) -> None:
    table = tables.audit_people
    await keys.prepare(connection, vault)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    sealed = vault.seal(key, table=table.name, column="seal_key", user_id=user_id)
    made = select(literal(user_id), literal(f"person-{secrets.token_hex(8)}"), literal(sealed)).where(
        exists().where(tables.profiles.c.id == user_id)
    )
    statement = upsert(table).from_select(["user_id", "pseudonym", "seal_key"], made)
    await connection.execute(statement.on_conflict_do_nothing(index_elements=[table.c.user_id]))


def _sealed(person: _Pseudonym, source: str) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + AESGCM(person.key).encrypt(nonce, source.encode(), person.name.encode())).decode()


def _opened(person: _Pseudonym, sealed: str | None) -> str | None:
    if sealed is None:
        return None
    try:
        data = base64.b64decode(sealed, validate=True)
        return AESGCM(person.key).decrypt(data[:_NONCE], data[_NONCE:], person.name.encode()).decode()
    except (ValueError, InvalidTag):
        return None


# --- ordering ---------------------------------------------------------------------------------------


async def chain(database: Database) -> int:
    """Give every waiting entry its place; how many. Safe to run in many processes: they take turns."""
    total = 0
    while True:
        async with database.nobody() as connection:
            moved = int(await connection.scalar(text("select lookup.chain_audit(:limit)"), {"limit": _BATCH}) or 0)
        total += moved
        if moved < _BATCH:
            return total


async def head(connection: AsyncConnection) -> Head:
    """Where the chain ends. Written down elsewhere, it proves later that nothing before it was changed."""
    row = (await connection.execute(text("select * from lookup.audit_head()"))).one()
    return Head(row.sequence, bytes(row.hash) if row.hash else BEGINNING, row.waiting)


# --- checking and reading ---------------------------------------------------------------------------


def next_hash(former: bytes, sequence: int, entry: str) -> bytes:
    """The hash of an entry: sha256 of the hash before it, its number in 8 bytes, big-endian, and its text in UTF-8."""
    return hashlib.sha256(former + sequence.to_bytes(8) + entry.encode()).digest()


async def verify(database: Database, known: tuple[int, str] | None = None) -> Verdict:
    """Walk the whole chain. `known`: number and hex hash of an entry that was written down earlier; the chain must hold it."""
    async with database.nobody() as connection:
        end = await head(connection)
    hash_, expected, broken = BEGINNING, 1, None
    async for row in _rows(database):
        hash_ = next_hash(hash_, expected, row.entry)
        changed = row.sequence != expected or bytes(row.hash) != hash_
        if changed or (known is not None and known[0] == expected and known[1] != hash_.hex()):
            broken = expected
            break
        expected += 1
    if broken is None and known is not None and known[0] >= expected:
        broken = expected  # what was known to be there is gone
    return Verdict(expected - 1, end, broken)


async def entries(database: Database) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """(number, entry) of the whole chain, oldest first, for the operator: pseudonyms, and sealed addresses as they are."""
    async for row in _rows(database):
        yield row.sequence, json.loads(row.entry)


async def _rows(database: Database) -> AsyncIterator[Any]:
    after = 0
    while True:
        async with database.nobody() as connection:
            query = text("select * from lookup.audit_page(:after, :limit)")
            found = (await connection.execute(query, {"after": after, "limit": _BATCH})).all()
        for row in found:
            yield row
        if len(found) < _BATCH:
            return
        after = found[-1].sequence


async def mine(connection: AsyncConnection, vault: Vault, user_id: UUID, *, before: int | None = None, size: int = 100) -> Sequence[Entry]:
    """A person's own entries, newest first; `before`: only those with a smaller number."""
    person = await _pseudonym(connection, vault, user_id)
    table = tables.audit_trail
    query = select(table.c.sequence, table.c.entry).where(table.c.person == person.name).order_by(table.c.sequence.desc()).limit(size)
    if before is not None:
        query = query.where(table.c.sequence < before)
    return [_entry(row.sequence, json.loads(row.entry), person) for row in await connection.execute(query)]


def _entry(sequence: int, told: dict[str, Any], person: _Pseudonym) -> Entry:
    return Entry(
        sequence=sequence,
        at=datetime.fromisoformat(told["at"]),
        actor=told["actor"],
        action=told["action"],
        object=told["object"],
        outcome=told["outcome"],
        source=_opened(person, told["source"]),
    )
