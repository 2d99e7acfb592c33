"""A person's way through the pages, in a real browser."""

import os
from pathlib import Path

import pytest

from momentum.store import processings
from momentum.web.links import sign_in_link

pytestmark = pytest.mark.anyio

MARKUP = "<script>alert('topic')</script> <img src=x onerror=alert(1)> **not bold** [link](javascript:alert(2))"


def shots(tmp_path):
    """Where pictures go: with the test's other files, unless somebody wants to look at them."""
    return Path(os.environ.get("MOMENTUM_SCREENSHOTS", tmp_path))


async def sign_in(served, page):
    await page.goto(await sign_in_link(served.app))
    await page.goto("/recordings")
    assert await page.title() == "Your recordings · Momentum"


async def test_from_the_sign_in_link_to_a_queued_recording_and_a_document(served, chromium, tmp_path):
    page = await chromium.new_page()
    await sign_in(served, page)
    await page.get_by_role("link", name="Connect Zoom").click()
    assert page.url.startswith(served.zoom.base)
    await page.get_by_role("button", name="Allow").click()
    await page.get_by_role("heading", name="Zoom is connected").wait_for()
    await page.get_by_role("link", name="To your recordings").click()
    assert await page.get_by_text("Process", exact=True).count() == 3
    await page.get_by_text("Process", exact=True).first.click()
    await page.get_by_text("Waiting for its turn").first.wait_for()
    assert await page.get_by_text("Process", exact=True).count() == 2

    await served.keep_document("Weekly planning", "We ship on Friday")
    await page.goto("/recordings")
    await page.screenshot(path=shots(tmp_path) / "home.png", full_page=True)
    await page.get_by_role("link", name="Weekly planning", exact=True).click()
    assert "/meetings/" in page.url
    await page.get_by_role("heading", name="Suggested decisions").wait_for()
    await page.screenshot(path=shots(tmp_path) / "document.png", full_page=True)

    await page.goto("/recordings")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("heading", name="Sign in").wait_for()
    refused = "Failed to load resource: the server responded with a status of 401 (Unauthorized) "
    # A question that the page had asked a moment before may be answered a moment after.
    assert {f"{refused}/"} <= set(chromium.complaints) <= {f"{refused}/", f"{refused}/recordings"}


async def test_a_page_follows_the_work_without_being_reloaded(served, chromium):
    page = await chromium.new_page()
    await sign_in(served, page)
    await page.get_by_role("link", name="Connect Zoom").click()
    await page.get_by_role("button", name="Allow").click()
    await page.get_by_role("link", name="To your recordings").click()
    await page.get_by_text("Process", exact=True).first.click()
    await page.get_by_text("Waiting for its turn").first.wait_for()
    await page.evaluate("window.same = true")
    user_id = (await (await chromium.request.get("/api/me")).json())["id"]
    (processing,) = (await (await chromium.request.get("/api/processings")).json())["processings"]
    async with served.app.database.person(user_id) as connection:
        await processings.start_step(connection, processing["id"], "transcribe", now=served.app.clock())
        await processings.record_event(connection, processing["id"], "transcribe", "running", 0.4)
    await page.get_by_role("progressbar", name="Progress of this step").wait_for()
    assert "listening" in await page.inner_text("#list")
    async with served.app.database.person(user_id) as connection:
        await processings.set_failed(connection, processing["id"], code="media_empty", detail="The file is empty.", now=served.app.clock())
    await page.get_by_text("The file is empty.").wait_for()
    assert await page.evaluate("window.same") is True
    assert chromium.complaints == []


async def test_markup_in_a_title_stays_text(served, chromium, tmp_path):
    path = await served.keep_document(MARKUP, MARKUP)
    page = await chromium.new_page()
    await sign_in(served, page)
    assert await page.locator("#list").get_by_role("link", name=MARKUP, exact=True).count() == 1
    await page.goto(path)
    assert await page.get_by_role("heading", level=1).inner_text() == MARKUP
    assert await page.locator("article").locator("script, img, a, strong strong").count() == 0
    assert chromium.complaints == []
    await page.screenshot(path=shots(tmp_path) / "markup.png", full_page=True)


async def test_in_the_dark_on_a_telephone_nothing_runs_off_the_side(served, chromium, tmp_path):
    await served.keep_document("A very long title " * 6 + "x" * 60, "We ship on Friday")
    page = await chromium.new_page()
    await page.set_viewport_size({"width": 360, "height": 780})
    await page.emulate_media(color_scheme="dark")
    await sign_in(served, page)
    await page.get_by_role("link", name="Connect Zoom").click()
    await page.get_by_role("button", name="Allow").click()
    await page.get_by_role("link", name="To your recordings").click()
    for path in ("/recordings", "/disconnect/zoom", "/nothing"):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        await page.screenshot(path=shots(tmp_path) / f"telephone{path.replace('/', '-')}.png", full_page=True)
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"


async def test_every_page_works_without_script(served, chromium):
    plain = await chromium.browser.new_context(base_url=served.base, java_script_enabled=False)
    page = await plain.new_page()
    await sign_in(served, page)
    await page.get_by_role("link", name="Connect Zoom").click()
    await page.get_by_role("button", name="Allow").click()
    await page.get_by_role("link", name="To your recordings").click()
    await page.get_by_text("Process", exact=True).first.click()
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_text("Process", exact=True).first.click()
    assert await page.get_by_text("Waiting for its turn").first.is_visible()
    await page.get_by_role("link", name="Disconnect").click()
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Disconnect Zoom").click()
    assert "Removed:" in await page.inner_text("main")
    await plain.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pictures_of_a_meeting_can_be_looked_at(served, chromium, tmp_path, scheme):
    page = await chromium.new_page()
    await page.emulate_media(color_scheme=scheme)
    await sign_in(served, page)
    await served.keep_document(MARKUP, "We ship on Friday")
    (deliverable,) = (await (await page.request.get("/api/deliverables")).json())["deliverables"]
    for name in ("talk-time", "timeline", "sentiment"):
        await page.goto(f"/api/transcripts/{deliverable['transcript_id']}/analysis/{name}.svg")
        colour = await page.evaluate("getComputedStyle(document.querySelector('.heading')).fill")
        assert colour == {"light": "rgb(28, 32, 36)", "dark": "rgb(232, 234, 237)"}[scheme]
        await page.screenshot(path=shots(tmp_path) / f"{name}-{scheme}.png")
    assert chromium.complaints == []
