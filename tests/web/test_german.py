"""Every page in German: no message of the catalogue and no English sentence is left on it."""

import re
from html.parser import HTMLParser

import pytest

from momentum.languages.catalogues import catalogue
from momentum.model import Claim, ClaimState, Coverage, Segment
from momentum.store import processings
from momentum.web.pages import ROUTERS

pytestmark = pytest.mark.anyio

ENGLISH = re.compile(r"\b(?:the|and|of|is|are|not|you|your|it|with|this|that|for|to|from|nothing|nobody|there|be|or)\b", re.IGNORECASE)
"""Words that no German sentence has."""
SHOWN = ("alt", "aria-label", "placeholder", "title")
SEGMENTS = (
    Segment(0, 0.0, 2.0, "Guten Morgen zusammen.", speaker="Ada"),
    Segment(1, 2.0, 4.0, "Wir liefern am Freitag.", speaker=None),
    Segment(2, 4.0, 5.0, "Hm.", speaker="Ada", marks=("gap", "loop")),
)
CLAIMS = (
    Claim(
        "decision", "Lieferung am Freitag", "Wir liefern am Freitag", (1,), state=ClaimState.VERIFIED, reason="The quote was said at 00:02."
    ),
    Claim("action", "Anrufen", "anrufen", (1,), due_words="morgen", reason="Ada was removed as the owner: Ada does not say it."),
    Claim("topic", "Termine", "am Freitag", (1,), state=ClaimState.SUGGESTED, reason="Nobody spoke of that.", start=2.0),
    Claim("question", "Wann?", "", (), state=ClaimState.DROPPED, reason="Nobody said the words it quotes."),
)


class Texts(HTMLParser):
    """What somebody reads or hears of a page, but for code and for what is marked as another language."""

    def __init__(self, page):
        super().__init__()
        self.found, self._open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in {"input", "meta", "link", "img", "br", "rect", "line", "circle"}:
            self._open.append(tag in {"code", "script", "style", "pre"} or given.get("lang", "de") != "de")
        self.found += [given[name] for name in SHOWN if given.get(name)]

    def handle_startendtag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in SHOWN and value]

    def handle_endtag(self, tag):
        if self._open:
            self._open.pop()

    def handle_data(self, data):
        if data.strip() and not any(self._open):
            self.found.append(" ".join(data.split()))


UNTRANSLATED = {str(m.id) for m in catalogue("de") if m.id and isinstance(m.id, str) and m.string != m.id}
GERMAN = {str(m.string) for m in catalogue("de") if m.id and isinstance(m.id, str)}


def english(page):
    """What is English on it, though it says that it is German."""
    texts = Texts(page.text.replace('<html lang="en">', '<html lang="de">')).found
    return [text for text in texts if (text in UNTRANSLATED - GERMAN) or ENGLISH.search(text)]


@pytest.fixture
def world_settings(world_settings):
    return world_settings.model_copy(update={"operators": ("local",)})


@pytest.fixture
async def paths(world):
    """Pages to look at: all without a parameter, and those of a meeting."""
    user_id = await world.user_id("local")
    coverage = Coverage(
        sent=(0,), cited=(1,), unread=((0, 1, "Minutes 0-1 were not read. The language model took too long to answer."),), missing=(0,)
    )
    of = {"claims": CLAIMS, "segments": SEGMENTS, "model": "gpt-6-luna", "kind": "minutes", "coverage": coverage}
    done, transcript_id, deliverable_id = await world.keep_document(user_id, topic="Wochenplanung", **of)
    failed, _, _ = await world.keep_document(user_id, topic="Planung", delivered=False)
    async with world.app.database.person(user_id) as connection:
        await processings.set_failed(connection, failed.id, code="media_empty", detail="ton.m4a is empty.", now=world.clock())
    plain = [r.path for router in ROUTERS for r in router.routes if "GET" in r.methods and not re.search("{|/events$", r.path)]
    meeting = f"/meetings/{done.recording_id}"
    return [
        *plain,
        f"{meeting}?document={deliverable_id}&claim=0",
        f"{meeting}/analysis?transcript={transcript_id}",
        f"/transcripts/{transcript_id}/correct",
        f"/transcripts/{transcript_id}/correct?kind=fix_term&term=Freitag&replacement=Montag",
        f"/transcripts/{transcript_id}/corrections",
        f"/transcripts/{transcript_id}/segments/0?last=1",
        f"/deliverables/{deliverable_id}/share",
        f"/processings/{failed.id}",
        f"/processings/{done.id}",
        "/search?q=Freitag",
        "/recordings?q=Planung",
        "/disconnect/zoom",
        "/gibt-es-nicht",
        "/enter/verbraucht",
    ]


async def test_no_page_has_english_left(world, paths):
    browser = await world.browser()
    browser.headers["accept-language"] = "de-DE,de;q=0.9"
    seen = {path: await browser.get(path, follow_redirects=True) for path in paths}
    assert not [path for path, page in seen.items() if page.status_code >= 500]
    assert sum(page.status_code == 200 for page in seen.values()) > len(seen) - 8
    assert {path: found for path, page in seen.items() if (found := english(page))} == {}
    assert {page.headers["content-language"] for page in seen.values()} == {"de"}
    assert len(english(await browser.get(paths[-1], headers={"accept-language": "en"}))) > 5  # it would be found


async def test_pictures_speak_the_readers_language_or_the_one_that_is_asked_for(world):
    _, transcript_id, _ = await world.keep_document(await world.user_id("local"), topic="Planung", segments=SEGMENTS)
    browser = await world.browser()
    path = f"/api/transcripts/{transcript_id}/analysis/talk-time.svg"
    german = await browser.get(path, headers={"accept-language": "de"})
    asked = await browser.get(path, params={"lang": "en"}, headers={"accept-language": "de"})
    assert ("Redezeit: Planung" in german.text, "Unbekannte Person" in german.text, 'xml:lang="de"' in german.text) == (True, True, True)
    assert "Talk time: Planung" in asked.text
    assert (await browser.get(path, params={"lang": "tlh"})).status_code == 422
