"""Pages by keyset: stable while rows come and go, and as quick on the last page as on the first."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, tuple_

from momentum.errors import ErrorCode, Invalid

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, newest first, and the tokens of the pages after and before them; None on the last and the first page."""

    rows: tuple[Row, ...]
    next_token: str | None
    former_token: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Newest first by `moment`, which is never null; `id` tells equal moments apart."""

    moment: ColumnElement[Any]
    id: ColumnElement[Any]

    def apply(self, query: Select[Any], *, after: str | None, size: int, before: str | None = None) -> Select[Any]:
        """One row more than `size`, so that `page` knows whether there is another page. Raises Invalid(INVALID_PAGE_TOKEN).

        With `before`, those that come just before its row, the nearest first.
        """
        place = tuple_(self.moment, self.id)
        if before is not None:
            return query.where(place > tuple_(*_read(before))).order_by(self.moment, self.id).limit(size + 1)
        if after is not None:
            query = query.where(place < tuple_(*_read(after)))
        return query.order_by(self.moment.desc(), self.id.desc()).limit(size + 1)


def page(
    rows: Sequence[Row], size: int, key: Callable[[Row], tuple[datetime, UUID]], *, after: str | None = None, before: str | None = None
) -> Page[Row]:
    """The page that `Order.apply` selected with the same `after` and `before`; `key` gives a row's moment and id."""
    shown, more = tuple(rows[:size]), len(rows) > size
    if before is not None:
        shown = shown[::-1]
    if not shown:
        return Page((), None)
    first, last = _write(*key(shown[0])), _write(*key(shown[-1]))
    if before is not None:
        return Page(shown, last, first if more else None)
    return Page(shown, last if more else None, None if after is None else first)


def _write(moment: datetime, id_: UUID) -> str:
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), str(id_)]).encode()).decode().rstrip("=")


def _read(token: str) -> tuple[datetime, UUID]:
    try:
        moment, id_ = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
        found = datetime.fromisoformat(moment), UUID(id_)
    except (ValueError, TypeError, AttributeError):
        found = None
    if found is None or found[0].tzinfo is None:
        raise Invalid(ErrorCode.INVALID_PAGE_TOKEN, "This page token is not one of ours. Start again from the first page.")
    return found
