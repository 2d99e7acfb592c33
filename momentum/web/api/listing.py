"""The parameters of a list of meetings: which days, how many, which ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any, Literal

from fastapi import Query

from momentum.errors import ErrorCode, Invalid
from momentum.web.api.processings import PageSize, PageToken

DEFAULT_DAYS = 30
DAY = {"format": "date"}


class MeetingsQuery:
    """What a person wants to see."""

    def __init__(
        self,
        # Text, not dates: the framework would take any number for a moment in seconds since 1970.
        from_: Annotated[
            str | None,
            Query(
                alias="from",
                max_length=40,
                description="First UTC day; default 30 days before the last.",
                json_schema_extra=DAY,
            ),
        ] = None,
        to: Annotated[str | None, Query(max_length=40, description="Last UTC day; default today.", json_schema_extra=DAY)] = None,
        page_size: PageSize = 30,
        page_token: PageToken = None,
        query: Annotated[str | None, Query(max_length=200, description="Looked for in the topic.")] = None,
        has: Annotated[Literal["transcript", "audio", "video"] | None, Query(description="Only those with such a file.")] = None,
        include_trash: Annotated[bool, Query(description="Also those in the provider's trash.")] = False,
    ) -> None:
        self._from, self._to = from_, to
        self._filters = {"size": page_size, "after": page_token, "query": query, "has": has, "include_trash": include_trash}

    @property
    def is_first_page(self) -> bool:
        return self._filters["after"] is None

    def filters(self) -> dict[str, Any]:
        """As `store.recordings.page` takes them."""
        return self._filters

    def days(self, now: datetime) -> tuple[date, date]:
        """First and last UTC day. Raises Invalid(INVALID_DATE_RANGE)."""
        today = now.astimezone(UTC).date()
        wanted_from, wanted_to = day("from", self._from), day("to", self._to)
        # Somewhere it is tomorrow already: a person east of us asks for their own today.
        until = wanted_to or max(today, wanted_from or today)
        # Nothing is recorded after today: the usual span of days ends there, however late `to` is.
        last = max(min(until, today), date.min + timedelta(days=DEFAULT_DAYS))
        since = wanted_from or last - timedelta(days=DEFAULT_DAYS)
        if since > today + timedelta(days=1):
            raise Invalid(ErrorCode.INVALID_DATE_RANGE, f"`from` is {since}, which has not come yet.")
        if since > until:
            raise Invalid(ErrorCode.INVALID_DATE_RANGE, f"`from` ({since}) is after `to` ({until}).")
        return since, until


def day(name: str, text: str | None) -> date | None:
    """The day that a parameter names. Raises Invalid(INVALID_DATE_RANGE)."""
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or text != found.isoformat():
        raise Invalid(ErrorCode.INVALID_DATE_RANGE, f"`{name}` is not a day. Write it as year, month and day: 2026-11-30.")
    return found


def days_between(first: date | None, last: date | None, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """When these days begin, and when they are over, by the clocks of `zone`."""
    since = None if first is None else datetime.combine(first, time(), zone)
    over = None if last is None or last == date.max else datetime.combine(last + timedelta(days=1), time(), zone)
    return since, over
