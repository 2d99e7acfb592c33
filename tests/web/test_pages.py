"""The pages, without a script: what they say, what their buttons do, and that a meeting's words stay words."""

import re
from datetime import timedelta
from html import unescape

import pytest
from pydantic import SecretStr

from momentum.model import Claim, ClaimState, Coverage, Recording
from momentum.store import processings
from momentum.web.pages.recordings import ROWS

pytestmark = pytest.mark.anyio
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)> **bold** [x](javascript:alert(1)) \"'&amp; {{ 7127*9137 }}"


def forms(page):
    """The actions of the page's forms."""
    return [action for action in re.findall(r'<form method="post" action="([^"]+)"', page.text) if action not in {"/leave", "/language"}]


async def connected_browser(world):
    browser = await world.browser()
    begun = await browser.get("/connect/zoom")
    assert (await browser.get("/api/zoom/auth", params=await world.consent(begun.headers["location"]))).status_code == 200
    return browser


async def test_a_stranger_is_asked_to_sign_in_on_every_page(world):
    stranger = await world.browser(signed_in=False)
    some = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"
    asked = [("GET", p) for p in ("/recordings", f"/deliverables/{some}", "/connect/zoom", "/disconnect/zoom")]
    asked += [("POST", f"/deliverables/{some}/{what}") for what in ("again", "retry")]
    asked += [("POST", p) for p in (f"/recordings/{some}/process", "/recordings/look", f"/processings/{some}/cancel", "/disconnect/zoom")]
    for method, path in asked:
        page = await stranger.request(method, path)
        assert (page.status_code, "Sign in" in page.text, "momentum link" in page.text) == (401, True, True), path


async def test_what_somebody_wrote_into_a_long_address_is_not_carried_through_signing_in(world):
    issuer = {"oidc_issuer": "https://id.example.org", "oidc_client_id": "momentum", "oidc_client_secret": SecretStr("x")}
    world.app.settings.__dict__.update(issuer)
    stranger = await world.browser(signed_in=False)
    for words, following in (("short", "%2Frecordings%3Fwords%3Dshort"), ("x" * 3000, "%2F")):
        page = await stranger.get("/recordings", params={"words": words})
        assert f'href="/sign-in/oidc?next={following}"' in page.text


async def test_home_before_and_after_connecting(world):
    browser = await world.browser()
    before = await browser.get("/recordings")
    assert "Zoom is not connected yet" in before.text
    assert 'href="/connect/zoom"' in before.text
    after = await (await connected_browser(world)).get("/recordings")
    assert "maya.chen@momentum.example" in after.text
    assert after.text.count(">Process</button>") == 3  # found at the first look, without anybody asking


async def test_process_cancel_and_process_again_by_buttons(world):
    browser = await connected_browser(world)
    home = await browser.get("/recordings")
    process = next(action for action in forms(home) if action.startswith("/recordings/") and action.endswith("/process"))
    pressed = await browser.post(process)
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/recordings")
    home = await browser.get("/recordings")
    assert "Waiting for its turn" in home.text
    assert "data-live=" in home.text
    assert process not in forms(home)
    cancel = next(action for action in forms(home) if action.endswith("/cancel"))
    await browser.post(cancel)
    home = await browser.get("/recordings")
    assert "data-live" not in home.text  # nothing happens any more
    assert process in forms(home)
    await browser.post(process)
    assert "Waiting for its turn" in (await browser.get("/recordings")).text


async def test_the_button_and_the_api_ask_for_the_same(world):
    browser = await connected_browser(world)
    process = next(action for action in forms(await browser.get("/recordings")) if action.endswith("/process"))
    await browser.post(process)
    (made,) = (await browser.get("/api/processings")).json()["processings"]
    number = next(m for m in (await browser.get("/api/zoom/meetings")).json()["meetings"] if m["processing_id"])["meeting_number"]
    assert (await browser.post(f"/api/zoom/download/{number}")).json()["processing_id"] == made["id"]


async def test_what_does_not_fit_on_the_list_is_behind_links_on_and_back(world):
    browser = await world.browser()
    user_id = await world.user_id("local")
    for number in range(ROWS + 2):
        started = world.clock() - timedelta(minutes=number + 1)
        await world.keep_recording(user_id, Recording(f"{number}==", str(number), f"Talk {number:03}", started, None, 5, 1, None, ()))
    first = await browser.get("/recordings?words=talk")
    (older,) = re.findall(r'<a rel="next" href="([^"]+)"', first.text)
    second = await browser.get(unescape(older))
    (newer,) = re.findall(r'<a rel="prev" href="([^"]+)"', second.text)
    shown = [re.findall(r"Talk (\d+)", page.text) for page in (first, second, await browser.get(unescape(newer)))]
    assert [sorted(set(map(int, numbers))) for numbers in shown] == [list(range(ROWS)), [ROWS, ROWS + 1], list(range(ROWS))]
    assert "words=talk" in older
    assert 'rel="next"' not in second.text
    assert 'href="/recordings?words=talk">Back to the newest' in second.text
    for nonsense in ("after=nonsense", "status=nonsense", "since=yesterday"):
        assert (await browser.get(f"/recordings?{nonsense}")).status_code == 422, nonsense


async def test_home_says_why_something_stopped(world):
    browser = await world.browser()
    user_id = await world.user_id("local")
    recording = await world.keep_recording(user_id, Recording("one==", "1", "Broken one", world.clock(), None, 5, 1, None, ()))
    processing = await world.keep_processing(user_id, recording.id)
    async with world.app.database.person(user_id) as connection:
        await processings.set_failed(connection, processing.id, code="media_empty", detail="The file is empty.", now=world.clock())
    home = await browser.get("/recordings")
    assert "Failed" in home.text
    assert "The file is empty." in home.text


async def test_zoom_being_away_does_not_keep_the_page_from_opening(world):
    browser = await connected_browser(world)
    world.zoom.faults.set("rate_limit_daily")
    home = await browser.get("/recordings")
    assert home.status_code == 200
    assert "allowance" in home.text
    world.zoom.faults.clear()


async def test_looking_again_finds_what_is_new(world):
    browser = await connected_browser(world)
    world.zoom.faults.set("no_recordings")
    assert "None are known" in (await browser.get("/recordings")).text
    world.zoom.faults.clear()
    world.clock.advance(minutes=2)
    assert "None are known" in (await browser.get("/recordings")).text  # a page does not wait for Zoom each time
    assert (await browser.post("/recordings/look")).status_code == 303
    assert (await browser.get("/recordings")).text.count(">Process</button>") == 3


async def test_why_it_could_not_be_looked_is_told(world):
    browser = await connected_browser(world)
    await browser.get("/recordings")
    world.zoom.faults.set("rate_limit_daily")
    world.clock.advance(minutes=2)
    told = await browser.post("/recordings/look", data={"back": "/recordings?status=new"})
    assert (told.status_code, "This is what was known before" in told.text) == (200, True), told.text
    assert 'href="/recordings?status=new"' in told.text


async def test_a_document(world):
    claim = Claim("decision", "Ship on Friday", "We ship on Friday, all of us.", (0,), state=ClaimState.SUGGESTED, start=1.0)
    processing, transcript_id, deliverable_id = await world.keep_document(await world.user_id("local"), claims=(claim,))
    browser = await world.browser()
    assert f'href="/meetings/{processing.recording_id}"' in (await browser.get("/recordings")).text
    page = await browser.read(deliverable_id)
    assert '<h1 dir="auto">Weekly planning</h1>' in page.text
    assert "<blockquote" in page.text
    assert f"/api/transcripts/{transcript_id}" in page.text


async def test_words_from_right_to_left_stand_so_on_the_page_too(world):
    hebrew = "\u05d4\u05d7\u05dc\u05d8\u05e0\u05d5"
    claims = tuple(Claim("decision", text, text, (0,), state=ClaimState.VERIFIED) for text in (hebrew, "Go"))
    _, _, deliverable_id = await world.keep_document(await world.user_id("local"), topic="Plan", claims=claims)
    body = (await (await world.browser()).read(deliverable_id)).text
    assert [f'<p class="text" dir="auto">{text}</p>' in body for text in (hebrew, "Go")] == [True, True]


async def test_a_document_is_written_again_and_its_missing_parts_are_read_by_buttons(world):
    _, _, deliverable_id = await world.keep_document(await world.user_id("local"))
    browser = await world.browser()
    assert forms(await browser.read(deliverable_id)) == [], "rules would write the same"
    missing = Coverage(sent=(0,), unread=((0, 0, "Minutes 0-1 were not read."),), missing=(0,))
    _, _, torn = await world.keep_document(await world.user_id("local"), topic="Torn", model="gpt-6-luna", coverage=missing)
    page = await browser.read(torn)
    assert "Minutes 0-1 were not read." in page.text
    assert forms(page) == [f"/deliverables/{torn}/retry", f"/deliverables/{torn}/again"]
    for action in forms(page):
        assert (await browser.post(action)).headers["location"].startswith("/processings/")
    assert len([action for action in forms(await browser.get("/recordings")) if action.endswith("/cancel")]) == 1


async def test_a_meetings_words_stay_words(world):
    user_id = await world.user_id("local")
    claim = Claim("decision", MARKUP, MARKUP, (0,), owner=MARKUP, state=ClaimState.SUGGESTED)
    processing, _, deliverable_id = await world.keep_document(user_id, topic=MARKUP, claims=(claim,))
    recording = await world.keep_recording(user_id, Recording("two==", "2", MARKUP, world.clock(), None, 5, 1, None, ()))
    await world.keep_processing(user_id, recording.id)
    browser = await world.browser()
    ours = r" type=\"module\" src=\"/static/(?:live|keys).js\?v=| src=\"/static/icon.svg\?v="
    for page in (await browser.get("/recordings"), await browser.read(deliverable_id)):
        assert page.status_code == 200
        assert re.findall(rf"<(script|img)\b(?!{ours})", page.text) == []
        assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", page.text)
        assert "javascript:" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', page.text))
        assert "<script>alert(1)</script>" in unescape(page.text)
        assert str(7127 * 9137) not in page.text
    assert processing


async def test_no_page_has_script_or_style_of_its_own(world):
    browser = await connected_browser(world)
    *_, deliverable_id = await world.keep_document(await world.user_id("local"))
    paths = ("/recordings", "/disconnect/zoom", "/nothing", "/enter/used")
    for page in (await browser.read(deliverable_id), *[await browser.get(path) for path in paths]):
        assert "<style" not in page.text
        assert not re.search(r"<script(?![^>]* src=)", page.text)
        assert not re.search(r"\s(on\w+|style)=", page.text)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)


async def test_disconnecting_by_page(world):
    browser = await connected_browser(world)
    await browser.get("/recordings")
    assert 'name="delete_data"' in (await browser.get("/disconnect/zoom")).text
    assert (await browser.get("/disconnect/whatever")).status_code == 404
    done = await browser.post("/disconnect/zoom", data={"delete_data": "true"})
    assert "Removed:" in done.text
    home = await browser.get("/recordings")
    assert "Zoom is not connected yet" in home.text
    assert "None are known" in home.text


async def test_home_asks_the_database_the_same_however_much_there_is(world, monkeypatch):
    browser = await world.browser()
    user_id = await world.user_id("local")
    asked = []
    from sqlalchemy import event

    engine = world.app.database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    async def count():
        asked.clear()
        assert (await browser.get("/recordings")).status_code == 200
        return len(asked)

    await world.keep_document(user_id, topic="first")
    few = await count()
    for number in range(6):
        await world.keep_document(user_id, topic=f"more {number}")
    assert await count() == few
