"""How much room the database takes: as PostgreSQL counts it, which is quick, and of rows an estimate."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_TABLES = 12

_SIZE = text("select pg_database_size(current_database())")
# Row-level security hides no sizes; a table that was never analysed has a guess of -1.
_TABLES = text("""
    select case n.nspname when 'public' then c.relname else n.nspname || '.' || c.relname end as name,
        greatest(c.reltuples, s.n_live_tup, 0)::bigint as rows, pg_total_relation_size(c.oid) as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_user_tables s on s.relid = c.oid
    where n.nspname in ('public', 'dbos') and c.relkind = 'r' order by bytes desc, name limit :most
""")


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table with its indexes and what of it lies outside of its rows; `rows` is an estimate."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Storage:
    """The whole database, and its largest tables."""

    bytes: int
    tables: tuple[TableSize, ...]


async def measure(connection: AsyncConnection) -> Storage:
    """What it takes now."""
    tables = [TableSize(**row) for row in (await connection.execute(_TABLES, {"most": MOST_TABLES})).mappings()]
    return Storage(int(await connection.scalar(_SIZE) or 0), tuple(tables))
