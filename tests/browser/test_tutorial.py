"""The tutorial is true: its buttons are there in its order and do what it says, and its pictures are of today's pages."""

import os
from pathlib import Path

import pytest
from playwright.async_api import TimeoutError as NeverCame

from momentum.model import Heard, Segment, Word
from momentum.transcribers.base import Limits
from momentum.worker import working
from tests.browser.site import made
from tests.browser.tutorial import DIGEST, HEAVIEST, PICTURES, SIZE, made_from, named, steps, take
from tests.browser.window import a_window, enter

SPOKEN = "We decided to ship the release on Friday."
LONGEST = 240_000


class Ear:
    """A quick stand-in for Whisper: hears the same in every chunk."""

    name = "local"
    limits = Limits(target_seconds=30, max_seconds=40, parallel=1)

    def parameters(self, language):
        return {"model": "ear", "language": language}

    async def transcribe(self, chunk, *, language):
        words = tuple(Word(word, 0.2 * i, 0.2 * i + 0.1) for i, word in enumerate(SPOKEN.split()))
        return Heard((Segment(0, 0.0, 2.0, SPOKEN, words=words),), "en")

    async def aclose(self):
        pass


@pytest.mark.anyio
@pytest.mark.acceptance
@pytest.mark.parametrize("ear", [pytest.param(True, id="heard by a stand-in"), pytest.param(False, id="heard by Whisper")])
@pytest.mark.timeout(LONGEST // 1000 + 60)
async def test_whoever_does_what_the_tutorial_says_gets_what_it_promises(owner_dsn, tmp_path, browser, ear):
    folder = Path(os.environ.get("MOMENTUM_PICTURES") or tmp_path)
    async with made(owner_dsn, tmp_path / "home", transcriber="local", zoom_client_id=None, zoom_client_secret=None) as site:
        if ear:
            site.app.tools.transcriber = Ear()
        async with site.served_again(), working(site.app), a_window(browser, site.base, viewport=SIZE, locale="en-GB") as window:
            page = await window.new_page()
            page.set_default_timeout(20_000 if ear else LONGEST)
            await enter(page, await site.link())
            for what, name in steps():
                try:
                    await do(page, what, name, folder)
                except NeverCame as error:
                    seen = await page.inner_text("body")
                    raise AssertionError(f"to {what}: {name!r}; there is at {page.url}: {seen}") from error
            assert window.complaints == []
    if not ear and folder == PICTURES:
        DIGEST.write_text(made_from() + "\n")


async def do(page, what, name, folder):
    if what == "picture":
        await take(page, name, folder)
    elif what == "open":
        await page.goto(name)
    elif what == "see":
        await page.get_by_text(name).filter(visible=True).first.wait_for()
    elif name == "PDF":
        async with page.expect_download() as waiting:
            await named(page, name).click()
        assert (await (await waiting.value).path()).read_bytes().startswith(b"%PDF")
    else:
        await named(page, name).click()


def test_its_pictures_are_there_and_of_todays_pages():
    wanted = {f"{name}.webp" for what, name in steps() if what == "picture"}
    assert wanted == {path.name for path in PICTURES.glob("*.webp")}
    assert all(path.stat().st_size < HEAVIEST for path in PICTURES.glob("*.webp"))
    assert DIGEST.read_text().strip() == made_from(), "pages changed since the pictures were taken: make docs-pictures"
