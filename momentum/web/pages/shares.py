"""Links that show one document to whoever has them: the person's page of them, and the page that a link opens."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from markupsafe import Markup

from momentum.app import App
from momentum.errors import ErrorCode, NotFound, Refusal, TooMany
from momentum.pipeline import share
from momentum.store import deliverables, shares
from momentum.web.api.documents import delivered, retitled
from momentum.web.door import World
from momentum.web.failures import retry_after
from momentum.web.view import Acting, Reading, SignedIn, see_other, view_of
from momentum.web.witness import about, audited, network_of, source_of, turned_out
from momentum.writers.exports.web_page import rendered

router = APIRouter(include_in_schema=False)

Days = Annotated[int, Form(ge=1, le=share.MOST_DAYS)]
TO_ITSELF = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
"""The address of a shared page is its key: it goes nowhere, and no search engine lists it."""


class Openings:
    """How often each link was opened in this minute: whoever has one cannot fill its person's audit trail, or keep us busy."""

    MOST = 60

    def __init__(self) -> None:
        self._minute = 0
        self._opened: Counter[UUID] = Counter()

    def count(self, share_id: UUID, now: datetime) -> None:
        """Raises TooMany."""
        if (minute := int(now.timestamp() // 60)) != self._minute:
            self._minute = minute
            self._opened.clear()
        self._opened[share_id] += 1
        if self._opened[share_id] > self.MOST:
            raise TooMany(ErrorCode.TOO_MANY_REQUESTS, "This link is opened too often. Try again in a minute.", after=60)


@router.get("/deliverables/{deliverable_id}/share")
async def links(world: World, view: Reading, deliverable_id: UUID) -> Response:
    """The links to a document, and the form that makes one."""
    share.check_allowed(world.settings)
    return await _links_page(world, view, deliverable_id)


@router.post("/deliverables/{deliverable_id}/share", dependencies=[audited("share.create", "deliverable")])
async def make(world: World, view: Acting, asked: Request, deliverable_id: UUID, days: Days = share.DAYS) -> Response:
    """The button that makes a link. It is shown on the page that comes back, and never again."""
    made, url = await share.make(world, view.person, deliverable_id, days=days)
    about(asked, "share", made.id)
    return await _links_page(world, view, deliverable_id, made=url)


@router.post("/shares/{share_id}/revoke", dependencies=[audited("share.revoke", "share")])
async def revoke(world: World, view: Acting, share_id: UUID) -> Response:
    """The button that ends a link."""
    async with world.database.person(view.person) as connection:
        ended = await shares.revoke(connection, share_id, now=world.clock())
    return see_other(f"/deliverables/{ended.deliverable_id}/share")


async def _links_page(world: App, view: SignedIn, deliverable_id: UUID, *, made: str | None = None) -> Response:
    async with world.database.person(view.person) as connection:
        found = delivered(await deliverables.get(connection, deliverable_id))
        (document,) = await retitled(connection, [found.about])
        listed = await shares.listed(connection, deliverable_id)
    usual: dict[str, Any] = {"days": share.DAYS, "most_days": share.MOST_DAYS, "now": world.clock()}
    return view.page("share.html", document=document, links=listed, made=made, **usual)


@router.get("/shared/{token}", dependencies=[audited("share.open")])
async def shared(world: World, asked: Request, token: str) -> Response:
    """What a link shows, to anybody; one that shows nothing does not say why."""
    view = view_of(asked)
    try:
        found = await share.find(world, token)
        openings: Openings = asked.app.state.openings
        openings.count(found.share_id, world.clock())
        source = network_of(source_of(asked, world.settings.trusted_proxies))
        opened = await share.opened(world, found, source=source)
    except (NotFound, TooMany) as refusal:
        return _nothing_shown(asked, refusal)
    body = Markup(rendered(opened.markdown))  # noqa: S704 -- rendered with raw HTML off
    answer = view.page("shared.html", title=opened.title, body=body, language=opened.language, until=found.expires_at, why=None)
    answer.headers.update(TO_ITSELF)
    return answer


def _nothing_shown(asked: Request, refusal: Refusal) -> Response:
    turned_out(asked, refusal.code)
    view = view_of(asked)
    title = view._("This link shows nothing") if refusal.status == 404 else view._("Not right now")
    answer = view.page("shared.html", status=refusal.status, title=title, body=None, language=None, until=None, why=refusal.detail)
    answer.headers.update(TO_ITSELF | retry_after(refusal))
    return answer
