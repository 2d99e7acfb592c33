"""Searching a thousand meetings of an hour: by words, by meaning, both as one list; and making three hours of talk findable."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import numpy as np

from bench.figures import TRIES, Figure, Tell, at_least, below
from momentum.analysis.passages import Passage
from momentum.embeddings.minilm import MiniLM, installed_files
from momentum.model import Options, Recording, Segment, Transcript
from momentum.pipeline.index import index
from momentum.pipeline.search import search
from momentum.store import passages, processings, profiles, recordings, transcripts
from momentum.store.database import Database
from momentum.store.passages import Filters, Indexed
from momentum.writers.spoken import FUNCTION_WORDS
from tests.acceptance.installation import ISSUER, SUBJECT, installed

MEETINGS, PASSAGES, WORDS = 1_000, 90, 80
WIDTH = 384
Vector = Any
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Asked:
    """A question whose meaning is known: the time of the model is measured by itself."""

    name, host, languages, floor = "bench", None, None, 0.0

    def __init__(self, vector: Vector) -> None:
        self.vector = vector

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [self.vector for _ in texts]

    async def aclose(self) -> None: ...


async def measure(tell: Tell) -> list[Figure]:
    chance = random.Random(7)
    said = ["".join(chance.choices("abcdefghilmnoprstuw", k=chance.randint(3, 9))) for _ in range(20_000)]
    async with installed() as site:
        database = site.app.database
        async with database.nobody() as connection:
            user_id = (await profiles.resolve(connection, issuer=ISSUER, subject=SUBJECT, email=None, name=None)).id
        vectors = await _filled(database, user_id, chance, said, tell)
        figures = await _searched(database, user_id, said, vectors, tell)
        figures.append(await _indexed(database, user_id, chance, said))
    return [*figures, *await _read(chance)]


async def _filled(database: Database, user_id: UUID, chance: random.Random, said: Sequence[str], tell: Tell) -> Vector:
    """A thousand meetings whose words are as frequent as words are, and whose meanings lie in heaps as meanings do."""
    weights = [1 / (rank + 3) for rank in range(len(said))]
    dice = np.random.default_rng(7)
    heaps = dice.normal(size=(2_000, WIDTH))
    vectors = heaps[dice.integers(0, len(heaps), MEETINGS * PASSAGES)] + dice.normal(scale=0.9, size=(MEETINGS * PASSAGES, WIDTH))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    for number in range(MEETINGS):
        texts = [" ".join(chance.choices(said, weights, k=WORDS)) for _ in range(PASSAGES)]
        await _kept(database, user_id, number, texts, vectors[number * PASSAGES : (number + 1) * PASSAGES])
        if number % 250 == 249:
            tell(f"{number + 1} meetings, {(number + 1) * PASSAGES} passages")
    return vectors


async def _kept(database: Database, user_id: UUID, number: int, texts: Sequence[str], vectors: Vector) -> None:
    transcript_id, recording_id = await _transcript(database, user_id, number, ())
    made = [Indexed(Passage(text, ("Ada",), n, n, float(n), float(n)), transcript_id, None, "en") for n, text in enumerate(texts)]
    async with database.person(user_id, lightly=True) as connection:
        await passages.replace(connection, user_id, recording_id, made, ["english"] * len(made))
        rows = await passages.to_read(connection, recording_id, "bench")
        kept = {digest: vector for (digest, _, _), vector in zip(rows, vectors, strict=True)}
        await passages.keep_vectors(connection, user_id, recording_id, "bench", kept)
        from sqlalchemy import text as sql

        await connection.execute(sql("update indexings set indexed = generation, embedder = 'bench', languages = '{english}'"))


async def _transcript(database: Database, user_id: UUID, number: int, segments: tuple[Segment, ...]) -> tuple[UUID, UUID]:
    started = NOW - timedelta(hours=number)
    recording = Recording(f"uuid-{number}==", "85550001234", f"Meeting {number}", started, "Europe/Berlin", 60, 1000, None, ())
    async with database.person(user_id, lightly=True) as connection:
        await recordings.upsert(connection, user_id, "zoom", [recording], now=NOW)
        row = await recordings.find(connection, user_id, "zoom", recording.instance_id)
        assert row
        processing, _ = await processings.create(connection, user_id, row.id, "zoom", f"key-{number}", Options())
        of = {"user_id": user_id, "recording_id": row.id, "processing_id": processing.id, "made_from": "m"}
        transcript = Transcript(segments, "en", 3_600.0, "own", "local:base")
        return await transcripts.save(connection, **of, transcript=transcript), row.id


async def _searched(database: Database, user_id: UUID, said: Sequence[str], vectors: Vector, tell: Tell) -> list[Figure]:
    queries = {"rare": f"{said[4_000]} or {said[9_000]}", "middling": f"{said[300]} {said[500]}", "common": said[0]}
    by_words = {name: await _best(lambda query=query: _words(database, user_id, query)) for name, query in queries.items()}
    tell(", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in by_words.items()))
    dice = np.random.default_rng(11)
    asked = [vectors[n] + dice.normal(scale=0.03, size=WIDTH).astype(np.float32) for n in range(0, len(vectors), 9_000)]
    asked = [vector / np.linalg.norm(vector) for vector in asked]
    by_meaning = await _best(lambda: _near(database, user_id, asked[0]))
    filtered = await _best(lambda: _near(database, user_id, asked[0], speaker="Ada"))
    recall = [await _recall(database, user_id, vector, vectors) for vector in asked]
    embedder = Asked(asked[0])
    whole = await _best(lambda: search(database, user_id, queries["middling"], Filters(), embedder, size=20))
    where = f"{MEETINGS * PASSAGES} passages"
    return [
        below("search_words_s", max(by_words["rare"], by_words["middling"]), 0.1, "s", where),
        below("search_common_word_s", by_words["common"], 0.5, "s", "a word of every second passage"),
        below("search_meaning_s", by_meaning, 0.2, "s", where),
        below("search_meaning_filtered_s", filtered, 0.6, "s", "by a speaker"),
        at_least("search_meaning_recall", float(np.mean(recall)), 0.95, "", "of the 20 nearest, exactly compared"),
        below("search_whole_s", whole, 0.2, "s", "a page of 20, without the model's 10 ms"),
    ]


async def _words(database: Database, user_id: UUID, query: str) -> list[int]:
    async with database.person(user_id) as connection:
        return await passages.with_words(connection, query, Filters(), size=200)


async def _near(database: Database, user_id: UUID, vector: Vector, **filters: str) -> list[tuple[int, float]]:
    async with database.person(user_id) as connection:
        return await passages.near_to(connection, user_id, "bench", vector, Filters(**filters), floor=-1.0, size=20)


async def _recall(database: Database, user_id: UUID, vector: Vector, vectors: Vector) -> float:
    exact = np.sort(vectors @ vector)[::-1][:20]
    found = [likeness for _, likeness in await _near(database, user_id, vector)]
    return sum(likeness >= exact[-1] - 0.002 for likeness in found) / len(exact)


async def _indexed(database: Database, user_id: UUID, chance: random.Random, said: Sequence[str]) -> Figure:
    """Three hours of talk, with documents none: what follows each correction of it, behind the answer."""
    segments = tuple(
        Segment(n, n * 6.0, n * 6.0 + 5, " ".join(chance.choices(said, k=14)), speaker=f"Speaker {n // 3 % 4}") for n in range(1_800)
    )
    took: list[float] = []
    for number in range(TRIES):
        _, recording_id = await _transcript(database, user_id, MEETINGS + number, segments)
        began = perf_counter()
        await index(database, user_id, recording_id)
        took.append(perf_counter() - began)
    return below("search_index_3_hours_s", min(took), 1.0, "s", "words; meanings come behind")


async def _read(chance: random.Random) -> list[Figure]:
    files = installed_files()
    if files is None:
        return []
    embedder = MiniLM(files)
    texts = [" ".join(chance.choices(sorted(FUNCTION_WORDS), k=WORDS)) for _ in range(64)]
    await embedder.embed(texts[:1])
    passage = await _best(lambda: embedder.embed(texts), tries=2) / len(texts)
    question = await _best(lambda: embedder.embed(["When does the new pricing start?"]))
    return [
        below("search_read_passage_s", passage, 0.15, "s", "one core; an hour of talk has 90"),
        below("search_read_question_s", question, 0.05, "s"),
    ]


async def _best(work: Callable[[], Awaitable[object]], tries: int = TRIES) -> float:
    took = []
    for _ in range(tries):
        began = perf_counter()
        await work()
        took.append(perf_counter() - began)
    return min(took)
