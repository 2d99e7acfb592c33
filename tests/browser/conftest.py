"""A real browser in front of a real server."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.browser.places import Filled, full_momentum
from tests.browser.site import Site, momentum
from tests.browser.window import CHROMIUM, MISSING, a_window, running_chromium


@pytest.fixture(scope="module")
async def browser(anyio_backend) -> AsyncIterator[Browser]:
    """One for all tests of a file."""
    if not CHROMIUM.exists():
        pytest.skip(MISSING)
    async with running_chromium() as running:
        yield running


@pytest.fixture
async def served(owner_dsn, tmp_path) -> AsyncIterator[Site]:
    """A Momentum in which nothing is yet."""
    async with momentum(owner_dsn, tmp_path / "home") as site:
        yield site


@pytest.fixture(scope="module")
async def full(module_dsn, tmp_path_factory, anyio_backend) -> AsyncIterator[Filled]:
    """A Momentum with something on every page, for all tests of a file."""
    async with full_momentum(module_dsn, tmp_path_factory.mktemp("full") / "home") as full:
        yield full


@pytest.fixture
async def chromium(served, browser) -> AsyncIterator[BrowserContext]:
    """A window onto `served` that notes what pages complain about."""
    async with a_window(browser, served.base) as context:
        yield context
