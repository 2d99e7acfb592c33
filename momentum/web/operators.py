"""Who runs this Momentum: the people that OPERATORS names; where only this machine can come in, everybody who does."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from momentum.errors import ErrorCode, Forbidden
from momentum.store import profiles
from momentum.web.door import Asking, Person, app_of

_MOST = 10_000


async def learn(request: Request, user_id: UUID) -> bool:
    """Whether they do. Somebody's subject never changes: the database is asked once in the life of a process."""
    world, known = app_of(request), _known(request)
    if not world.settings.operators:
        return world.settings.is_local
    if user_id not in known:
        async with world.database.person(user_id) as connection:
            subject = (await profiles.get(connection, user_id)).subject
        if len(known) >= _MOST:
            known.clear()
        known[user_id] = subject in world.settings.operators
    return known[user_id]


def remembered(request: Request, user_id: UUID | None) -> bool:
    """As `learn`, where that is known; False where it is not."""
    settings = app_of(request).settings
    return user_id is not None and (_known(request).get(user_id, False) if settings.operators else settings.is_local)


async def _operating(request: Request, person: Asking) -> Person:
    await require(request, person.user_id)
    return person


async def require(request: Request, user_id: UUID) -> None:
    """Raises Forbidden."""
    if not await learn(request, user_id):
        raise Forbidden(ErrorCode.FORBIDDEN, "This is for whoever runs Momentum. The operator names them in OPERATORS.")


Operating = Annotated[Person, Depends(_operating)]
"""Of an operation of the API that is for operators."""


def _known(request: Request) -> dict[UUID, bool]:
    known: dict[UUID, bool] = request.app.state.operators
    return known
