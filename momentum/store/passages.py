"""Passages: written as a whole for each recording, found by their words or by their meaning.

Words are PostgreSQL's full text search in the language of the text. Meanings are vectors of length 1; those near to a question's
are looked for among the signs of their numbers, by counting those that differ, and the best of these are compared exactly:
docs/decisions/0014-meaning-without-an-extension.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum.analysis import bigrams
from momentum.analysis.passages import Passage
from momentum.store import corrections, serial

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]

CONFIGURATIONS: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "et": "estonian",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""PostgreSQL's text search configurations by ISO 639-1; all other languages are `simple`: words as they are written."""
SIMPLE = "simple"
MOST_ASKED = 1_000
"""Characters of a query that are read."""
NEAR = 1_500
"""Vectors whose signs are nearest, which are compared exactly: enough for 90,000 passages (docs/decisions/0014)."""
_BEGIN, _END = "\x01", "\x02"
_BRACKETS = "\x03\x04"
_AS_SAID = str.maketrans(_BRACKETS, "<>")
"""PostgreSQL leaves out what looks like a tag."""
_SNIPPET = f'StartSel="{_BEGIN}", StopSel="{_END}", MaxWords=45, MinWords=20, ShortWord=0, HighlightAll=false'
_PLAIN = 280
"""Characters of a passage that are shown where none of its words was asked for."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A passage to be found, and where it belongs. `language` is ISO 639-1; None where nobody knows it."""

    passage: Passage
    transcript_id: UUID
    deliverable_id: UUID | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is kept to. `kind` is "transcript" or "document"; `speaker` a name or a part of it; `until` is excluded."""

    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    speaker: str | None = None
    recording_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as it is shown. `snippet` is its text in pieces, each with whether it was asked for; nothing in it is markup."""

    id: int
    recording_id: UUID
    transcript_id: UUID
    deliverable_id: UUID | None
    first_segment: int | None
    last_segment: int | None
    start: float | None
    speakers: tuple[str, ...]
    text: str
    topic: str
    recorded_at: datetime | None
    timezone: str | None
    title: str | None
    """Of the document; None for what was said."""
    document: str | None
    """The kind of the document: "minutes"."""
    snippet: tuple[tuple[str, bool], ...]


# --- writing --------------------------------------------------------------------------------------

_DELETE = text("delete from passages where recording_id = :recording_id")
_FORGET = text("""
    delete from vectors v where v.recording_id = :recording_id
        and not exists (select from passages p where p.recording_id = v.recording_id and p.digest = v.digest)
""")
_WRITE = text("""
    insert into passages (user_id, recording_id, transcript_id, deliverable_id, first_segment, last_segment, start, "end", speakers,
        language, text, digest, words)
    select :user_id, :recording_id, x.transcript_id, x.deliverable_id, x.first, x.last, x.start, x."end",
        array(select jsonb_array_elements_text(x.speakers)), x.language, x.text, sha256(convert_to(x.text, 'UTF8')),
        to_tsvector(x.language::regconfig, x.words)
    from jsonb_to_recordset(cast(:rows as jsonb)) as x(transcript_id uuid, deliverable_id uuid, first integer, last integer,
        start double precision, "end" double precision, speakers jsonb, language text, text text, words text)
""")
_KNOWN = text("select cfgname::text from pg_ts_config where cfgnamespace = 'pg_catalog'::regnamespace")


async def configured(connection: AsyncConnection, made: Sequence[Indexed]) -> list[str]:
    """The text search configuration of each, as this server has them."""
    known = set((await connection.execute(_KNOWN)).scalars())
    wanted = (CONFIGURATIONS.get((one.language or "").partition("-")[0].lower(), SIMPLE) for one in made)
    return [name if name in known else SIMPLE for name in wanted]


async def replace(
    connection: AsyncConnection, user_id: UUID, recording_id: UUID, made: Sequence[Indexed], languages: Sequence[str]
) -> None:
    """All that is to be found of a recording; meanings of texts that stay the same stay. `languages` as `configured` gives them."""
    of = {"recording_id": recording_id}
    await connection.execute(_DELETE, of)
    rows = [_row(one, language) for one, language in zip(made, languages, strict=True)]
    await connection.execute(_WRITE, {**of, "user_id": user_id, "rows": serial.compact(rows)})
    await connection.execute(_FORGET, of)


def _row(one: Indexed, language: str) -> dict[str, Any]:
    passage = one.passage
    shown = serial.clean(passage.text)
    return {
        "transcript_id": str(one.transcript_id),
        "deliverable_id": str(one.deliverable_id) if one.deliverable_id else None,
        "first": passage.first,
        "last": passage.last,
        "start": passage.start,
        "end": passage.end,
        "speakers": [serial.clean(name) for name in passage.speakers],
        "language": language,
        "text": shown,
        "words": bigrams.paired(shown),
    }


# --- meanings -------------------------------------------------------------------------------------

_TO_READ = text("""
    select p.digest, p.text, exists (
        select from vectors v where v.recording_id = p.recording_id and v.digest = p.digest and v.embedder = :embedder
    ) as read
    from passages p where p.recording_id = :recording_id
        and (cast(:languages as text[]) is null or p.language = any (:languages)) order by p.id
""")
_KEEP = text("""
    insert into vectors (user_id, recording_id, digest, embedder, signs, vector)
    select :user_id, :recording_id, :digest, :embedder, cast(:signs as bit varying), :vector
    where exists (select from passages p where p.recording_id = :recording_id and p.digest = :digest)
    on conflict do nothing
""")
_WIDTH = text("select length(signs) from vectors where user_id = :user_id and embedder = :embedder limit 1")
_OF_OTHER_WIDTHS = text("""
    with gone as (
        delete from vectors where user_id = :user_id and embedder = :embedder and length(signs) <> :width returning recording_id
    )
    update indexings set embedder = '' where embedder = :embedder and recording_id in (select recording_id from gone)
""")
_OUTDATED = text("delete from vectors where recording_id = :recording_id and embedder <> :embedder")


def configurations(languages: Iterable[str] | None) -> list[str] | None:
    """The text search configurations of some languages (ISO 639-1); None stays None."""
    return None if languages is None else [CONFIGURATIONS[one] for one in languages]


async def to_read(
    connection: AsyncConnection, recording_id: UUID, embedder: str, *, languages: Iterable[str] | None = None
) -> list[tuple[bytes, str, bool]]:
    """(digest, text, whether it has a vector of this embedder) of the passages of a recording in these languages (None: all), in order."""
    values = {"recording_id": recording_id, "embedder": embedder, "languages": configurations(languages)}
    rows = await connection.execute(_TO_READ, values)
    return [(row.digest, row.text, row.read) for row in rows]


async def keep_vectors(
    connection: AsyncConnection, user_id: UUID, recording_id: UUID, embedder: str, vectors: Mapping[bytes, Vector]
) -> None:
    """Vectors by digest; those of texts that are gone meanwhile are not kept.

    Where a server's model gives another width than before, what the person has of the former width is to be read anew.
    """
    of = {"user_id": user_id, "recording_id": recording_id, "embedder": embedder}
    if not vectors:
        return
    width = len(next(iter(vectors.values())))
    if await connection.scalar(_WIDTH, of) not in {None, width}:
        await connection.execute(_OF_OTHER_WIDTHS, {**of, "width": width})
    rows = [{**of, "digest": digest, "signs": signs(one), "vector": packed(one)} for digest, one in vectors.items()]
    await connection.execute(_KEEP, rows)


async def forget_others(connection: AsyncConnection, recording_id: UUID, embedder: str) -> None:
    """Of embedders that were in force before."""
    await connection.execute(_OUTDATED, {"recording_id": recording_id, "embedder": embedder})


def signs(vector: Vector) -> str:
    """A bit for each number: whether it is positive."""
    return "".join("1" if number > 0 else "0" for number in vector.tolist())


def packed(vector: Vector) -> bytes:
    """Half precision: the rounding is a hundred times smaller than what tells two passages apart."""
    return vector.astype("<f2").tobytes()


# --- finding --------------------------------------------------------------------------------------

_WITH = text("""
    select passage_id from lookup.passages_with(:query, :kind, :since, :until, :speaker, :recording_id, :size)
    order by rank desc, passage_id desc
""")
_ALL_NEAR = text("""
    select p.id, n.vector from (
        select v.recording_id, v.digest, v.vector from vectors v
        where v.user_id = :user_id and v.embedder = :embedder and length(v.signs) = :width
        order by bit_count(v.signs # cast(:signs as bit varying)) limit :near
    ) n join passages p on p.recording_id = n.recording_id and p.digest = n.digest
""")
_SOME_NEAR = text("""
    select p.id, v.vector from vectors v join passages p on p.recording_id = v.recording_id and p.digest = v.digest
        join recordings r on r.id = v.recording_id
    where v.user_id = :user_id and v.embedder = :embedder and length(v.signs) = :width
        and (cast(:kind as text) is null or (:kind = 'document') = (p.deliverable_id is not null))
        and (cast(:since as timestamptz) is null or coalesce(r.started_at, r.first_seen_at) >= :since)
        and (cast(:until as timestamptz) is null or coalesce(r.started_at, r.first_seen_at) < :until)
        and (cast(:speaker as text) is null or exists (select from unnest(p.speakers) s where strpos(lower(s), lower(:speaker)) > 0))
        and (cast(:recording_id as uuid) is null or p.recording_id = :recording_id)
    order by bit_count(v.signs # cast(:signs as bit varying)) limit :near
""")


async def with_words(connection: AsyncConnection, query: str, filters: Filters, *, size: int) -> list[int]:
    """Ids of the person's passages that hold the words asked for, the best first. No query is wrong."""
    values = {"query": bigrams.asked(_clean(query)), "size": size, **_values(filters)}
    return list((await connection.execute(_WITH, values)).scalars())


async def near_to(
    connection: AsyncConnection, user_id: UUID, embedder: str, vector: Vector, filters: Filters, *, floor: float, size: int
) -> list[tuple[int, float]]:
    """(id, cosine) of passages whose meaning is near, the nearest first; none below `floor`, and none whose vector is of another width."""
    import numpy as np

    values = {"user_id": user_id, "embedder": embedder, "signs": signs(vector), "width": len(vector), "near": NEAR}
    kept = _values(filters)
    unfiltered = all(value is None for value in kept.values())
    rows = (await connection.execute(_ALL_NEAR, values) if unfiltered else await connection.execute(_SOME_NEAR, values | kept)).all()
    if not rows:
        return []
    candidates = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f2").reshape(len(rows), -1).astype(np.float32)
    likeness = candidates @ vector
    best = np.argsort(-likeness, kind="stable")[:size]
    return [(rows[n].id, float(likeness[n])) for n in best.tolist() if likeness[n] >= floor]


_SHOWN = text("""
    select p.id, p.recording_id, p.transcript_id, p.deliverable_id, p.first_segment, p.last_segment, p.start, p.speakers, p.text,
        r.topic, r.started_at as recorded_at, r.timezone, d.title, d.kind as document,
        ts_headline(c.oid, translate(p.text, '<>', :brackets), websearch_to_tsquery(c.oid, :query), :options) as headline
    from passages p join recordings r on r.id = p.recording_id left join deliverables d on d.id = p.deliverable_id
        join pg_ts_config c on c.cfgname = p.language and c.cfgnamespace = 'pg_catalog'::regnamespace
    where p.id in :ids
""").bindparams(bindparam("ids", expanding=True))


async def shown(connection: AsyncConnection, ids: Sequence[int], query: str) -> list[Found]:
    """The person's passages of these ids, in this order; two queries, however many. What was asked for stands out in their snippets."""
    if not ids:
        return []
    asked = _clean(query)
    rows = (
        (await connection.execute(_SHOWN, {"ids": list(ids), "query": asked, "options": _SNIPPET, "brackets": _BRACKETS})).mappings().all()
    )
    titles = [(row["transcript_id"], row["topic"]) for row in rows]
    topics = await corrections.titled(connection, titles)
    found = {row["id"]: _found(dict(row), topic, bigrams.runs(asked)) for row, topic in zip(rows, topics, strict=True)}
    return [found[one] for one in ids if one in found]


def _found(row: dict[str, Any], topic: str, runs: Sequence[str]) -> Found:
    headline = row.pop("headline").translate(_AS_SAID)
    return Found(**{**row, "speakers": tuple(row["speakers"]), "topic": topic, "snippet": _snippet(headline, row["text"], runs)})


def _snippet(headline: str, whole: str, runs: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """PostgreSQL marks words; runs of scripts without spaces between words are marked here."""
    marked = [run for run in runs if run in whole]
    if marked:
        pattern = re.compile("|".join(map(re.escape, sorted(marked, key=len, reverse=True))))
        headline = pattern.sub(lambda run: f"{_BEGIN}{run[0]}{_END}", whole)
    elif _BEGIN not in headline:
        headline = whole if len(whole) <= _PLAIN else f"{whole[:_PLAIN].rsplit(' ', 1)[0]} …"
    pieces = re.split(f"{_BEGIN}([^{_END}]*){_END}", headline)
    return tuple((piece, n % 2 == 1) for n, piece in enumerate(pieces) if piece)


def _values(filters: Filters) -> dict[str, Any]:
    speaker = _clean(filters.speaker or "").strip() or None
    return {
        "kind": filters.kind,
        "since": filters.since,
        "until": filters.until,
        "speaker": speaker,
        "recording_id": filters.recording_id,
    }


def _clean(query: str) -> str:
    return serial.clean(query)[:MOST_ASKED]
