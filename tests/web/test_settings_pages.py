"""Settings: each page opens, what its forms say is kept, and what cannot be is told in a sentence."""

import re

import pytest

pytestmark = pytest.mark.anyio


async def test_every_setting_has_a_page_that_opens(world):
    browser = await world.browser()
    overview = await browser.get("/settings")
    paths = re.findall(r'<a href="(/settings/[^"]+)"', overview.text)
    assert len(paths) >= 4
    for path in paths:
        page = await browser.get(path)
        assert (page.status_code, page.text.count("<h1")) == (200, 1), path


async def test_the_language_of_pages_and_of_documents_and_the_time_zone_are_kept(world):
    browser = await world.browser()
    sent = {"language": "de", "zone": "Asia/Tokyo", "output_language": "FR"}
    assert (await browser.post("/settings/language", data=sent)).status_code == 303
    page = await browser.get("/settings/language")
    assert '<html lang="de">' in page.text
    assert "<option selected>Asia/Tokyo</option>" in page.text
    assert (await browser.get("/api/me")).json()["output_language"] == "fr"
    await browser.post("/settings/language", data={"language": "en", "zone": "", "output_language": ""})
    assert (await browser.get("/api/me")).json()["output_language"] is None
    assert "Asia/Tokyo</option>" in (await browser.get("/settings/language")).text
    assert (await browser.post("/settings/language", data={"output_language": "klingon"})).status_code == 422


async def test_dates_and_numbers_are_written_as_the_reader_writes_them(world):
    await world.keep_document(await world.user_id("local"))
    browser = await world.browser()
    for accepted, zone, shown in (
        ("en-GB", None, "22 Nov 2026, 13:00 CET"),
        ("de-DE,de;q=0.9", None, "22. Nov. 2026, 13:00 MEZ"),
        ("en-US", "America/New_York", "Nov 22, 2026, 7:00"),
        ("xx, *;q=0", "../../etc/passwd", "Nov 22, 2026, 1:00"),
    ):
        headers = {"accept-language": accepted} | ({"cookie": f"{browser_cookie(browser)}; momentum_zone={zone}"} if zone else {})
        assert shown in (await browser.get("/recordings", headers=headers)).text.replace("\u202f", " "), accepted


def browser_cookie(browser):
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


async def test_what_is_masked_is_chosen_by_a_form(world):
    browser = await world.browser()
    await browser.post("/settings/privacy", data={"kinds": ["email", "iban"], "names": "Dana Lee\n\n  Project   Falcon \n"})
    kept = (await browser.get("/api/me/redaction")).json()
    assert (kept["kinds"], kept["names"]) == (["email", "iban"], ["Dana Lee", "Project Falcon"])
    page = await browser.get("/settings/privacy")
    assert page.text.count(" checked") == 2
    assert "Dana Lee\nProject Falcon</textarea>" in page.text
    assert (await browser.post("/settings/privacy", data={"names": "x"})).status_code == 422


async def test_what_the_operator_masks_too_stays_chosen(world):
    browser = await world.browser()
    await browser.post("/settings/privacy", data={"kinds": ["email", "iban"]})
    world.app.settings.redact = ("email",)
    assert "(always masked here)" in (await browser.get("/settings/privacy")).text
    await browser.post("/settings/privacy", data={"kinds": []})  # the browser does not send the box that is fixed
    world.app.settings.redact = ()
    assert (await browser.get("/api/me/redaction")).json()["kinds"] == ["email"]


async def test_an_own_kind_of_document_is_made_changed_and_deleted_by_forms(world):
    browser = await world.browser()
    sent = {"name": "Retro", "purpose": "For the team", "summary": "", "heading": ["Went well", ""], "question": ["What went well?", ""]}
    assert (await browser.post("/settings/documents/new", data=sent | {"holds": ["statements", "tasks"]})).status_code == 303
    listed = await browser.get("/settings/documents")
    (path,) = re.findall(r'href="(/settings/documents/[0-9a-f-]{36})"', listed.text)
    assert 'value="Went well"' in (await browser.get(path)).text
    await browser.post(path, data=sent | {"name": "Retrospective"})
    assert "Retrospective" in (await browser.get("/settings/documents")).text
    assert (await browser.post("/settings/documents/new", data={"name": "x", "purpose": ""})).status_code == 422
    await browser.post(f"{path}/delete")
    assert (await browser.get(path)).status_code == 404


async def test_the_buttons_at_the_foot_change_the_language_and_lead_nowhere_else(world):
    stranger = await world.browser(signed_in=False)
    chosen = await stranger.post("/language", data={"language": "de", "back": "//evil.example/"})
    assert chosen.headers["location"] == "/"
    assert '<html lang="de">' in (await stranger.get("/recordings")).text
    for path in ("https://evil.example", "/\\evil.example", "javascript:x"):
        assert (await stranger.post("/language", data={"language": "xx", "back": path})).headers["location"] == "/"
    refused = await stranger.post("/language", data={"language": "de"}, headers={"origin": "https://evil.example"})
    assert refused.status_code == 403


async def test_after_the_language_a_reader_is_where_they_were_or_at_the_start(world):
    """Not at the address of a form, nor at one that opens something once."""
    browser, stranger = await world.browser(), await world.browser(signed_in=False)
    looked = await browser.get("/search?q=a+b&from=2026-01-02")
    assert _back_of(looked) == "/search?q=a+b&amp;from=2026-01-02"
    made = await browser.post("/settings/access", data={"name": "Export", "scope": "read"})
    assert (made.status_code, _back_of(made)) == (200, "/")
    for path in ("/enter/x", "/api/zoom/auth?state=x&error=access_denied"):
        assert _back_of(await stranger.get(path)) == "/", path


def _back_of(page):
    (found,) = re.findall(r'action="/language"[^>]*><input type="hidden" name="back" value="([^"]*)"', page.text)
    return found
