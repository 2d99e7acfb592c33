"""Who took part in a past meeting: every page, rejoins merged (https://developers.zoom.us/docs/api/meetings/, Past meetings).

Zoom has one row for each time somebody joins. `user_id` is new at every join and tells nobody from another; `id` and `user_email`
are empty for guests and for people of other accounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from momentum.errors import ErrorCode, Retry
from momentum.outbound.limits import TokenSource
from momentum.providers.base import Participant
from momentum.providers.zoom.api import ZoomApi
from momentum.providers.zoom.facts import LABEL, PAGE_SIZE, Weight, participants_path
from momentum.providers.zoom.faults import Fault
from momentum.providers.zoom.parse import integer, moment, text

_LATE = datetime.max.replace(tzinfo=UTC)
MOST_PAGES = 50
"""15,000 rows: more than the largest webinar has."""


async def participants(api: ZoomApi, access: TokenSource, instance_id: str) -> tuple[Participant, ...]:
    """As `Provider.participants`. A list that breaks off in the middle is given as far as it went."""
    rows: list[Participant] = []
    token = ""
    for _ in range(MOST_PAGES):
        asked: dict[str, str | int] = {"page_size": PAGE_SIZE, **({"next_page_token": token} if token else {})}
        body = await api.ask(access, participants_path(instance_id), weight=Weight.MEDIUM, params=asked)
        if isinstance(body, Fault):
            return merged(rows)  # no plan for it, no permission, too long ago: nothing that concerns the connection
        rows += parse_rows(body)
        former, token = token, text(body.get("next_page_token"))
        if not token or token == former:
            return merged(rows)
    raise Retry(ErrorCode.PROVIDER_ANSWER_INVALID, f"{LABEL}'s list of participants does not come to an end.")


def parse_rows(body: Any) -> list[Participant]:
    """The rows of a page; those without a name and an address are nobody."""
    rows = body.get("participants") if isinstance(body, dict) else None
    read = [_row(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [row for row in read if row.name]


def _row(row: dict[str, Any]) -> Participant:
    email = text(row.get("user_email")).strip() or None
    internal = row.get("internal_user")
    return Participant(
        name=" ".join(text(row.get("name")).split()) or email or "",
        email=email,
        user_id=text(row.get("id")) or None,
        internal=internal if isinstance(internal, bool) else None,
        joined_at=moment(row.get("join_time")),
        left_at=moment(row.get("leave_time")),
        seconds=integer(row.get("duration")) or 0,
    )


def merged(rows: Iterable[Participant]) -> tuple[Participant, ...]:
    """Each person once, in the order of coming. Guests of one name who were there at the same time are two people."""
    people: list[list[Participant]] = []
    alike: dict[tuple[str, str], list[list[Participant]]] = defaultdict(list)
    for row in sorted(rows, key=_came):
        candidates = alike[_identity(row)]
        known = next((joins for joins in candidates if not _is_another(joins, row)), None)
        if known is None:
            known = []
            people.append(known)
            candidates.append(known)
        known.append(row)
    return tuple(_person(joins) for joins in people)


def _came(one: Participant) -> datetime:
    return one.joined_at or _LATE


def _identity(row: Participant) -> tuple[str, str]:
    """By what somebody is known: Zoom's id, else their address, else their name."""
    if row.user_id:
        return "id", row.user_id
    return ("address", row.email.casefold()) if row.email else ("name", row.name.casefold())


def _is_another(joins: Sequence[Participant], row: Participant) -> bool:
    return not (row.user_id or row.email) and any(_together(one, row) for one in joins)


def _together(one: Participant, other: Participant) -> bool:
    if one.joined_at is None or one.left_at is None or other.joined_at is None or other.left_at is None:
        return False
    return one.joined_at < other.left_at and other.joined_at < one.left_at


def _person(joins: Sequence[Participant]) -> Participant:
    left = [one.left_at for one in joins if one.left_at]
    return replace(joins[0], left_at=max(left, default=None), seconds=sum(one.seconds for one in joins))
