"""Nearest meanings three ways, over the same vectors in the same server: our signs, pgvector without an index, pgvector's HNSW.

One person has 90,000 passages, and a thousand others have 90 each, as colleagues of one installation do: an index that holds
everybody's is looked through before it is known whose a row is.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import psycopg

from bench.figures import TRIES, Figure, Tell, missing
from momentum.embedded.server import EmbeddedPostgres
from momentum.store.passages import NEAR, packed, signs

WIDTH, BIG, OTHERS, EACH, WANTED = 384, 90_000, 1_000, 90, 20
ME, LAST = 0, OTHERS
Vector = Any
Connection = psycopg.Connection[tuple[Any, ...]]

_TABLE = """
    create table near (owner int not null, place int not null, signs bit varying not null, vector bytea not null, half halfvec(384));
    alter table near alter column half set storage plain
"""
_OURS = """
    select place, vector from near where owner = %(owner)s order by bit_count(signs # %(signs)s::bit varying) limit %(near)s
"""
_PGVECTOR = "select place from near where owner = %(owner)s order by half <=> %(half)s::halfvec limit %(wanted)s"


async def measure(tell: Tell) -> list[Figure]:
    home = _home()
    server = EmbeddedPostgres(home)
    try:
        running = await server.start()
        return await asyncio.to_thread(_measured, running.owner_dsn, tell)
    finally:
        await server.stop()
        shutil.rmtree(home)


def _home() -> Path:
    made = Path(tempfile.mkdtemp(prefix="momentum-bench-"))
    made.chmod(0o711)  # else root's server, which runs as somebody else, would have to live elsewhere
    return made


def _measured(dsn: str, tell: Tell) -> list[Figure]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        try:
            connection.execute("create extension vector")
        except psycopg.Error as error:
            return [missing("pgvector", "a table", str(error).splitlines()[0])]
        vectors = _filled(connection, tell)
        return _compared(connection, vectors, tell)


def _filled(connection: Connection, tell: Tell) -> dict[int, Vector]:
    """Owner -> vectors, in heaps as meanings lie."""
    dice = np.random.default_rng(7)
    heaps = dice.normal(size=(2_000, WIDTH))
    connection.execute(_TABLE)
    of: dict[int, Vector] = {}
    for owner in range(OTHERS + 1):
        count = BIG if owner == ME else EACH
        made = heaps[dice.integers(0, len(heaps), count)] + dice.normal(scale=0.9, size=(count, WIDTH))
        of[owner] = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
        _copy(connection, owner, of[owner])
    connection.execute("create index on near (owner)")
    connection.execute("vacuum analyze near")
    tell(f"{BIG + OTHERS * EACH} passages")
    return of


def _copy(connection: Connection, owner: int, vectors: Vector) -> None:
    with connection.cursor() as cursor, cursor.copy("copy near from stdin") as rows:
        for place, one in enumerate(vectors):
            rows.write_row((owner, place, signs(one), packed(one), _written(one)))


def _written(vector: Vector) -> str:
    return str([round(float(number), 5) for number in vector])


def _compared(connection: Connection, vectors: dict[int, Vector], tell: Tell) -> list[Figure]:
    figures = [*_of("signs", connection, vectors, _ours), *_of("exact", connection, vectors, _pgvector)]
    connection.execute("set maintenance_work_mem = '1GB'")
    began = perf_counter()
    connection.execute("create index near_half on near using hnsw (half halfvec_cosine_ops)")
    figures.append(_told("hnsw_build_s", perf_counter() - began))
    (size,) = connection.execute("select pg_relation_size('near_half') / 1e6").fetchone() or (0,)
    figures.append(_told("hnsw_mb", float(size)))
    tell("the index is built")
    connection.execute("set enable_bitmapscan = off; set enable_sort = off; set hnsw.ef_search = 100")
    figures += _of("hnsw", connection, vectors, _pgvector)
    connection.execute("set hnsw.iterative_scan = relaxed_order")
    return figures + _of("hnsw_iterative", connection, vectors, _pgvector)


Search = Callable[[Connection, int, Vector], Sequence[int]]


def _of(name: str, connection: Connection, vectors: dict[int, Vector], search: Search) -> list[Figure]:
    figures = []
    for whose, owner in (("big", ME), ("small", LAST)):
        mine = vectors[owner]
        asked = [_beside(mine[n]) for n in range(0, len(mine), len(mine) // 10)][:10]
        shares = [_share(search(connection, owner, one), mine, one) for one in asked]
        took = min(_seconds(search, connection, owner, asked[0]) for _ in range(TRIES))
        figures.append(_told(f"{name}_{whose}_ms", took * 1000, f"{np.mean(shares):.2f} of the {WANTED} nearest"))
    return figures


def _beside(vector: Vector) -> Vector:
    near = vector + np.random.default_rng(11).normal(scale=0.03, size=WIDTH).astype(np.float32)
    return near / np.linalg.norm(near)


def _seconds(search: Search, connection: Connection, owner: int, asked: Vector) -> float:
    began = perf_counter()
    search(connection, owner, asked)
    return perf_counter() - began


def _share(found: Sequence[int], mine: Vector, asked: Vector) -> float:
    exact = np.argsort(-(mine @ asked))[:WANTED]
    return len(set(found) & set(exact.tolist())) / len(exact)


def _ours(connection: Connection, owner: int, asked: Vector) -> list[int]:
    rows = connection.execute(_OURS, {"owner": owner, "signs": signs(asked), "near": NEAR}, binary=True).fetchall()
    candidates = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f2").reshape(len(rows), -1).astype(np.float32)
    return [rows[n][0] for n in np.argsort(-(candidates @ asked), kind="stable")[:WANTED].tolist()]


def _pgvector(connection: Connection, owner: int, asked: Vector) -> list[int]:
    rows = connection.execute(_PGVECTOR, {"owner": owner, "half": _written(asked), "wanted": WANTED}).fetchall()
    return [row[0] for row in rows]


def _told(name: str, value: float, note: str = "") -> Figure:
    return Figure(f"nearest_{name}", round(value, 1), "-", None, note)
