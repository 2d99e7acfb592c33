"""One-time sign-in links: how the person of a local Momentum gets a session."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from momentum.app import App
from momentum.store import profiles, sessions
from momentum.web.trust import LOCAL_ISSUER, LOCAL_SUBJECT

LINK_LIFETIME = timedelta(minutes=10)


async def local_person(app: App) -> UUID:
    """The profile of the one person of the local default; made at first."""
    async with app.database.nobody() as connection:
        profile = await profiles.resolve(connection, issuer=LOCAL_ISSUER, subject=LOCAL_SUBJECT, email=None, name="You")
    return profile.id


async def sign_in_link(app: App, *, next_path: str = "/") -> str:
    """A URL that signs the local person in, one time, within ten minutes."""
    user_id = await local_person(app)
    token = secrets.token_urlsafe(32)
    async with app.database.person(user_id) as connection:
        await sessions.create_link(connection, user_id=user_id, token=token, next_path=next_path, expires_at=app.clock() + LINK_LIFETIME)
    return f"{app.settings.base_url}/enter/{token}"
