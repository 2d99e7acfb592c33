"""One list of what was found by words and by meaning: passages that both ways find come first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from momentum.embeddings import Embedder
from momentum.errors import MomentumError
from momentum.store import indexings, pages, passages
from momentum.store.database import Database
from momentum.store.passages import Filters, Found

if TYPE_CHECKING:
    from momentum.embeddings import Vector

log = structlog.get_logger(__name__)

BY_WORDS, BY_MEANING = 200, 50
"""Passages that each way brings at the most."""
ASKED_SECONDS = 3.0
"""What a person waits for the meaning of a question: then words alone have to do."""
DAMPING = 60
"""Of reciprocal rank fusion: https://plg.uwaterloo.ca/~gvcormac/cormacksigir09-rrf.pdf"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage, and which ways found it."""

    found: Found
    words: bool
    meaning: bool


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, the best first. `behind`: recordings that changed and are not searched as they are now yet."""

    hits: tuple[Hit, ...]
    total: int
    next_token: str | None
    meaning: bool
    """Whether meanings were looked at: not for a query with quotation marks or a minus, which is taken at its words."""
    behind: int


async def search(
    database: Database, user_id: UUID, query: str, filters: Filters, embedder: Embedder | None, *, size: int, after: str | None = None
) -> Results:
    """What a person has that fits `query`; five database queries, however much that is. No query is wrong.

    Raises Invalid(INVALID_PAGE_TOKEN).
    """
    begin = 0 if after is None else pages.read_token(after, _place)
    vector = await meaning_of(query, embedder)
    async with database.person(user_id) as connection:
        by_words = await passages.with_words(connection, query, filters, size=BY_WORDS)
        near: list[tuple[int, float]] = []
        if vector is not None and embedder is not None:
            near = await passages.near_to(connection, user_id, embedder.name, vector, filters, floor=embedder.floor, size=BY_MEANING)
        by_meaning = [one for one, _ in near]
        ranked = fused(by_words, by_meaning)
        shown = await passages.shown(connection, ranked[begin : begin + size], query)
        behind = await indexings.behind(connection, user_id)
    words, meaning = set(by_words), set(by_meaning)
    hits = tuple(Hit(one, one.id in words, one.id in meaning) for one in shown)
    following = begin + size if len(ranked) > begin + size else None
    return Results(hits, len(ranked), None if following is None else pages.write_token("search", following), vector is not None, behind)


async def meaning_of(query: str, embedder: Embedder | None, *, seconds: float = ASKED_SECONDS) -> Vector | None:
    """None where nothing can or should be searched by meaning. An embedder that fails, or takes longer than a person waits, costs its
    half of the list, not the search.
    """
    if embedder is None or not query.strip() or is_literal(query):
        return None
    try:
        async with asyncio.timeout(seconds):
            (vector,) = await embedder.embed([query[: passages.MOST_ASKED]])
    except (MomentumError, TimeoutError) as error:
        log.warning("search_without_meaning", error=error.code if isinstance(error, MomentumError) else "too_slow")
        return None
    return vector


def is_literal(query: str) -> bool:
    """Whether a query says by its signs that it means these words and no others."""
    return '"' in query or any(word.startswith("-") and len(word) > 1 for word in query.split())


def fused(*lists: Sequence[int]) -> list[int]:
    """One ranking out of several, by the sum of the reciprocals of their ranks; equal ones in the order of the lists."""
    scores: dict[int, float] = {}
    for ranked in lists:
        for rank, one in enumerate(ranked, 1):
            scores[one] = scores.get(one, 0.0) + 1 / (DAMPING + rank)
    return sorted(scores, key=lambda one: -scores[one])


# A list by rank has no key to go on from; that it is at most 250 long makes counting as good.


def _place(kind: object, begin: object) -> int:
    if kind != "search" or not isinstance(begin, int) or not 0 < begin <= BY_WORDS + BY_MEANING:
        raise ValueError(begin)
    return begin
