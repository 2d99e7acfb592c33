"""API keys of a person, and the browsers they are signed in with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from momentum.app import App
from momentum.errors import ErrorCode, Forbidden, Invalid
from momentum.logs import protect
from momentum.store import api_keys, sessions
from momentum.store.api_keys import ApiKey, NewKey, Scope
from momentum.web.api.shapes import KEY, MOMENT, SESSION, Shape, shown
from momentum.web.door import Asking, Person, World, session_cookie
from momentum.web.failures import responses
from momentum.web.witness import about, audited

router = APIRouter(prefix="/api/me", tags=["me"])

KeyName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]+$", max_length=100)]
LONGEST = timedelta(days=36_525)
"""A key that ends lasts a hundred years at the most."""


class KeyRequest(BaseModel):
    """A key as you want it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Weekly report", "scopes": ["read"], "expires_at": MOMENT}}
    )

    name: KeyName = Field(description="What you will know it by.")
    scopes: list[Scope] = Field([Scope.READ], max_length=len(Scope), description="What it may do; `read` belongs to every key.")
    expires_at: AwareDatetime | None = Field(None, description="When it ends by itself; null: never.")


class KeyItem(Shape):
    """A key, which cannot be shown again."""

    model_config = shown(
        id=KEY, name="Weekly report", prefix="k3Vb9QxT", scopes=["read"], created_at=MOMENT, last_used_at=None, expires_at=MOMENT
    )

    id: UUID
    name: str
    prefix: str = Field(description="It begins with `mm_`, this, and a line.")
    scopes: list[Scope]
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None = Field(description="To a minute.")
    expires_at: AwareDatetime | None


class MadeKey(KeyItem):
    """A new key."""

    model_config = shown(
        **(KeyItem.model_config["json_schema_extra"]["example"] | {"key": "mm_k3Vb9QxT_9dJ2nR7cW0yHq5vLx1sB8mK3tZ6fG4pA2uE7iO0wCjXN"})  # type: ignore[index,operator]
    )

    key: str = Field(description="The key itself, this once: we keep its hash alone. Send it as a bearer token.")


class Keys(Shape):
    """Your keys but the revoked ones, newest first."""

    model_config = shown(keys=[KeyItem.model_config["json_schema_extra"]["example"]])  # type: ignore[index]

    keys: list[KeyItem]


class SessionItem(Shape):
    """A browser that is signed in."""

    model_config = shown(
        id=SESSION, agent="Firefox, Linux", created_at=MOMENT, last_used_at=MOMENT, expires_at="2026-12-22T09:00:00Z", here=True
    )

    id: UUID
    agent: str | None = Field(description="The browser and its system; its address is not kept.")
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None = Field(description="To five minutes.")
    expires_at: AwareDatetime
    here: bool = Field(description="The one that asks.")


class Sessions(Shape):
    """The browsers you are signed in with."""

    model_config = shown(sessions=[SessionItem.model_config["json_schema_extra"]["example"]])  # type: ignore[index]

    sessions: list[SessionItem]


@router.get("/keys", responses=responses(401, 403))
async def list_keys(world: World, person: Asking) -> Keys:
    """Your API keys."""
    async with world.database.person(person.user_id) as connection:
        found = await api_keys.listed(connection, person.user_id)
    return Keys(keys=[KeyItem.model_validate(key) for key in found])


@router.post("/keys", responses=responses(401, 403, 409, 413), status_code=status.HTTP_201_CREATED, dependencies=[audited("key.create")])
async def create_key(world: World, person: Asking, asked: Request, wanted: KeyRequest) -> MadeKey:
    """Make a key. The answer is the only place where it is ever shown."""
    key, kept = await make_key(world, person, wanted.name, wanted.scopes, wanted.expires_at)
    about(asked, "key", kept.id)
    return MadeKey.model_validate(KeyItem.model_validate(kept).model_dump() | {"key": key.text})


@router.delete(
    "/keys/{key_id}",
    responses=responses(401, 403, 404),
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[audited("key.revoke", "key")],
)
async def revoke_key(world: World, person: Asking, key_id: UUID) -> None:
    """It opens nothing from now on."""
    async with world.database.person(person.user_id) as connection:
        await api_keys.revoke(connection, key_id, now=world.clock())


@router.get("/sessions", responses=responses(401, 403))
async def list_sessions(world: World, person: Asking, asked: Request) -> Sessions:
    """The browsers you are signed in with, the one that asks first."""
    async with world.database.person(person.user_id) as connection:
        token = session_cookie(asked) if person.by_cookie else None
        found = await sessions.listed(connection, person.user_id, now=world.clock(), token=token)
    return Sessions(sessions=[SessionItem.model_validate(session) for session in found])


@router.delete(
    "/sessions/{session_id}",
    responses=responses(401, 403, 404),
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[audited("session.end", "session")],
)
async def end_session(world: World, person: Asking, session_id: UUID) -> None:
    """Sign one browser out."""
    async with world.database.person(person.user_id) as connection:
        await sessions.end_one(connection, session_id)


async def make_key(world: App, person: Person, name: str, scopes: list[Scope], expires_at: datetime | None) -> tuple[NewKey, ApiKey]:
    """A new key and what is kept of it. Raises Invalid, Conflict, or Forbidden where a key would make one that may more than itself."""
    now = world.clock()
    if expires_at is not None and expires_at <= now:
        raise Invalid(ErrorCode.INVALID_REQUEST, "expires_at: a key cannot end before it begins.")
    if expires_at is not None and expires_at > now + LONGEST:
        raise Invalid(ErrorCode.INVALID_REQUEST, "expires_at: a key lasts a hundred years at the most; null for one without an end.")
    _check_no_more_than(person, scopes, expires_at)
    key = api_keys.fresh()
    protect(key.secret, passing=True)
    async with world.database.person(person.user_id) as connection:
        kept = await api_keys.create(connection, person.user_id, key, name=name, scopes=scopes, now=now, expires_at=expires_at)
    return key, kept


def _check_no_more_than(person: Person, scopes: list[Scope], expires_at: datetime | None) -> None:
    """Whoever asks by a key gets none that may do more or lasts longer. Raises Forbidden."""
    lacking = [scope for scope in scopes if person.scopes is not None and scope not in person.scopes]
    if lacking:
        raise Forbidden(ErrorCode.KEY_SCOPE_MISSING, f"A key without the scope `{lacking[0]}` cannot make one that has it.")
    if person.ends_at is not None and (expires_at is None or expires_at > person.ends_at):
        raise Forbidden(
            ErrorCode.FORBIDDEN, "A key that expires cannot make one that lasts longer: send its `expires_at`, or an earlier one."
        )
