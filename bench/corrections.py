"""Corrections over three hours of talk: laid at each reading, and offered to fifty other meetings of that length."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from bench.figures import TRIES, Figure, Tell, below
from momentum.corrections import EditSegment, FixTerm, Layer, Reassign, RenameSpeaker, deliverable_under, transcript_under
from momentum.model import Claim, ClaimState, Deliverable, Options, Recording, Segment, Transcript, Word
from momentum.pipeline.elsewhere import carry_over, offers
from momentum.store import corrections, processings, profiles, recordings, transcripts
from momentum.store.database import Database
from tests.acceptance.installation import ISSUER, SUBJECT, installed

SEGMENTS, WORDS = 1_800, 14
MEETINGS = 50
NAMES = ("Ada King", "Bob Ray", "Speaker 1", "Dana Lee", "Maya Chen", "Eve Moss")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def measure(tell: Tell) -> list[Figure]:
    chance = random.Random(7)
    said = ["".join(chance.choices("abcdefghilmnoprstuw", k=chance.randint(2, 9))) for _ in range(4_000)]
    talk = _talk(chance, said)
    tell(f"{len(talk.segments)} segments, {talk.word_count} words")
    figures = [_laid(talk, _layers(chance, said, count), limit) for count, limit in ((200, 0.3), (1_000, 1.5))]
    async with installed() as site:
        return figures + await _elsewhere(site.app.database, talk, said)


def _laid(talk: Transcript, layers: Sequence[Layer], limit: float) -> Figure:
    document = _document(talk)
    seconds = min(_seconds(lambda: transcript_under(talk, layers)) for _ in range(TRIES))
    with_document = min(_seconds(lambda: deliverable_under(document, talk, layers)) for _ in range(TRIES))
    return below(f"corrections_{len(layers)}_laid_s", seconds, limit, "s", f"over a document as well: {with_document:.2f} s")


def _seconds(work: Callable[[], Any]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


async def _elsewhere(database: Database, talk: Transcript, said: Sequence[str]) -> list[Figure]:
    async with database.nobody() as connection:
        user_id = (await profiles.resolve(connection, issuer=ISSUER, subject=SUBJECT, email=None, name=None)).id
    ids = [await _kept(database, user_id, talk, number) for number in range(MEETINGS + 1)]
    term = await _made(database, user_id, ids[0], FixTerm(said[150], "Momentum"))
    name = await _made(database, user_id, ids[0], RenameSpeaker("Dana Lee", "Dana Leigh"))
    took = [await _offered(database, user_id, one) for one in (term, name)]
    carried, _ = await _awaited(lambda: carry_over(database, user_id, term, ids[1:], now=NOW))
    return [
        below("correction_offered_to_50_s", max(took), 3, "s", "a term and a name, three hours each"),
        below("correction_carried_to_50_s", carried, 3, "s"),
    ]


async def _offered(database: Database, user_id: UUID, correction_id: UUID) -> float:
    took = [await _awaited(lambda: offers(database, user_id, correction_id)) for _ in range(TRIES)]
    assert {len(found.offers) for _, found in took} == {MEETINGS}
    return min(seconds for seconds, _ in took)


async def _awaited(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    began = perf_counter()
    found = await work()
    return perf_counter() - began, found


async def _kept(database: Database, user_id: UUID, talk: Transcript, number: int) -> UUID:
    recording = Recording(f"talk-{number}", "85550001234", f"Talk {number}", NOW, "Europe/Berlin", 180, 1000, "ada@example.org", ())
    async with database.person(user_id) as connection:
        await recordings.upsert(connection, user_id, "zoom", [recording], now=NOW)
        row = await recordings.find(connection, user_id, "zoom", recording.instance_id)
        assert row is not None
        processing, _ = await processings.create(connection, user_id, row.id, "zoom", recording.instance_id, Options())
        of = {"user_id": user_id, "recording_id": row.id, "processing_id": processing.id, "made_from": "this"}
        return await transcripts.save(connection, **of, transcript=talk)


async def _made(database: Database, user_id: UUID, transcript_id: UUID, layer: Layer) -> UUID:
    async with database.person(user_id) as connection:
        of = {"recording_id": (await transcripts.about(connection, transcript_id)).recording_id, "transcript_id": transcript_id}
        return (await corrections.add(connection, user_id=user_id, deliverable_id=None, layer=layer, now=NOW, **of)).id


# --- what is corrected ----------------------------------------------------------------------------


def _talk(chance: random.Random, said: Sequence[str]) -> Transcript:
    often = [1 / (n + 3) for n in range(len(said))]
    segments = []
    for number in range(SEGMENTS):
        start, speaker, texts = number * 6.0, chance.choice(NAMES), chance.choices(said, often, k=WORDS)
        words = tuple(Word(text, start + n * 0.4, start + n * 0.4 + 0.35, 0.9, speaker, 0.8) for n, text in enumerate(texts))
        segments.append(Segment(number, start, words[-1].end, " ".join(texts), speaker, words))
    return Transcript(tuple(segments), "en", SEGMENTS * 6.0, "own", "local:base", participants=NAMES)


def _document(talk: Transcript) -> Deliverable:
    cited = talk.segments[:: SEGMENTS // 40]
    claims = tuple(Claim("action", s.text[:50], s.text, (s.id,), s.speaker, state=ClaimState.VERIFIED, start=s.start) for s in cited)
    return Deliverable("minutes", "1", "Talk", "en", " ".join(s.text for s in cited), claims)


def _layers(chance: random.Random, said: Sequence[str], count: int) -> list[Layer]:
    """Of each kind in turn; terms from frequent to rare."""
    made: list[Layer] = []
    for n in range(count):
        at = chance.randrange(SEGMENTS - 4)
        made += [
            FixTerm(said[100 + n * 3 % 3_800], said[-1 - n] + "x"),
            RenameSpeaker(NAMES[n % len(NAMES)], f"{NAMES[n % len(NAMES)]} {n}"),
            Reassign(at, at + n % 4, NAMES[n % len(NAMES)], first_word=3 if n % 2 else None),
            EditSegment(at, " ".join(chance.choices(said[:500], k=WORDS))),
        ]
    return made[:count]
