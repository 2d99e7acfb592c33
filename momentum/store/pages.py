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
Place = TypeVar("Place")


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
            return query.where(place > tuple_(*read_token(before, _place))).order_by(self.moment, self.id).limit(size + 1)
        if after is not None:
            query = query.where(place < tuple_(*read_token(after, _place)))
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


def write_token(*values: str | int) -> str:
    """Where a page begins, as callers give it back."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read_token(token: str, read: Callable[..., Place]) -> Place:
    """What `read` makes of a token's values; a ValueError of it says that they are none of ours. Raises Invalid(INVALID_PAGE_TOKEN)."""
    try:
        return read(*json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)))
    except (ValueError, TypeError, AttributeError, RecursionError):
        detail = "This page token is not one of ours. Start again from the first page."
        raise Invalid(ErrorCode.INVALID_PAGE_TOKEN, detail) from None


def _write(moment: datetime, id_: UUID) -> str:
    return write_token(moment.isoformat(), str(id_))


def _place(moment: str, id_: str) -> tuple[datetime, UUID]:
    found = datetime.fromisoformat(moment), UUID(id_)
    if found[0].tzinfo is None:
        raise ValueError(moment)
    return found
