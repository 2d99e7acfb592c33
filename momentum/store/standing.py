"""Where a person stands with a provider, in one round trip: for the question that is asked all the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from momentum.store import credentials
from momentum.store.credentials import Status
from momentum.store.database import Database

QUERIES: dict[str, LiteralString] = {
    "zoom": (
        "select p.signed_out_at, c.user_id, c.zoom_user_id, c.zoom_email, c.account_id, c.display_name, c.timezone, c.can_record, "
        "c.scopes, c.api_base, c.expires_at, c.state, c.state_reason, c.state_scopes, c.created_at, c.updated_at "
        "from profiles p left join zoom_credentials c on c.user_id = p.id where p.id = %(person)s"
    ),
}
"""Provider -> its row of credentials without the tokens, beside the person's own."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Tokens issued before `signed_out_at` are void; `status` None: not connected."""

    signed_out_at: datetime | None
    status: Status | None


async def look(database: Database, provider: str, user_id: UUID) -> Standing | None:
    """None for a person who is gone. Raises Unavailable."""
    row = await database.hot.row(user_id, QUERIES[provider], {"person": user_id})
    if row is None:
        return None
    return Standing(row["signed_out_at"], None if row["user_id"] is None else credentials.read(provider, row))
