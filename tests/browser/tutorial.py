"""The tutorial as a list of things to do: what is bold is pressed, what is in italics is looked for, pictures are taken where they are."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from playwright.async_api import Locator, Page

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs/tutorial/first-minutes.md"
PICTURES = TUTORIAL.parent / "pictures"
DIGEST = PICTURES / "made-from.sha256"
SIZE = {"width": 1140, "height": 660}
STILL = 500
"""Milliseconds from a press to the picture: the next page has come, and what moves there has arrived."""
HEAVIEST = 60 * 1024
_WEB = ROOT / "momentum/web"
_SHOWN = ("base", "start", "recordings", "recording_row", "meeting", "meeting_document", "meeting_transcript", "claim")
"""Templates of what the pictures show."""
_STEP = re.compile(
    r"!\[[^\]]*\]\(pictures/(?P<picture>[\w-]+)\.webp\)|\*\*(?P<press>[^*]+)\*\*"
    r"|`localhost:8000(?P<open>/\w+)`|(?<!\*)\*(?P<see>[^*\n]+)\*(?!\*)"
)


def steps() -> Iterator[tuple[str, str]]:
    """("press" | "see" | "open" | "picture", name) in the tutorial's order."""
    text = re.sub(r"\n(?!\n)", " ", TUTORIAL.read_text("utf-8"))
    for found in _STEP.finditer(text):
        yield found.lastgroup, found[found.lastgroup]


def made_from() -> str:
    """The digest of all that the pictures were made from: style sheet, templates, the tutorial's steps."""
    files = [_WEB / "static/momentum.css", *(_WEB / f"templates/{name}.html" for name in _SHOWN)]
    parts = [file.read_bytes() for file in files] + [repr(list(steps())).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def named(page: Page, name: str) -> Locator:
    """The first link, button or disclosure of that name that is in sight."""
    exact = re.compile(rf"^{re.escape(name)}\b")
    pressable = page.get_by_role("button", name=exact).or_(page.get_by_role("link", name=exact))
    return pressable.or_(page.locator("summary").filter(has_text=exact)).filter(visible=True).first


async def take(page: Page, name: str, folder: Path) -> None:
    """A picture of what is in sight, as the tutorial shows it; the page stands still by then."""
    await page.wait_for_timeout(STILL)
    await page.wait_for_load_state()
    session = await page.context.new_cdp_session(page)
    taken = await session.send("Page.captureScreenshot", {"format": "webp", "quality": 60})
    await session.detach()
    (folder / f"{name}.webp").write_bytes(base64.b64decode(taken["data"]))
