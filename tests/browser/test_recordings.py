"""The list of recordings in a real browser: by keyboard, on a telephone, while something happens."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from momentum.model import Recording
from momentum.store import processings, recordings
from momentum.web.links import local_person, sign_in_link

pytestmark = pytest.mark.anyio


def shots(tmp_path):
    """Where pictures go: with the test's other files, unless somebody wants to look at them."""
    return Path(os.environ.get("MOMENTUM_SCREENSHOTS", tmp_path))


@pytest.fixture
async def listed(served, chromium):
    """The page with a document and three recordings, of somebody who is signed in."""
    at = served.app.clock()
    await served.keep_document("Weekly planning", "We ship on Friday", recorded_at=at)
    user_id = (await local_person(served.app.database, served.app.settings)).id
    host = "a.very.long.address.of.somebody@some.long.subdomain.example.org"
    names = [(f"Talk {n}", at - timedelta(hours=n)) for n in (1, 2, 3)]
    kept = [Recording(f"{name}==", "1", name, began, None, 30, 2 * 10**8, host, ()) for name, began in names]
    async with served.app.database.person(user_id) as connection:
        await recordings.upsert(connection, user_id, "zoom", kept, now=at)
    page = await chromium.new_page()
    await page.goto(await sign_in_link(served.app))
    return page


async def focused(page):
    return await page.evaluate("document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label')")


async def test_by_keyboard_from_row_to_row_selected_opened_and_switched_off(listed, chromium, tmp_path):
    page = listed
    await page.keyboard.press("j")
    assert await focused(page) == "Weekly planning"
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    assert await focused(page) == "Talk 2"
    await page.keyboard.press("x")
    await page.keyboard.press("k")
    await page.keyboard.press("x")
    await page.get_by_text("2 selected").wait_for()
    await page.screenshot(path=shots(tmp_path) / "recordings-keys.png", full_page=True)
    await page.set_viewport_size({"width": 320, "height": 700})
    await page.get_by_text("More", exact=True).click()
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.screenshot(path=shots(tmp_path) / "recordings-telephone.png", full_page=True)
    await page.set_viewport_size({"width": 1100, "height": 900})
    await page.keyboard.press("/")
    await page.keyboard.type("jxk?")
    assert await page.get_by_label("Topic or host").input_value() == "jxk?"
    await page.get_by_label("Topic or host").fill("")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Process selected").focus()
    await page.keyboard.press("Control+j")
    assert await focused(page) == "Process selected"

    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    await dialog.wait_for()
    await page.screenshot(path=shots(tmp_path) / "recordings-dialog.png")
    await dialog.get_by_label("Single keys are shortcuts").uncheck()
    await dialog.get_by_role("button", name="Close").click()
    await page.reload()
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement.tagName") == "BODY"
    await page.get_by_role("button", name="Keyboard").click()
    await dialog.get_by_label("Single keys are shortcuts").check()
    await dialog.get_by_role("button", name="Close").click()
    await page.get_by_role("link", name="Weekly planning", exact=True).focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Suggested decisions").wait_for()
    await page.keyboard.press("j")
    await page.keyboard.press("e")
    await page.keyboard.type(" at ten")
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await page.locator("#claim-0").get_by_text("Confirmed by you").wait_for()
    assert await page.evaluate("document.activeElement.id") == "claim-0"
    assert chromium.complaints == []


async def test_what_is_ticked_stays_so_while_the_list_moves_on(listed, served, chromium):
    page = listed
    await page.get_by_role("button", name="Process Talk 1").click()
    await page.get_by_text("Waiting for its turn").wait_for()
    await page.get_by_label("Select Talk 3").check()
    user_id = (await (await chromium.request.get("/api/me")).json())["id"]
    processing = next(p for p in (await (await chromium.request.get("/api/processings")).json())["processings"] if p["state"] == "queued")
    async with served.app.database.person(user_id) as connection:
        await processings.start_step(connection, processing["id"], "transcribe", now=served.app.clock())
        await processings.record_event(connection, processing["id"], "transcribe", "running", 0.4)
    await page.get_by_role("progressbar", name="Progress of this step").wait_for()
    assert await page.get_by_label("Select Talk 3").is_checked()
    assert await page.get_by_text("1 selected").is_visible()
    await page.get_by_role("button", name="Process selected").click()
    await page.get_by_text("1 recording is on its way.").wait_for()
    assert chromium.complaints == []
