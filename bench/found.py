"""How well passages are found: QMSum's meetings and questions (https://github.com/Yale-LILY/QMSum), whose answers people have marked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.figures import Figure, Tell, at_least, missing
from momentum.clock import real_clock
from momentum.embeddings import Embedder
from momentum.embeddings.minilm import MiniLM, installed_files
from momentum.model import Options, Recording, Segment, Transcript
from momentum.pipeline.index import embed, index
from momentum.pipeline.replies import FLOOR, LOOKED_AT, any_of
from momentum.pipeline.search import fused
from momentum.redaction import NOTHING
from momentum.store import passages, processings, profiles, recordings, transcripts
from momentum.store.database import Database
from momentum.store.passages import Filters, Found
from tests.acceptance.installation import ISSUER, SUBJECT, installed

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WAYS = ("words", "meaning", "both")
GOAL = "found_in_meeting"


@dataclass(frozen=True)
class Asked:
    """A question about one meeting, and the segments that answer it."""

    question: str
    recording_id: UUID
    marked: frozenset[int]


async def measure(tell: Tell) -> list[Figure]:
    samples, files = os.environ.get("MOMENTUM_SAMPLES"), installed_files()
    if not samples or not files:
        return [
            missing(GOAL, ">= 0.55", "MOMENTUM_SAMPLES names no folder with qmsum/" if files else "the packaged model is not installed")
        ]
    async with installed() as site:
        return await measured(site.app.database, Path(samples, "qmsum"), MiniLM(files), tell)


async def measured(database: Database, folder: Path, embedder: Embedder, tell: Tell) -> list[Figure]:
    async with database.nobody() as connection:
        user_id = (await profiles.resolve(connection, issuer=ISSUER, subject=SUBJECT, email=None, name=None)).id
    asked: list[Asked] = []
    for name, meeting in _meetings(folder):
        asked += await _kept(database, user_id, name, meeting, embedder)
        tell(f"{name}: {len(asked)} questions so far")
    anywhere, within = dict.fromkeys(WAYS, 0.0), dict.fromkeys(WAYS, 0.0)
    for one in asked:
        for way, found in (await _found(database, user_id, one, embedder, Filters())).items():
            anywhere[way] += any(_fits(one, passage) for passage in found[:10]) / len(asked)
        for way, found in (await _found(database, user_id, one, embedder, Filters(recording_id=one.recording_id))).items():
            within[way] += await _share(database, one, user_id, found) / len(asked)
    note = ", ".join(f"{way} {share:.2f}" for way, share in within.items())
    other = ", ".join(f"{way} {share:.2f}" for way, share in anywhere.items())
    return [
        at_least(GOAL, within["both"], 0.55, "", f"of the marked passages among {LOOKED_AT}: {note}"),
        at_least("found_anywhere", anywhere["both"], 0.45, "", f"a marked passage among the first 10 of all meetings: {other}"),
    ]


def _meetings(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        yield path.stem, json.loads(path.read_text("utf-8"))


async def _kept(database: Database, user_id: UUID, name: str, meeting: dict[str, Any], embedder: Embedder) -> list[Asked]:
    turns = meeting["meeting_transcripts"]
    segments = tuple(Segment(n, n * 5.0, n * 5.0 + 4, turn["content"], speaker=turn["speaker"]) for n, turn in enumerate(turns))
    recording = Recording(f"{name}==", "85550001234", name, NOW, "Europe/Berlin", 60, 1000, None, ())
    async with database.person(user_id) as connection:
        await recordings.upsert(connection, user_id, "zoom", [recording], now=NOW)
        row = await recordings.find(connection, user_id, "zoom", recording.instance_id)
        assert row
        processing, _ = await processings.create(connection, user_id, row.id, "zoom", name, Options())
        of = {"user_id": user_id, "recording_id": row.id, "processing_id": processing.id, "made_from": "m"}
        await transcripts.save(connection, **of, transcript=Transcript(segments, "en", 5.0 * len(turns), "own", "local:base"))
    await index(database, user_id, row.id)
    await embed(database, user_id, row.id, embedder, NOTHING, clock=real_clock)
    return [Asked(one["query"], row.id, _marked(one["relevant_text_span"])) for one in meeting["specific_query_list"]]


def _marked(spans: Sequence[Sequence[str]]) -> frozenset[int]:
    return frozenset(n for first, last in spans for n in range(int(first), int(last) + 1))


async def _found(database: Database, user_id: UUID, one: Asked, embedder: Embedder, filters: Filters) -> dict[str, list[Found]]:
    (vector,) = await embedder.embed([one.question])
    async with database.person(user_id) as connection:
        words = await passages.with_words(connection, any_of(one.question), filters, size=LOOKED_AT)
        near = await passages.near_to(connection, user_id, embedder.name, vector, filters, floor=FLOOR, size=LOOKED_AT)
        lists = dict(zip(WAYS, (words, [found for found, _ in near], fused(words, [found for found, _ in near])[:LOOKED_AT]), strict=True))
        return {way: await passages.shown(connection, found, one.question) for way, found in lists.items()}


def _fits(one: Asked, found: Found) -> bool:
    first, last = found.first_segment, found.last_segment
    if found.recording_id != one.recording_id or first is None or last is None:
        return False
    return any(n in one.marked for n in range(first, last + 1))


async def _share(database: Database, one: Asked, user_id: UUID, found: Sequence[Found]) -> float:
    """Of the passages that hold what was marked, how many were found; of no more than could be."""
    from sqlalchemy import text

    query = text("select count(*) from passages where recording_id = :recording and exists (select from unnest(cast(:marked as int[])) m "
                 "where m between first_segment and last_segment)")  # fmt: skip
    async with database.person(user_id) as connection:
        there = await connection.scalar(query, {"recording": one.recording_id, "marked": sorted(one.marked)})
    return sum(_fits(one, passage) for passage in found) / max(1, min(LOOKED_AT, there or 0))
