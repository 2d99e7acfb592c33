"""One document for whoever has the link: as its person sees it now, without what is the person's alone."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from uuid import UUID

from momentum.app import App
from momentum.errors import ErrorCode, Forbidden, NotFound
from momentum.logs import protect
from momentum.model import Deliverable, Meeting
from momentum.pipeline.correct import read_deliverable
from momentum.redaction import emails
from momentum.redaction.masks import each_text
from momentum.settings import Settings
from momentum.store import audit, shares
from momentum.store.audit import Act
from momentum.store.shares import Share, Shared
from momentum.writers import render

DAYS = 7
"""For which a link is good where nobody says more."""
MOST_DAYS = 30

_OWN = ("receipt", "listen_here")
"""What left the machine, and where the transcripts disagree: of no use without what they speak of."""
_HIDDEN = "[e-mail address]"


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """What a link shows."""

    title: str
    language: str | None
    markdown: str


def check_allowed(settings: Settings) -> None:
    """Raises Forbidden where the operator does not want documents to be shared."""
    if settings.sharing != "on":
        raise Forbidden(ErrorCode.FORBIDDEN, "Sharing by link is switched off here. The operator can allow it with SHARING=on.")


async def make(app: App, user_id: UUID, deliverable_id: UUID, *, days: int = DAYS) -> tuple[Share, str]:
    """A link and its URL, which cannot be had again. Raises Forbidden, NotFound, Conflict."""
    check_allowed(app.settings)
    token = secrets.token_urlsafe(32)
    protect(token, passing=True)
    async with app.database.person(user_id) as connection:
        made = await shares.create(connection, user_id, deliverable_id, token, days=days, now=app.clock())
    return made, f"{app.settings.base_url}/shared/{token}"


async def find(app: App, token: str) -> Shared:
    """What a link leads to. Raises the same NotFound for one that is unknown, expired, revoked or not allowed any more."""
    if app.settings.sharing == "on":
        async with app.database.nobody() as connection:
            found = await shares.find(connection, token, app.clock())
        if found is not None:
            protect(token, passing=True)  # not before: whoever makes tokens up could push the real ones out of the register
            return found
    raise over()


def over() -> NotFound:
    """What is said of a link that shows nothing; it does not say why."""
    return NotFound(ErrorCode.NOT_FOUND, "This link shows nothing, or nothing any more. Ask whoever sent it to you for a new one.")


async def opened(app: App, found: Shared, *, source: str | None) -> Opened:
    """The document behind a link, opened from the network `source`: counted, and noted in its person's trail. Raises NotFound."""
    try:
        read = (await read_deliverable(app.database, found.user_id, found.deliverable_id)).shown
    except NotFound as error:
        raise over() from error
    act, now = Act("share.open", f"share:{found.share_id}", actor="link", source=source), app.clock()
    async with app.database.person(found.user_id) as connection:
        await shares.count_opening(connection, found.share_id, now=now)
        await audit.note(connection, app.vault, found.user_id, act, now=now)
    meeting = Meeting(read.about.topic, read.about.recorded_at, read.about.timezone)
    return await asyncio.to_thread(_shown, read.deliverable, meeting)


def _shown(deliverable: Deliverable, meeting: Meeting) -> Opened:
    shown, of = for_others(deliverable), each_text(meeting, without_addresses)
    return Opened(shown.title or of.title, shown.language, render(shown, of))


def for_others(deliverable: Deliverable) -> Deliverable:
    """The same claims and quotes, without receipts, and with no e-mail address in any text."""
    extra = {name: value for name, value in deliverable.extra.items() if name not in _OWN}
    plain: Deliverable = each_text(dataclasses.replace(deliverable, extra=extra), without_addresses)
    return plain


def without_addresses(text: str) -> str:
    """`text` with every e-mail address hidden, spoken ones too."""
    for start, end, _ in reversed(emails.find(text)):
        text = f"{text[:start]}{_HIDDEN}{text[end:]}"
    return text
