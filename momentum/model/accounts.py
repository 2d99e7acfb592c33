"""A person's connection to a provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint answered. `scopes` is empty where the provider did not say."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()
    api_base: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account a grant opens, in the provider's own identifiers."""

    user_id: str
    account_id: str | None
    email: str | None
    display_name: str | None = None
    timezone: str | None = None
    plan: str | None = None
    can_record: bool | None = None
    """False when the provider says that this account cannot have cloud recordings."""
    created_at: datetime | None = None

    @property
    def paced_as(self) -> str:
        """Whose allowance of calls it draws on: all users of a vendor account share one."""
        return self.account_id or self.user_id


class ConnectionState(StrEnum):
    """`active` works; every other state needs the person and stops all calls."""

    ACTIVE = "active"
    RECONNECT_REQUIRED = "reconnect_required"
    SCOPE_MISSING = "scope_missing"
    FORBIDDEN = "forbidden"
