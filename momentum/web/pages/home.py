"""Where everybody comes in, and the language of the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from momentum.languages import LANGUAGES
from momentum.web.door import World
from momentum.web.messages import set_cookie
from momentum.web.view import LANGUAGE_COOKIE, SENT_BY_US, Reading, local_path, see_other

router = APIRouter(include_in_schema=False)

_YEAR = timedelta(days=365)


@router.get("/")
async def home(_view: Reading) -> Response:
    """Where somebody who is signed in begins."""
    return see_other("/recordings")


@router.post("/language", dependencies=[SENT_BY_US])
async def choose_language(world: World, language: Annotated[str, Form()], back: Annotated[str, Form()] = "/") -> Response:
    """The buttons at the foot of every page, for strangers too."""
    answer = see_other(local_path(back))
    if language in LANGUAGES:
        secure = world.settings.base_url.startswith("https:")
        set_cookie(answer, LANGUAGE_COOKIE, language, lifetime=_YEAR, secure=secure)
    return answer
