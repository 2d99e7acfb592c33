"""One-time sign-in links: how the person of a local Momentum gets a session."""

from __future__ import annotations

import secrets
from datetime import timedelta

from momentum.app import App
from momentum.errors import ErrorCode, Unauthorized
from momentum.logs import protect
from momentum.settings import Settings
from momentum.store import profiles, sessions
from momentum.store.database import Database
from momentum.store.profiles import Profile
from momentum.web.trust import LOCAL_SUBJECT, our_issuer, rules_for

LINK_LIFETIME = timedelta(minutes=10)


async def local_person(database: Database, settings: Settings) -> Profile:
    """The one person of the local default, for links and for `momentum token`; made at first.

    One who deleted everything stays deleted: whoever opens the next link begins anew, as somebody else.
    """
    for subject in (LOCAL_SUBJECT, *(f"{LOCAL_SUBJECT}-{number}" for number in range(2, 100))):
        try:
            return await _person(database, settings, subject)
        except Unauthorized as error:
            if error.code is not ErrorCode.PERSON_DELETED:
                raise
    raise Unauthorized(ErrorCode.PERSON_DELETED, "The local person was deleted too often. Set MOMENTUM_HOME to a new folder.")


async def sign_in_link(app: App, *, next_path: str = "/", subject: str | None = None) -> str:
    """A URL that signs somebody in, one time, within ten minutes: the local person, or whom tokens of ours name by `subject`."""
    world = app.database, app.settings
    user_id = (await local_person(*world) if subject is None else await _person(*world, subject)).id
    token = secrets.token_urlsafe(32)
    protect(token, passing=True)
    async with app.database.person(user_id) as connection:
        await sessions.create_link(connection, user_id=user_id, token=token, next_path=next_path, expires_at=app.clock() + LINK_LIFETIME)
    return f"{app.settings.base_url}/enter/{token}"


async def _person(database: Database, settings: Settings, subject: str) -> Profile:
    issuer = our_issuer(rules_for(settings))
    async with database.nobody() as connection:
        return await profiles.resolve(connection, issuer=issuer, subject=subject, email=None, name=None)
