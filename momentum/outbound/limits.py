"""What stands between a caller and a vendor: the token it sends, and the pace it keeps.

Both are Protocols: `store` implements them for many processes, a test or the sandbox for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class TokenSource(Protocol):
    """The access token of one connection. Callers never store what it gives them."""

    @property
    def account(self) -> str:
        """Key of the vendor account whose rate allowance a call uses."""
        ...

    @property
    def api_base(self) -> str | None:
        """Base URL the vendor named for this account, or None."""
        ...

    async def token(self) -> str:
        """A token that is valid for some minutes more; refreshes first when it must.

        Raises ActionRequired when the person has to connect again, Retry when the vendor is away.
        """
        ...

    async def replace(self, refused: str) -> str:
        """A token other than `refused`, which the vendor has just turned down; refreshes at most once for all callers."""
        ...

    async def suspend(self, state: str, reason: str, *, scopes: Sequence[str] = ()) -> None:
        """Mark the connection as needing the person (`state` is a ConnectionState): no more calls are made with it.

        `scopes`: those that the vendor named as missing.
        """
        ...


BACK_OFF_SECONDS = (60.0, 900.0)
"""How long a key is paused that was refused again and again without a word for how long; then until 00:00 UTC."""


class RateLimiter(Protocol):
    """The pace of calls per key, shared by every process."""

    async def wait(self, key: str, *, per_second: float, per_day: int | None = None) -> None:
        """Return when the next call for `key` may be made. Raises Retry(PROVIDER_DAILY_LIMIT) when the day's budget is gone."""
        ...

    async def pause(self, key: str, until: datetime) -> None:
        """No call for `key` before `until`, in any process. `until` may be days away."""
        ...

    async def back_off(self, key: str) -> float:
        """Pause `key` for the next of BACK_OFF_SECONDS, longer each time until a call goes well; gives the seconds.

        For a vendor that refuses every call and does not say whether the second's allowance is gone or the day's.
        Who calls while such a pause holds gets its rest: many that are refused at once are one refusal.
        """
        ...

    async def ease(self, key: str) -> None:
        """A call went well: the next `back_off` begins with the shortest pause again."""
        ...
