"""The one look-up that is asked all the time: prepared, and answered in a single round trip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from momentum.store import dsn
from momentum.store.connection import translated

_DEAD_AT_MOST = 3
_BEGIN = "select set_config('role', 'momentum_app', true), set_config('momentum.user_id', %s, true)"


class HotPool:
    """A few raw connections of the app role, beside the pool of transactions. Opened at the first question."""

    def __init__(self, url: str, *, size: int = 4, wait: float = 3.0) -> None:
        # The pool doubles its pauses between attempts to connect; ended early, the next question makes it begin anew.
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[dict[str, Any]]] = AsyncConnectionPool(
            dsn.conninfo(url),
            kwargs={"autocommit": True, "row_factory": dict_row},
            min_size=1,
            max_size=size,
            timeout=wait,
            reconnect_timeout=wait,
            open=False,
        )
        self._opened = False

    async def row(self, user_id: UUID, query: LiteralString, values: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The first row a person's query gives. Raises Unavailable when the database is away."""
        async with translated():
            if not self._opened:
                await self._pool.open()
                self._opened = True
            for _ in range(_DEAD_AT_MOST):
                try:
                    return await self._ask(user_id, query, values)
                except PoolTimeout:  # nobody answers: asking again would only take as long again
                    raise
                except psycopg.OperationalError:
                    # Connections die in the pool when the server restarts; the others that did are replaced before we ask again.
                    await self._pool.check()
            return await self._ask(user_id, query, values)

    async def aclose(self) -> None:
        await self._pool.close()

    async def _ask(self, user_id: UUID, query: LiteralString, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
        # All that a pipeline sends before its end is one transaction on the server, so role and person end with it.
        async with self._pool.connection() as connection, connection.pipeline():
            await connection.execute(_BEGIN, [str(user_id)], prepare=True)
            cursor = await connection.execute(query, values, prepare=True)
            return await cursor.fetchone()
