"""The access token that calls are made with: taken from the store, renewed by one process for all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from momentum import metrics
from momentum.errors import ActionRequired, ErrorCode, Unavailable
from momentum.model import Clock, ConnectionState, Grant
from momentum.store import audit, credentials
from momentum.store.audit import Act
from momentum.store.credentials import Credentials
from momentum.store.database import Database
from momentum.vault import Vault

log = structlog.get_logger(__name__)

EARLY = timedelta(minutes=5)
"""A token that expires within this is renewed before it is used; of a short-lived one, half its life."""

_HELD = 2
"""Refreshes at a time that hold a connection over their network call, per process: the pool is for everybody."""
_STORE_AGAIN = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)


class Refresher(Protocol):
    """What a refresh needs of a provider."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    async def refresh(self, refresh_token: str) -> Grant: ...


class _Flights:
    """The refreshes under way in this process."""

    def __init__(self) -> None:
        self.tasks: dict[tuple[str, UUID], asyncio.Task[Credentials]] = {}
        self.held = asyncio.Semaphore(_HELD)


_flights: WeakKeyDictionary[Database, _Flights] = WeakKeyDictionary()


async def settled(database: Database) -> None:
    """Return when no refresh is under way: a process that ends in the middle of one loses the new pair."""
    while tasks := list(_flights[database].tasks.values()) if database in _flights else []:
        await asyncio.gather(*tasks, return_exceptions=True)


class StoredTokens:
    """The access token of a stored connection (a `TokenSource`). Cheap to make: one for each piece of work.

    A refresh runs in a task of its own that all callers of this process share, and under the row's lock over its
    network call, the one exception to the rule that no transaction waits for the network: Zoom's refresh tokens are
    good for one use (https://developers.zoom.us/docs/integrations/oauth/), so asking twice would end the connection.
    A caller that is cancelled leaves the task alone: the new pair is stored before anybody uses it.
    """

    def __init__(self, database: Database, vault: Vault, provider: Refresher, user_id: UUID, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider
        self._user_id = user_id
        self._clock = clock
        self._seen: Credentials | None = None

    @property
    def account(self) -> str:
        """Known from the first token on."""
        return self._known().account.paced_as

    @property
    def api_base(self) -> str | None:
        """Known from the first token on."""
        return self._known().api_base

    async def token(self) -> str:
        async with self._database.person(self._user_id) as connection:
            self._seen = self._usable(await credentials.get(connection, self._vault, self._provider.name, self._user_id))
        if not self._expires_soon(self._seen):
            return self._seen.access_token
        return await self._renewed(None)

    async def replace(self, refused: str) -> str:
        token = await self._renewed(refused)
        # The refresh we joined may have begun before `refused` was, and have found nothing to do.
        return token if token != refused else await self._renewed(refused)

    async def suspend(self, state: str, reason: str, *, scopes: Sequence[str] = ()) -> None:
        connected_at = self._seen.connected_at if self._seen else None
        async with self._database.person(self._user_id) as connection:
            name, now = self._provider.name, self._clock()
            await credentials.set_state(
                connection,
                name,
                self._user_id,
                state=ConnectionState(state),
                reason=reason,
                scopes=scopes,
                now=now,
                connected_at=connected_at,
            )

    def _known(self) -> Credentials:
        if self._seen is None:
            raise RuntimeError("the account of a connection is known once its token was asked for")
        return self._seen

    def _usable(self, found: Credentials | None) -> Credentials:
        if found is None:
            label = self._provider.label
            raise ActionRequired(ErrorCode.NOT_CONNECTED, f"{label} is not connected. Connect it first.")
        if found.state is not ConnectionState.ACTIVE:
            reason = found.state_reason or f"{self._provider.label} has to be connected again."
            raise ActionRequired(_CODES[found.state], reason)
        return found

    def _expires_soon(self, found: Credentials) -> bool:
        return found.expires_at - self._clock() <= min(EARLY, (found.expires_at - found.updated_at) / 2)

    async def _renewed(self, refused: str | None) -> str:
        flights = _flights.setdefault(self._database, _Flights())
        key = (self._provider.name, self._user_id)
        task = flights.tasks.get(key)
        if task is None or task.done():
            task = flights.tasks[key] = asyncio.create_task(self._fly(flights, refused))
            task.add_done_callback(_landed)
        self._seen = await asyncio.shield(task)
        return self._seen.access_token

    async def _fly(self, flights: _Flights, refused: str | None) -> Credentials:
        try:
            async with flights.held:
                outcome = await self._under_lock(refused)
        finally:
            flights.tasks.pop((self._provider.name, self._user_id), None)
        if isinstance(outcome, ActionRequired):
            raise outcome
        return outcome

    async def _under_lock(self, refused: str | None) -> Credentials | ActionRequired:
        """The connection, renewed if that is still needed; or why it cannot be, which is then on record."""
        renewed: Credentials | None = None
        try:
            async with self._database.person(self._user_id) as connection:
                held = self._usable(await credentials.get(connection, self._vault, self._provider.name, self._user_id, lock=True))
                if held.access_token != refused and not self._expires_soon(held):
                    return held
                try:
                    with metrics.outcome_of(metrics.TOKEN_REFRESHES, self._provider.name):
                        grant = await self._provider.refresh(held.refresh_token)
                except ActionRequired as error:
                    return await self._lost(connection, error)
                renewed = self._with(held, grant)
                await credentials.renew(connection, self._vault, held, grant, now=renewed.updated_at)
        except Unavailable:
            if renewed is None:
                raise
            await self._store_again(held, grant)
        log.info("token refreshed", provider=self._provider.name, user_id=self._user_id)
        return renewed

    async def _lost(self, connection: AsyncConnection, error: ActionRequired) -> ActionRequired:
        # A wrong client secret is the operator's to mend; the person's grant may be as good as before.
        if error.code is ErrorCode.RECONNECT_REQUIRED:
            state, now = ConnectionState.RECONNECT_REQUIRED, self._clock()
            await credentials.set_state(connection, self._provider.name, self._user_id, state=state, reason=error.detail, now=now)
            act = Act("connection.lost", f"connection:{self._provider.name}", str(error.code), actor="momentum")
            await audit.note(connection, self._vault, self._user_id, act, now=now)
            log.warning("connection lost", provider=self._provider.name, user_id=self._user_id, reason=error.detail)
        return error

    def _with(self, held: Credentials, grant: Grant) -> Credentials:
        return replace(
            held,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_at=grant.expires_at,
            scopes=grant.scopes or held.scopes,
            api_base=grant.api_base or held.api_base,
            updated_at=self._clock(),
        )

    async def _store_again(self, former: Credentials, grant: Grant) -> None:
        """The database went away between the vendor's answer and our commit: the only copy of the new pair is here."""
        for pause in _STORE_AGAIN:
            await asyncio.sleep(pause)
            try:
                async with self._database.person(self._user_id) as connection:
                    await credentials.renew(connection, self._vault, former, grant, now=self._clock())
            except Unavailable:
                continue
            return
        log.error("refreshed tokens could not be stored", provider=self._provider.name, user_id=self._user_id)
        raise Unavailable(
            ErrorCode.DATABASE_UNAVAILABLE, "The database cannot be reached right now. Please try again in a moment.", after=5
        )


_CODES = {
    ConnectionState.RECONNECT_REQUIRED: ErrorCode.RECONNECT_REQUIRED,
    ConnectionState.SCOPE_MISSING: ErrorCode.SCOPE_MISSING,
    ConnectionState.FORBIDDEN: ErrorCode.PROVIDER_FORBIDDEN,
}


def _landed(task: asyncio.Task[Credentials]) -> None:
    if not task.cancelled():
        task.exception()  # every caller may be gone; the failure is on record or will come again
