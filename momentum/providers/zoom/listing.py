"""Walking a person's recordings: windows of a month, pages within a window, nothing twice and nothing left out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from momentum.errors import ErrorCode, Retry
from momentum.model import Recording
from momentum.outbound.limits import TokenSource
from momentum.providers.zoom.api import ZoomApi, refusal
from momentum.providers.zoom.facts import LABEL, PAGE_SIZE, WINDOW, Weight
from momentum.providers.zoom.faults import Fault, Kind
from momentum.providers.zoom.parse import parse_page

PATH = "/users/me/recordings"
MOST_PAGES = 1_000
"""Pages of one window after which a list counts as endless: 300,000 meetings in a month."""
MOST_EMPTY_PAGES = 20
"""Empty pages in a row that each promise another, after which we no longer believe them."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Page:
    """Recordings as they came, and the first day that Zoom really looked at."""

    recordings: tuple[Recording, ...]
    since: date | None


class _BrokenList(Exception):
    """The pages of a window cannot be followed to their end: a token outlived its 15 minutes or repeats itself, or nothing comes."""


def first_window(since: date, until: date) -> tuple[date, date]:
    """The newest window of a range, already a day wider on both sides: Zoom's days are UTC's, a person's may not be."""
    start, end = since - _DAY, until + _DAY
    return max(start, end - WINDOW), end


def next_window(since: date, window: tuple[date, date], echoed: date | None) -> tuple[date, date] | None:
    """The window before `window`, None after the last. `echoed` is where Zoom began: later than asked when it cut the range.

    Windows share a day, since Zoom does not say whether `to` counts; each ends earlier than the one before.
    """
    asked, end = window
    reached = max(asked, echoed) if echoed else asked
    start = since - _DAY
    if reached <= start:
        return None
    end = min(reached, end - _DAY)
    return (max(start, end - WINDOW), end) if end >= start else None


def within(recordings: Sequence[Recording], since: date, until: date, seen: set[str]) -> tuple[Recording, ...]:
    """Those of the days asked for that were not seen before, which are added to `seen`. An unknown day counts as asked for."""
    return tuple(_new(recordings, since, until, seen))


def _new(recordings: Sequence[Recording], since: date, until: date, seen: set[str]) -> Iterator[Recording]:
    for recording in recordings:
        day = recording.started_at.astimezone(UTC).date() if recording.started_at else since
        if since <= day <= until and recording.instance_id not in seen:
            seen.add(recording.instance_id)
            yield recording


async def pages(api: ZoomApi, access: TokenSource, query: Mapping[str, str | int], *, in_trash: bool) -> AsyncIterator[Page]:
    """All pages of one window, from its start again, once, when they break off. Raises Retry when they break off twice."""
    for chance in (1, 2):
        try:
            async for page in _walk(api, access, query, in_trash=in_trash):
                yield page
        except _BrokenList:
            if chance == 2:
                raise Retry(ErrorCode.PROVIDER_ANSWER_INVALID, f"{LABEL}'s list of recordings does not come to an end.") from None
        else:
            return


async def _walk(api: ZoomApi, access: TokenSource, query: Mapping[str, str | int], *, in_trash: bool) -> AsyncIterator[Page]:
    token, used, empty = "", set[str](), 0
    for _ in range(MOST_PAGES):
        asked = {**query, "page_size": PAGE_SIZE, **({"next_page_token": token} if token else {})}
        body = await api.ask(access, PATH, weight=Weight.MEDIUM, params=asked)
        if isinstance(body, Fault):
            if body.kind is Kind.NO_RECORDING:
                return
            if token and body.kind is Kind.INVALID:
                raise _BrokenList
            # Not to see the trash is no fault of the connection.
            raise await refusal(access, body, about_meeting=in_trash)
        found, token, since = parse_page(body, in_trash=in_trash)
        # A page may be empty and still have a successor.
        yield Page(found, since)
        if not token:
            return
        empty = 0 if found else empty + 1
        if token in used or empty >= MOST_EMPTY_PAGES:
            raise _BrokenList
        used.add(token)
    raise _BrokenList
