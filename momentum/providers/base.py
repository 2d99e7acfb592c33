"""What every provider of recordings can do. Steps of the pipeline know this and nothing else of a vendor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from momentum.model import Account, Grant, Recording
from momentum.outbound.limits import TokenSource


@dataclass(frozen=True, slots=True)
class Participant:
    """One person who took part, however often they joined. Guests have no `user_id` and mostly no `email`."""

    name: str
    email: str | None
    user_id: str | None
    internal: bool | None
    """Whether they belong to the host's account; None where the provider does not say."""
    joined_at: datetime | None
    left_at: datetime | None
    seconds: int
    """Present in all."""


class Provider(Protocol):
    """One vendor. Every method that calls it raises the words of `momentum.errors`, never an HTTP error."""

    @property
    def name(self) -> str:
        """Key in routes, tables and settings: "zoom"."""
        ...

    @property
    def label(self) -> str:
        """The name people know: "Zoom"."""
        ...

    @property
    def token_hosts(self) -> tuple[str, ...]:
        """Hosts a download may send the token to; a leading "." means the host and all below it."""
        ...

    @property
    def private_hosts(self) -> frozenset[str]:
        """Hosts that may resolve to a private address because the operator configured them."""
        ...

    def authorize_url(self, *, state: str, challenge: str) -> str:
        """Where to send the browser; `challenge` is the PKCE S256 code challenge."""
        ...

    async def exchange(self, *, code: str, verifier: str) -> Grant:
        """A grant for the code of a callback. Raises Invalid(CODE_INVALID), ActionRequired(CLIENT_INVALID), Retry."""
        ...

    async def refresh(self, refresh_token: str) -> Grant:
        """A new grant. Raises ActionRequired(RECONNECT_REQUIRED) when the old one is dead, Retry when the vendor is away."""
        ...

    async def revoke(self, access_token: str) -> None:
        """End a grant at the vendor; a grant that is already dead is success."""
        ...

    async def account(self, access: TokenSource) -> Account:
        """Whose grant it is."""
        ...

    def recordings(self, access: TokenSource, *, since: date, until: date, in_trash: bool = False) -> AsyncIterator[Sequence[Recording]]:
        """Every recording whose UTC day lies in [since, until], newest window first, in pages as they arrive."""
        ...

    async def recording(self, access: TokenSource, meeting_id: str) -> Recording:
        """One recording by number (its latest instance) or instance id, with fresh download URLs.

        Raises NotReady while the vendor still prepares it, Permanent(RECORDING_NOT_FOUND) when there is none.
        """
        ...

    async def participants(self, access: TokenSource, instance_id: str) -> tuple[Participant, ...]:
        """Who took part in a meeting that is over, each person once, in the order in which they came.

        Raises the words of `momentum.errors`. A permission or a plan that is missing for this alone gives (), and suspends nothing.
        """
        ...

    def may_still_come(self, ended_at: datetime) -> bool:
        """Whether the vendor may still be making files (a transcript, say) of what was recorded until then."""
        ...

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        """Scopes that Momentum needs and the grant lacks; () when the vendor did not say what was granted."""
        ...
