"""Connecting a person's account at a provider, by OAuth with PKCE, and disconnecting it.

A state belongs to the person who began. The provider's redirect lands in whatever browser followed it, and a link
to the consent page can be sent to anybody; so a redirect alone proves nothing, and tokens are stored only when the
browser shows that it is that person's (RFC 9700, section 4.7: https://www.rfc-editor.org/rfc/rfc9700#section-4.7).
"""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog

from momentum import metrics
from momentum.app import App, Connecting, begun
from momentum.errors import Conflict, ErrorCode, Invalid, MomentumError, NotFound, Retry, Unavailable
from momentum.languages import phrase
from momentum.model import Account, ConnectionState, Grant
from momentum.pipeline import grants
from momentum.providers.base import Provider
from momentum.providers.oauth import challenge_of, new_secret
from momentum.store import audit, credentials, database, oauth_states, processings, profiles, recordings
from momentum.store.audit import Act
from momentum.store.credentials import Credentials, Status
from momentum.store.oauth_states import OAuthState, TakenState
from momentum.store.profiles import PersonSummary

STATE_LIFETIME = timedelta(minutes=10)

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser. `browser_cookie` is to be set in it, HttpOnly, where the person began in a browser."""

    auth_url: str = field(repr=False)
    state: str = field(repr=False)
    expires_at: datetime
    browser_cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """Whether and how a person is connected; `action` says in a sentence what they should do, if anything."""

    connected: bool
    state: str | None = None
    action: str | None = None
    account_email: str | None = None
    account_name: str | None = None
    account_id: str | None = None
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    can_record: bool | None = None
    connected_at: datetime | None = None
    user_id: UUID | None = None
    """Whose it is, where a browser completed it and not a person who said who they are."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What a disconnect removed, by kind; `revoked`: the provider confirmed that the grant is dead."""

    disconnected: bool
    revoked: bool
    removed: dict[str, int]
    detail: str


# --- begin and complete -----------------------------------------------------------------------------


async def begin(to: Connecting, user_id: UUID, *, browser_cookie: str | None = None) -> Begun:
    """Start an authorization, good for ten minutes and one use; `browser_cookie` ties it to a browser that has one already."""
    state, verifier, cookie = new_secret(), new_secret(), browser_cookie or new_secret()
    expires_at = to.clock() + STATE_LIFETIME
    async with to.database.person(user_id) as connection:
        await oauth_states.begin(
            connection,
            to.vault,
            user_id=user_id,
            provider=to.provider.name,
            state=state,
            verifier=verifier,
            browser_hash=oauth_states.hashed(cookie),
            expires_at=expires_at,
        )
    return Begun(to.provider.authorize_url(state=state, challenge=challenge_of(verifier)), state, expires_at, cookie)


async def complete(to: Connecting, user_id: UUID, *, state: str, code: str | None, error: str | None = None) -> Connection:
    """Trade the code for a connection, as the person who is asking.

    Raises Invalid(STATE_INVALID) for a state that is unknown, used, too old or another person's (which then stays
    usable for them); Invalid(ACCESS_DENIED); Conflict(ACCOUNT_TAKEN); what the provider's exchange and account raise.
    """
    if not code and not error:
        raise Invalid(ErrorCode.INVALID_REQUEST, "Neither a code nor an error was sent.")
    with metrics.outcome_of(metrics.CONNECTIONS, to.provider.name):
        taken = await _take(to, user_id, state)
        if error or not code:
            raise _refused(to.provider, error)
        return await _to_its_end(to, _connect(to, taken, code))


async def complete_from_browser(
    to: Connecting, *, state: str, code: str | None, error: str | None = None, user_id: UUID | None, browser_cookie: str | None
) -> Connection | None:
    """As `complete`, for a browser that the provider sent back. `user_id`: whose session it carries, if any.

    None when the browser does not prove to be the person's who began: nothing happened, the state is still good,
    and the person may complete while signed in.
    """
    async with to.database.nobody() as connection:
        found = await oauth_states.peek(connection, state, to.clock())
    if found is None or found.provider != to.provider.name:
        raise _state_invalid(to.provider)
    if _proven(found, user_id, browser_cookie):
        done = await complete(to, found.user_id, state=state, code=code, error=error)
        return dataclasses.replace(done, user_id=found.user_id)
    if error:
        raise _refused(to.provider, error)
    return None


def _proven(found: OAuthState, user_id: UUID | None, browser_cookie: str | None) -> bool:
    if user_id is not None:  # a session that says somebody else outweighs a cookie left over from before
        return user_id == found.user_id
    if browser_cookie is None or found.browser_hash is None:
        return False
    return hmac.compare_digest(oauth_states.hashed(browser_cookie), found.browser_hash)


async def _take(to: Connecting, user_id: UUID, state: str) -> TakenState:
    now = to.clock()
    async with to.database.person(user_id) as connection:
        # Looked at before it is used up: somebody who got hold of another's state must not be able to spoil it.
        found = await oauth_states.peek(connection, state, now)
        mine = found is not None and found.user_id == user_id and found.provider == to.provider.name
        taken = await oauth_states.take(connection, to.vault, state, now) if mine else None
    if taken is None:
        raise _state_invalid(to.provider)
    return taken


async def _connect(to: Connecting, taken: TakenState, code: str) -> Connection:
    grant = await _exchange(to, taken, code)
    account = await _account(to, taken.user_id, grant)
    try:
        await _store(to, taken.user_id, grant, account)
    except Exception:  # whatever it was: a grant that is stored nowhere must not live on
        await grants.revoke(to.provider, grant.access_token)
        raise
    await _resume(to, taken.user_id)
    log.info("connected", provider=to.provider.name, user_id=taken.user_id)
    return await status(to, taken.user_id)


async def _exchange(to: Connecting, taken: TakenState, code: str) -> Grant:
    """The grant for the code. While the provider is away the state stays good: it has not judged the code."""
    try:
        return await to.provider.exchange(code=code, verifier=taken.verifier)
    except Retry as error:
        kept = await _given_back(to, taken)
        again = "Send the same again in a moment; if it is refused then, start connecting again." if kept else "Start connecting again."
        raise Retry(error.code, f"{error.detail} {again}", after=error.after) from error


async def _given_back(to: Connecting, taken: TakenState) -> bool:
    try:
        async with to.database.person(taken.user_id) as connection:
            await oauth_states.give_back(connection, to.vault, taken)
    except MomentumError:
        return False
    return True


async def _account(to: Connecting, user_id: UUID, grant: Grant) -> Account:
    """Whose grant it is. Where the provider does not say, the grant is ended and the person's former connection looked at."""
    fresh = grants.FreshGrant(grant, to.provider.label)
    try:
        return await to.provider.account(fresh)
    except Exception as error:
        if not fresh.refused:
            # One that is refused is dead already, by another authorization of the same account: to end it could end that one's.
            await grants.revoke(to.provider, grant.access_token)
        await grants.recheck(to, user_id)
        if isinstance(error, Retry):
            raise Retry(error.code, f"{error.detail} Start connecting again.", after=error.after) from error
        raise


async def _store(to: Connecting, user_id: UUID, grant: Grant, account: Account) -> None:
    name, now = to.provider.name, to.clock()
    state, reason = _state_of(to.provider, grant)
    try:
        async with to.database.person(user_id) as connection:
            former = await _former(to, connection, user_id)
            await credentials.save(
                connection, to.vault, name, user_id=user_id, grant=grant, account=account, now=now, state=state, reason=reason
            )
    except Conflict:
        await _warn_owner(to, account)
        raise
    if former is not None and former.account.user_id != account.user_id:
        await grants.revoke(to.provider, former.access_token)


async def _former(to: Connecting, connection: database.Connection, user_id: UUID) -> Credentials | None:
    try:
        return await credentials.get(connection, to.vault, to.provider.name, user_id, lock=True)
    except MomentumError:  # tokens that no key opens: all the more reason to replace them
        return None


async def _warn_owner(to: Connecting, account: Account) -> None:
    # A vendor keeps one live grant per account and app: this authorization has ended the owner's
    # (https://developers.zoom.us/docs/integrations/oauth/, error 4741).
    label = to.provider.label
    reason = f"Somebody else connected the same {label} account here, which ended this connection. Connect {label} again."
    async with to.database.nobody() as connection:
        await credentials.suspend_account(connection, to.provider.name, account.user_id, reason=reason, now=to.clock())


async def _resume(to: Connecting, user_id: UUID) -> None:
    """What stood still for want of this connection goes on."""
    async with to.database.person(user_id) as connection:
        await processings.resume(connection, user_id, to.provider.name, now=to.clock())


def _state_of(provider: Provider, grant: Grant) -> tuple[ConnectionState, str | None]:
    missing = provider.missing_scopes(grant.scopes)
    if not missing:
        return ConnectionState.ACTIVE, None
    return ConnectionState.SCOPE_MISSING, (
        f"{provider.label} did not allow everything that is needed. Missing: {', '.join(missing)}. "
        f"Add it to the app's scopes if it is not there, and connect {provider.label} again."
    )


# --- status and disconnect --------------------------------------------------------------------------


async def status(to: Connecting, user_id: UUID) -> Connection:
    """How a person is connected."""
    async with to.database.person(user_id) as connection:
        found = await credentials.status(connection, to.provider.name, user_id)
    return described(to.provider, found)


def described(provider: Provider, found: Status | None) -> Connection:
    """What is stored of a connection, in words."""
    if found is None:
        return Connection(connected=False, action=f"Connect {provider.label}.")
    account = found.account
    return Connection(
        connected=found.state is ConnectionState.ACTIVE,
        state=found.state.value,
        action=_action(provider, found),
        account_email=account.email,
        account_name=account.display_name,
        account_id=account.account_id,
        scopes=found.scopes,
        missing_scopes=_missing(provider, found),
        expires_at=found.expires_at,
        can_record=account.can_record,
        connected_at=found.connected_at,
    )


def _missing(provider: Provider, found: Status) -> tuple[str, ...]:
    """What the grant lacks by our reckoning, and what the provider itself named when it refused a call."""
    named = found.state_scopes if found.state is ConnectionState.SCOPE_MISSING else ()
    return tuple(dict.fromkeys((*provider.missing_scopes(found.scopes), *named)))


def _action(provider: Provider, found: Status) -> str | None:
    if found.state is not ConnectionState.ACTIVE:
        return found.state_reason or f"Connect {provider.label} again."
    if found.account.can_record is False:
        return f"This {provider.label} account cannot record to the cloud, so there is nothing to process. A paid plan can."
    return None


async def disconnect(to: Connecting, user_id: UUID, *, delete_data: bool = False) -> Removed:
    """Forget the tokens, end the grant at the provider, and with `delete_data` remove all that came from it.

    A provider that is away does not keep us from forgetting; the answer says so. Raises NotFound(NOT_CONNECTED)
    when there is nothing to do.
    """
    return await _to_its_end(to, _disconnect(to, user_id, delete_data=delete_data))


async def delete_person(app: App, user_id: UUID, act: Act) -> PersonSummary:
    """Delete a person with everything of theirs, note it as `act`, and end their grants; gives what there was.

    Raises Unauthorized(PERSON_DELETED) where somebody else was quicker.
    """
    return await _to_its_end(app, _deleted(app, user_id, act))


async def _deleted(app: App, user_id: UUID, act: Act) -> PersonSummary:
    try:
        return await _delete_person(app, user_id, act)
    except Unavailable:  # something that ran in the person's name was writing, each holding what the other wanted
        return await _delete_person(app, user_id, act)


async def _delete_person(app: App, user_id: UUID, act: Act) -> PersonSummary:
    removed: list[tuple[Connecting, Credentials]] = []
    async with app.database.person(user_id) as connection:
        # From here on a connection that is being made cannot be stored any more, and ends its own grant.
        await profiles.hold(connection, user_id)
        there_was = await profiles.summary(connection, user_id)
        for name in app.providers:
            former = await credentials.remove(connection, app.vault, name, user_id)
            removed += [(app.connecting(name), former)] if former else []
        # Noted with the deletion itself: afterwards nobody could say whose pseudonym it was.
        await audit.note(connection, app.vault, user_id, act, now=app.clock())
        await profiles.delete(connection, user_id)
    for to, former in removed:
        revoked = await grants.end(to, former)
        log.info("disconnected", provider=to.provider.name, user_id=user_id, revoked=revoked)
    return there_was


async def _disconnect(to: Connecting, user_id: UUID, *, delete_data: bool) -> Removed:
    name, label = to.provider.name, to.provider.label
    removed: dict[str, int] = {}
    # Removed first: this waits for a refresh under way, and nobody can begin another.
    async with to.database.person(user_id) as connection:
        former = await credentials.remove(connection, to.vault, name, user_id)
        if delete_data:
            removed = dataclasses.asdict(await recordings.remove(connection, user_id, name))
    if former is None and not delete_data:
        raise NotFound(ErrorCode.NOT_CONNECTED, f"{label} is not connected.")
    revoked = former is not None and await grants.end(to, former)
    log.info("disconnected", provider=name, user_id=user_id, revoked=revoked, removed=removed)
    detail = _told(label, removed if delete_data else None, was_connected=former is not None, revoked=revoked)
    return Removed(former is not None, revoked, removed, detail)


def _told(label: str, removed: dict[str, int] | None, *, was_connected: bool, revoked: bool) -> str:
    sentences = [f"{label} is disconnected and its tokens are forgotten." if was_connected else f"{label} was not connected."]
    if was_connected and not revoked:
        sentences.append(f"{label} did not confirm that the grant is ended: remove the app in your {label} account to be sure.")
    if removed is not None:
        things = ", ".join(_COUNTED[kind].format(count) for kind, count in removed.items() if count)
        sentences.append(f"Removed: {things}." if things else "There was no data of it to remove.")
    return " ".join(sentences)


_COUNTED = {
    "recordings": phrase("{} recordings"),
    "processings": phrase("{} processings"),
    "transcripts": phrase("{} transcripts"),
    "deliverables": phrase("{} deliverables"),
}


async def _to_its_end(to: Connecting | App, work: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end even if the caller leaves: between a vendor's answer and our commit, giving up would lose a grant."""
    return await asyncio.shield(begun(to.under_way, work))


def _state_invalid(provider: Provider) -> Invalid:
    return Invalid(
        ErrorCode.STATE_INVALID,
        f"This attempt to connect {provider.label} is unknown, used, older than ten minutes, or somebody else's. Start connecting again.",
    )


def _refused(provider: Provider, error: str | None) -> Invalid:
    if error == "access_denied":
        return Invalid(ErrorCode.ACCESS_DENIED, f"{provider.label} was not allowed to share anything, so nothing was connected.")
    return Invalid(ErrorCode.CODE_INVALID, f"{provider.label} did not complete the connection. Start connecting again.")
