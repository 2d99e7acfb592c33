"""Debian's Chromium, and what it tells of our pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
MISSING = "there is no /usr/bin/chromium: apt-get install chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--hide-scrollbars",
]


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """A browser without windows yet."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def a_window(browser: Browser, base: str, **how: object) -> AsyncIterator[BrowserContext]:
    """Cookies and cache of its own. `complaints`: what Chromium says of our pages; `elsewhere`: what was asked of other hosts."""
    how.setdefault("viewport", {"width": 1100, "height": 900})
    context = await browser.new_context(base_url=base, **how)
    context.complaints, context.elsewhere = [], []
    context.on("console", lambda message: _note(context.complaints, message, base))
    context.on("weberror", lambda error: context.complaints.append(str(error.error)))
    context.on("dialog", lambda dialog: context.complaints.append(f"dialog: {dialog.message}"))
    context.on("request", lambda request: request.url.startswith(base) or context.elsewhere.append(request.url))
    yield context
    await context.close()


def _note(complaints: list[str], message: object, base: str) -> None:
    """What Chromium says of our own pages: refused scripts and styles, things that are missing, warnings."""
    if message.type in {"error", "warning"} and message.location["url"].startswith(base):
        complaints.append(f"{message.text} {message.location['url'].removeprefix(base)}")


async def enter(page: Page, link: str) -> None:
    """Open a sign-in link, and press its button where it asks for that."""
    await page.goto(link)
    if "/enter/" in page.url:
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(lambda url: "/enter/" not in url)
