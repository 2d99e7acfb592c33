"""Without a mouse: every step by Tab and Enter with the focus in sight, claims by their letters, and letters only where nobody types."""

import pytest

from momentum.store import processings
from tests.browser.contents import minutes, talk
from tests.browser.window import enter

pytestmark = pytest.mark.anyio
_FOCUS = """() => { const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
    return {name: (at.getAttribute("aria-label") || at.textContent || at.labels?.[0]?.textContent || "").trim().replace(/\\s+/g, " "),
            visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.height > 0
                     && box.bottom > 0 && box.top < innerHeight, tag: at.tagName}; }"""


async def tab_to(page, name, *, most=60):
    """Press Tab until something of that name has the focus; whatever has it on the way can be seen to have it."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(_FOCUS)
        assert focus["visible"] or focus["tag"] == "BODY", focus
        if focus["name"].startswith(name):
            return
    raise AssertionError(f"Tab never came to {name!r}")


async def test_the_first_steps_by_keyboard_alone(served, chromium):
    page = await chromium.new_page()
    await enter(page, await served.link())
    await page.goto("/recordings")
    await page.keyboard.press("Tab")
    assert (await page.evaluate(_FOCUS))["name"] == "Skip to the content"
    await tab_to(page, "Connect Zoom")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Allow").focus()  # Zoom's page, not ours
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{served.base}/**")
    await page.goto("/recordings")
    await tab_to(page, "Process")
    await page.keyboard.press("Enter")
    await page.get_by_text("Waiting for its turn").first.wait_for()
    assert chromium.complaints == []


@pytest.fixture
async def meeting(served, chromium):
    """The page of a meeting with minutes, opened by who it belongs to."""
    user_id = await served.local()
    recording = await served.keep_recording(user_id, "Spring release", at=served.app.clock(), minutes=3)
    await served.keep(user_id, recording, talk(), minutes())
    page = await chromium.new_page()
    await enter(page, await served.link())
    await page.goto(f"/meetings/{recording}")
    return page


async def test_claims_are_confirmed_rejected_undone_and_edited_by_letters(meeting, chromium):
    page, claim = meeting, meeting.locator(".claim:focus, .claim:focus-within")
    await page.keyboard.press("j")
    first = await claim.get_attribute("id")
    for key, told in (("c", "Confirmed by you"), ("u", "Verified"), ("r", "Rejected by you")):
        await page.keyboard.press(key)
        await page.locator(f"#{first} .state", has_text=told).wait_for(state="attached")
    await page.keyboard.press("j")
    second = await claim.get_attribute("id")
    assert second != first
    await page.keyboard.press("e")
    await page.keyboard.type(" jkcreux?/")
    assert " jkcreux?/" in await page.locator(f"#{second} textarea").input_value(), "letters in a field are letters"
    await tab_to(page, "Save")
    await page.keyboard.press("Enter")
    await page.locator(f"#{second} .state", has_text="Edited by you").wait_for()
    assert await page.locator(f"#{second}").evaluate("one => one.contains(document.activeElement)"), "the focus stays after the swap"
    action = page.locator(".claim", has=page.locator("input[name=owner]")).first
    await action.locator("summary", has_text="Edit").click()
    await action.locator("input[name=owner]").fill("Zoe")
    await page.keyboard.press("Enter")
    await action.get_by_text("Owner: Zoe").wait_for()
    assert await action.locator("details[open]").count() == 0, "what was saved is closed"
    await action.focus()
    await page.keyboard.press("e")
    await page.keyboard.type("!")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")  # into the field again
    await page.keyboard.type("?")
    await page.keyboard.press("Control+Enter")
    await action.locator(".text", has_text="!").filter(has_text="?").wait_for()
    assert chromium.complaints == []


async def test_a_double_click_confirms_once_and_rejects_nothing(meeting, chromium):
    page, claim = meeting, meeting.locator(".claim").nth(1)
    await claim.get_by_role("button", name="Confirm").dblclick()
    await claim.get_by_text("Confirmed by you").wait_for()
    await claim.get_by_role("button", name="Undo").click()
    await claim.get_by_role("button", name="Confirm").hover()
    await press(page, 1)
    await claim.get_by_text("Confirmed by you").wait_for()
    await claim.get_by_role("button", name="Reject").hover()  # it may stand there by now
    await press(page, 2)
    await page.wait_for_timeout(300)
    assert await claim.get_by_text("Confirmed by you").count() == 1
    assert chromium.complaints == []


async def press(page, count):
    """The mouse's button, the first or the second time of a double-click."""
    await page.mouse.down(click_count=count)
    await page.mouse.up(click_count=count)


async def test_the_focus_stays_where_it_is_while_the_page_moves_on(served, chromium):
    user_id = await served.local()
    recording = await served.keep_recording(user_id, "Weekly", at=served.app.clock())
    processing = await served.keep_processing(user_id, recording, "transcribe", fraction=0.2)
    page = await chromium.new_page()
    await enter(page, await served.link())
    await page.goto(f"/meetings/{recording}")
    await tab_to(page, "Cancel")
    async with served.app.database.person(user_id) as connection:
        await processings.record_event(connection, processing, "transcribe", "running", 0.7)
    await page.locator("progress[value='0.7']").first.wait_for()
    assert (await page.evaluate(_FOCUS))["name"].startswith("Cancel")


async def test_on_paper_nothing_is_to_be_pressed(meeting):
    await meeting.emulate_media(media="print")
    assert await meeting.locator("button:visible, summary:visible, input:visible, select:visible").count() == 0
    assert await meeting.locator(".claim .text:visible").count() > 5


async def test_nothing_moves_for_who_asked_for_stillness(meeting):
    page = meeting
    moving = """() => [...document.querySelectorAll("*")].filter((one) => { const style = getComputedStyle(one);
        return style.scrollBehavior === "smooth" || style.animationName !== "none" || parseFloat(style.transitionDuration) > 0; }).length"""
    await page.emulate_media(reduced_motion="no-preference")
    assert await page.evaluate(moving) > 0, "it can tell"
    await page.emulate_media(reduced_motion="reduce")
    assert await page.evaluate(moving) == 0
