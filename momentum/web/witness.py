"""Notes in the audit trail what people do here, with its outcome and where it came from: one dependency of each route that matters."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError

from momentum.errors import ErrorCode, MomentumError
from momentum.store import audit
from momentum.store.audit import Act
from momentum.web.door import app_of

ONCE_IN = timedelta(minutes=1)
"""Entries about strangers, of one network, action and outcome: whoever knocks a thousand times does not write a thousand entries."""
_MOST_STRANGERS = 10_000


def audited(action: str, kind: str | None = None) -> Any:
    """A route's dependency: notes `action` on the `kind` named in its path, whatever becomes of it, before the answer is sent."""

    async def witness(request: Request) -> AsyncIterator[None]:
        outcome = str(ErrorCode.INTERNAL)
        try:
            yield
            outcome = getattr(request.state, "audit_outcome", audit.OK)
        except MomentumError as error:
            outcome = str(error.code)
            raise
        except RequestValidationError:
            outcome = str(ErrorCode.INVALID_REQUEST)
            raise
        finally:
            await _note(request, Act(action, _object_of(request, kind), outcome))

    return Depends(witness, scope="function")


def about(request: Request, kind: str, object_id: object) -> None:
    """Say which object this request is about, where its path does not."""
    request.state.audit_object = f"{kind}:{object_id}"


def turned_out(request: Request, outcome: str) -> None:
    """Say how it ended, where no exception does."""
    request.state.audit_outcome = outcome


async def refused(request: Request, code: str) -> None:
    """Somebody showed a token or a cookie that does not open."""
    await _note(request, Act("authenticate", None, code), seldom=True)


def _object_of(request: Request, kind: str | None) -> str | None:
    named: str | None = getattr(request.state, "audit_object", None)
    if named is None and kind is not None:
        return f"{kind}:{request.path_params[f'{kind}_id']}"[:200]
    return named


async def _note(request: Request, act: Act, *, seldom: bool = False) -> None:
    """`seldom`: as for strangers, once in a while for each network and outcome."""
    # Of somebody who deleted their account nothing is known any more: a tab that is still open speaks as a stranger.
    gone = act.outcome == ErrorCode.PERSON_DELETED
    world, user_id = app_of(request), None if gone else getattr(request.state, "user_id", None)
    address = source_of(request, world.settings.trusted_proxies)
    now = world.clock()
    try:
        if (seldom or user_id is None) and not _is_new(request, act, network_of(address), now):
            return
        if user_id is not None:
            await _note_person(request, user_id, act, address, now)
        elif act.outcome != audit.OK:
            stranger = Act(act.action, act.object, act.outcome, actor="unknown", source=network_of(address))
            async with world.database.nobody() as connection:
                await audit.note_without_person(connection, stranger, now=now)
    except Exception as error:  # noqa: BLE001 -- the act stands; failing the request now would only hide that
        audit.lost(act, error)


async def _note_person(request: Request, user_id: UUID, act: Act, address: str | None, now: datetime) -> None:
    world = app_of(request)
    async with world.database.person(user_id) as connection:
        await audit.note(connection, world.vault, user_id, Act(act.action, act.object, act.outcome, source=address), now=now)


def _is_new(request: Request, act: Act, network: str | None, now: datetime) -> bool:
    seen: dict[tuple[str | None, str, str], datetime] = request.app.state.strangers
    key = (network, act.action, act.outcome)
    if key in seen and now - seen[key] < ONCE_IN:
        return False
    if len(seen) >= _MOST_STRANGERS:
        seen.clear()
    seen[key] = now
    return True


# --- where from -------------------------------------------------------------------------------------


def source_of(request: Request, trusted: tuple[str, ...]) -> str | None:
    """The address a request came from: the last one in X-Forwarded-For that is no trusted proxy, where a trusted proxy sent it."""
    peer = request.client.host if request.client else None
    # Every line of the header: a proxy may add one of its own below a line that the client made up.
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    hops = [peer, *reversed([hop.strip() for hop in forwarded if hop.strip()])]
    networks = [ipaddress.ip_network(network, strict=False) for network in trusted]
    for hop in hops:
        address = _address(hop)
        if address is None:
            return None
        if not any(address in network for network in networks):
            return str(address)
    return str(_address(hops[-1]))


def network_of(address: str | None) -> str | None:
    """The network of a stranger's address (/24, /48 of IPv6): enough to see an attack, too little to name a person."""
    if address is None:
        return None
    return str(ipaddress.ip_network(f"{address}/{48 if ':' in address else 24}", strict=False))


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address((text or "").partition("%")[0])  # without the scope of a link-local address
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
