"""Looking at a page as one reader sees it: what it weighs, what it asks for, what checkers find in it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.places import NOBODY, PLACES, Filled, Place
from tests.browser.window import a_window, enter

THEMES, WIDTHS = ("light", "dark"), (390, 1280)
HEIGHTS = {390: 844, 1280: 900}
AXE = Path(__file__).parents[2] / ".venv/axe/4.14.1/axe.min.js"
"""Put there by tests/prepare.d/axe."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
"""https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags."""
_RUN = """async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})).violations
    .map((found) => `${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).slice(0, 3).join(" ")}`)"""
_FIRST_PAINT = """() => new Promise((tell) => new PerformanceObserver((list) =>
    list.getEntriesByName("first-contentful-paint").forEach((entry) => tell(entry.startTime))).observe({type: "paint", buffered: true}))"""
_LOADED = "() => { const [n] = performance.getEntriesByType('navigation'); return n.loadEventEnd - n.startTime; }"

_HOLLOW = """() => { const foot = document.querySelector("footer")?.getBoundingClientRect();
    return Boolean(foot) && document.documentElement.scrollHeight > Math.max(innerHeight, Math.ceil(foot.bottom + scrollY)) + 1; }"""


@dataclass
class Look:
    """One page, in one theme, at one width. Times are milliseconds; `weight` is bytes on the wire, headers and all."""

    place: Place
    theme: str
    width: int
    status: int = 0
    weight: int = 0
    first_paint: float = 0.0
    loaded: float = 0.0
    headings: int = 0
    runs_off: bool = False
    hollow: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    source: str = ""

    def __str__(self) -> str:
        return f"{self.place.name} {self.theme} {self.width}"


def every_look() -> Iterator[tuple[Place, str, int]]:
    """Each page in each theme at each width."""
    return ((place, theme, width) for place in PLACES for theme in THEMES for width in WIDTHS)


def one_look_each() -> Iterator[tuple[Place, str, int]]:
    """Each page once: themes and widths take turns."""
    return ((place, THEMES[n % 2], WIDTHS[n // 2 % 2]) for n, place in enumerate(PLACES))


class Eyes:
    """Windows of everybody who looks."""

    def __init__(self, full: Filled, windows: dict[str, BrowserContext], pages: dict[str, Page], axe: str | None) -> None:
        self._full, self._windows, self._pages, self._axe = full, windows, pages, axe

    def window(self, who: str) -> BrowserContext:
        """That of FULL, NEW or NOBODY."""
        return self._windows[who]

    async def look(self, place: Place, theme: str, width: int, picture: Path | None = None) -> Look:
        """Open the page anew, nothing of it cached."""
        window, page = self._windows[place.who], self._pages[place.who]
        window.complaints.clear()
        window.elsewhere.clear()
        await page.emulate_media(color_scheme=theme)
        await page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        seen = Look(place, theme, width)
        async with _weighed(window, page) as weights:
            answer = await page.goto(self._full.path(place), wait_until="load")
            seen.first_paint = await page.evaluate(_FIRST_PAINT)
        seen.weight = sum(weights)
        seen.loaded = await page.evaluate(_LOADED)
        seen.status, seen.headers = answer.status, await answer.all_headers()
        seen.headings = await page.locator("h1").count()
        seen.runs_off = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        seen.hollow = await page.evaluate(_HOLLOW)
        seen.source = await page.content()
        if picture:
            await page.screenshot(path=picture / f"{place.name}-{theme}-{width}.png", full_page=True)
        if self._axe:
            await page.evaluate(self._axe)
            seen.violations = await page.evaluate(_RUN, TAGS)
        expected = f"status of {place.status} "
        seen.complaints = [told for told in window.complaints if expected not in told]
        seen.elsewhere = list(window.elsewhere)
        return seen


@asynccontextmanager
async def _weighed(window: BrowserContext, page: Page) -> AsyncIterator[list[int]]:
    """Bytes of each answer that arrives while the block runs, as they were on the wire."""
    session = await window.new_cdp_session(page)
    weights: list[int] = []
    session.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    yield weights
    await session.detach()


@asynccontextmanager
async def eyes(browser: Browser, full: Filled, *, axe: bool = True) -> AsyncIterator[Eyes]:
    """Everybody who looks, signed in where they are somebody."""
    windows, pages = {}, {}
    async with AsyncExitStack() as stack:
        for who in (*full.people, NOBODY):
            windows[who] = await stack.enter_async_context(a_window(browser, full.site.base, locale="en-GB", timezone_id="Europe/Berlin"))
            pages[who] = await windows[who].new_page()
            if who in full.people:
                await enter(pages[who], await full.site.link(full.people[who]))
        yield Eyes(full, windows, pages, AXE.read_text() if axe and AXE.exists() else None)
