"""The first ten minutes: from a sign-in link to a confirmed claim and a PDF, with a worker that listens to the sandbox's recordings."""

import re

import pypdfium2
import pytest

from momentum.worker import working
from tests.browser.site import momentum
from tests.browser.window import a_window, enter

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.timeout(300)]
LONGEST = 120_000
"""Milliseconds that Whisper may take for a minute of speech, on a machine that does other things."""

DONE = "#list .state.done"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_from_a_sign_in_link_to_a_confirmed_claim_and_a_pdf(owner_dsn, tmp_path, browser, script):
    async with (
        momentum(owner_dsn, tmp_path / "home", transcriber="local") as site,
        working(site.app),
        a_window(browser, site.base, java_script_enabled=script) as window,
    ):
        page = await window.new_page()
        await enter(page, await site.link())
        await page.goto("/recordings")
        await page.get_by_role("link", name="Connect Zoom").click()
        await page.get_by_role("button", name="Allow").click()
        await page.goto("/recordings")
        await page.get_by_role("button", name="Process Platform stand-up").click()
        await until_written(page, script=script)

        await page.goto("/recordings")
        await page.get_by_role("link", name="Platform stand-up", exact=True).click()
        claim = page.locator("li.claim").first
        said = await claim.locator(".text").inner_text()
        await claim.get_by_role("button", name="Confirm").click()
        await page.get_by_text("Confirmed by you").first.wait_for()
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="PDF", exact=True).first.click()
        assert "Platform stand-up" in (text := text_of(await (await waiting.value).path()))
        assert one_line(said) in text
        assert window.complaints == []


async def until_written(page, *, script):
    """Wait for the document: the page tells by itself, or, without script, when it is asked again."""
    if script:
        await page.locator(DONE).first.wait_for(timeout=LONGEST)
        return
    for _ in range(LONGEST // 500):
        await page.wait_for_timeout(500)
        await page.goto("/recordings")
        if await page.locator(DONE).count():
            return
    raise AssertionError(await page.inner_text("main"))


def text_of(path):
    """What stands in a PDF, as one line."""
    document = pypdfium2.PdfDocument(path)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return one_line(text)


def one_line(text):
    return re.sub(r"\s+", " ", text)
