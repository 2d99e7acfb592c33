import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from momentum.errors import ErrorCode, Invalid
from momentum.store import pages, tables

ORDER = pages.Order(tables.processings.c.created_at, tables.processings.c.id)
NAIVE = base64.urlsafe_b64encode(b'["2026-01-01T00:00:00","' + str(UUID(int=1)).encode() + b'"]').decode()


@given(st.text())
@example("")
@example("W10")
@example("WzEsMl0")
@example("bnVsbA")
@example("W1tb" * 1_000)
@example(NAIVE)
def test_a_token_that_is_not_ours_is_refused_with_its_code(token):
    with pytest.raises(Invalid) as caught:
        ORDER.apply(select(tables.processings.c.id), after=token, size=10)

    assert caught.value.code is ErrorCode.INVALID_PAGE_TOKEN


def test_a_page_knows_whether_there_is_another():
    rows = [(datetime(2026, 1, day, tzinfo=UTC), uuid4()) for day in (3, 2, 1)]

    assert pages.page(rows, 3, lambda row: row) == pages.Page(tuple(rows), None)
    page = pages.page(rows, 2, lambda row: row)
    assert page.rows == tuple(rows[:2])
    assert set(page.next_token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    ORDER.apply(select(tables.processings.c.id), after=page.next_token, size=2)
