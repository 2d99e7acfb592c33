"""Where everybody comes in, and the language of the pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from momentum.store import profiles
from momentum.web.api.connections import connection_of
from momentum.web.browsers import remember_language
from momentum.web.door import World
from momentum.web.view import SENT_BY_US, Back, Reading, local_path, see_other

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(world: World, view: Reading) -> Response:
    """Where somebody who is signed in begins: with the first steps, until there is a connection or anything to see."""
    connections = [await connection_of(world, name, view.person) for name in world.providers]
    if any(found.connected or found.state for found in connections):
        return see_other("/recordings")
    async with world.database.person(view.person) as connection:
        found = await profiles.summary(connection, view.person)
    return see_other("/recordings" if found.recordings else "/start")


@router.post("/language", dependencies=[SENT_BY_US])
async def choose_language(world: World, language: Annotated[str, Form()], back: Back = "/") -> Response:
    """The buttons at the foot of every page, for strangers too."""
    answer = see_other(local_path(back))
    remember_language(answer, world.settings, language)
    return answer
