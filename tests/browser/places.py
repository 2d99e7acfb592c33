"""The pages there are: a line each, with the address and who opens it; and a Momentum in which there is something on all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from momentum.corrections import FixTerm, RenameSpeaker
from momentum.pipeline import share
from momentum.pipeline.index import index
from momentum.redaction import Redaction
from momentum.store import corrections, redactions, templates
from momentum.store.api_keys import Scope
from momentum.web.api.keys import make_key
from momentum.web.door import Person
from momentum.writers.own import Form, FormSection
from tests.browser.contents import MARKUP, hostile, minutes, talk
from tests.browser.site import Site, momentum

FULL, NEW, NOBODY = "full", "new", "nobody"
"""Who looks: somebody with recordings, somebody who has just come, a stranger."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page. `path` names in braces what `filled` keeps; `status` is what it answers with."""

    name: str
    path: str
    who: str = FULL
    status: int = 200


PLACES = (
    Place("sign-in", "/", NOBODY, 401),
    Place("sign-in-by-itself", "/sign-in", NOBODY),
    Place("used-link", "/enter/used", NOBODY, 410),
    Place("start", "/start"),
    Place("start-new", "/start", NEW),
    Place("recordings", "/recordings"),
    Place("recordings-found", "/recordings?words=review&status=new"),
    Place("recordings-not-found", "/recordings?words=nowhere"),
    Place("recordings-new", "/recordings", NEW),
    Place("process-found", "/recordings/found"),
    Place("processing", "/processings/{processing}"),
    Place("processing-working", "/processings/{working_processing}"),
    Place("processing-failed", "/processings/{failed_processing}"),
    Place("search", "/search"),
    Place("search-found", "/search?q=import"),
    Place("search-markup", "/search?q={markup_text}"),
    Place("search-not-found", "/search?q=zeppelin"),
    Place("status", "/status"),
    Place("meeting", "/meetings/{meeting}"),
    Place("meeting-claim", "/meetings/{meeting}?document={document}&claim=4"),
    Place("meeting-older-version", "/meetings/{meeting}?document={older}"),
    Place("meeting-hour", "/meetings/{hour}?at=120"),
    Place("meeting-markup", "/meetings/{markup}"),
    Place("meeting-empty", "/meetings/{untouched}"),
    Place("meeting-working", "/meetings/{working}"),
    Place("meeting-failed", "/meetings/{failed}"),
    Place("analysis", "/meetings/{meeting}/analysis?transcript={transcript}"),
    Place("analysis-markup", "/meetings/{markup}/analysis?transcript={markup_transcript}"),
    Place("versions", "/deliverables/{document}/changes"),
    Place("correct", "/transcripts/{transcript}/correct?speaker=Tom%20Reed"),
    Place("correct-look", "/transcripts/{transcript}/correct?kind=fix_term&term=beta&replacement=preview"),
    Place("correct-markup", "/transcripts/{markup_transcript}/correct?kind=fix_term&term=so&replacement={markup_text}"),
    Place("segments", "/transcripts/{transcript}/segments/2?last=3"),
    Place("corrections", "/transcripts/{transcript}/corrections"),
    Place("elsewhere", "/corrections/{correction}/elsewhere"),
    Place("share", "/deliverables/{document}/share"),
    Place("shared", "/shared/{link}", NOBODY),
    Place("shared-markup", "/shared/{markup_link}", NOBODY),
    Place("shared-no-more", "/shared/nothing", NOBODY, 404),
    Place("disconnect", "/disconnect/zoom"),
    Place("settings", "/settings"),
    Place("settings-accounts", "/settings/accounts"),
    Place("settings-accounts-new", "/settings/accounts", NEW),
    Place("settings-documents", "/settings/documents"),
    Place("settings-documents-new", "/settings/documents", NEW),
    Place("settings-own", "/settings/documents/{template}"),
    Place("settings-own-new", "/settings/documents/new"),
    Place("settings-language", "/settings/language"),
    Place("settings-privacy", "/settings/privacy"),
    Place("settings-access", "/settings/access"),
    Place("settings-models", "/settings/models"),
    Place("settings-audit", "/settings/audit"),
    Place("settings-data", "/settings/data"),
    Place("not-here", "/nothing", FULL, 404),
    Place("not-here-stranger", "/nothing", NOBODY, 404),
    Place("invalid", "/recordings?asked=nonsense", FULL, 422),
)

HOST = "maya.chen@momentum.example"
HOUR = 257
"""Turns of an hour's talk."""


@dataclass
class Filled:
    """A Momentum with something on every page. `people`: the name by which sign-in links know each of those who look."""

    site: Site
    ids: dict[str, object]
    people: dict[str, str | None]

    def path(self, place: Place) -> str:
        return place.path.format(**self.ids)


@asynccontextmanager
async def full_momentum(dsn: str, home: Path) -> AsyncIterator[Filled]:
    """A Momentum with something on every page, served while the block runs."""
    async with momentum(dsn, home, sharing="on") as site:
        yield await filled(site)


async def filled(site: Site) -> Filled:
    """Give the local person recordings in every state, documents, corrections and settings."""
    user_id = await site.local()
    now = site.app.clock()
    ids: dict[str, object] = {"markup_text": quote(MARKUP)}
    await site.connect(user_id)
    for name, days in (("Design review", 1), ("Customer onboarding", 2), ("Weekly team meeting", 3), ("One on one", 4)):
        ids[name] = await site.keep_recording(user_id, name, at=now - timedelta(days=days), minutes=25 + days, host=HOST)
    ids |= {"untouched": ids["Design review"], "working": ids["Customer onboarding"], "failed": ids["Weekly team meeting"]}
    ids["working_processing"] = await site.keep_processing(user_id, ids["working"], "transcribe", fraction=0.4)
    gone = {"code": "media_empty", "detail": "The file that Zoom gave holds no sound."}
    ids["failed_processing"] = await site.keep_processing(user_id, ids["failed"], "transcribe", **gone)
    await site.keep_processing(user_id, ids["One on one"], "queued")
    await _hour(site, user_id, ids)
    await _markup(site, user_id, ids)
    await _meeting(site, user_id, ids)
    await _settings(site, user_id, ids)
    await _keys_and_links(site, user_id, ids)
    for recording_id in (ids["meeting"], ids["markup"]):
        await index(site.app.database, user_id, recording_id)
    return Filled(site, ids, {FULL: None, NEW: "newcomer"})


async def _meeting(site: Site, user_id: UUID, ids: dict[str, object]) -> None:
    recording = await site.keep_recording(user_id, "Spring release", at=site.app.clock() - timedelta(hours=3), minutes=3)
    newest = minutes()
    before = replace(newest, claims=(*newest.claims[:2], *newest.claims[3:]), summary="The team decided to ship on Friday.")
    kept = await site.keep(user_id, recording, talk(), before, newest)
    ids |= {"meeting": kept.meeting, "document": kept.document, "older": kept.documents[0]}
    ids |= {"transcript": kept.transcript, "processing": kept.processing}
    ids["correction"] = await _correct(site, user_id, kept, FixTerm("accounts", "profiles"))
    await _correct(site, user_id, kept, RenameSpeaker("Eva Lang", "Eva Lang-Berg"))


async def _correct(site: Site, user_id: UUID, kept: object, layer: object) -> UUID:
    of = {"user_id": user_id, "recording_id": kept.meeting, "transcript_id": kept.transcript, "deliverable_id": None}
    async with site.app.database.person(user_id) as connection:
        return (await corrections.add(connection, **of, layer=layer, now=site.app.clock())).id


async def _hour(site: Site, user_id: UUID, ids: dict[str, object]) -> None:
    recording = await site.keep_recording(user_id, "Roadmap workshop", at=site.app.clock() - timedelta(days=5), minutes=60)
    document = minutes(HOUR)
    many = tuple(replace(c, segment_ids=(c.segment_ids[0] + 12 * n,)) for n in range(4) for c in document.claims if c.segment_ids)
    kept = await site.keep(user_id, recording, talk(HOUR), replace(document, title="Roadmap of the next year", claims=many))
    ids["hour"] = kept.meeting


async def _markup(site: Site, user_id: UUID, ids: dict[str, object]) -> None:
    recording = await site.keep_recording(user_id, MARKUP, at=site.app.clock() - timedelta(days=6), host=MARKUP)
    kept = await site.keep(user_id, recording, *hostile())
    ids |= {"markup": kept.meeting, "markup_transcript": kept.transcript, "markup_document": kept.document}


async def _settings(site: Site, user_id: UUID, ids: dict[str, object]) -> None:
    form = Form(
        "Notes for the board",
        "What the board must know, in a page",
        (
            FormSection("Decisions", "What was decided?", "decisions"),
            FormSection("Risks", "What may go wrong, and who looks after it?", "tasks"),
        ),
        summary="The state of the project in three sentences",
    )
    async with site.app.database.person(user_id) as connection:
        ids["template"] = (await templates.create(connection, user_id, form)).id
        await redactions.put(connection, user_id, Redaction.of(["email"], ["Project Falcon"]))


async def _keys_and_links(site: Site, user_id: UUID, ids: dict[str, object]) -> None:
    for name, document in (("link", "document"), ("markup_link", "markup_document")):
        ids[name] = (await share.make(site.app, user_id, ids[document]))[1].rpartition("/")[2]
    await make_key(site.app, Person(user_id, by_cookie=True), "Notes in our wiki", [Scope.READ], None)
