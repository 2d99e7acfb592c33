"""The server stops and comes back, and many watch at once."""

import asyncio
import os
import sys
from datetime import timedelta
from statistics import quantiles
from time import monotonic

import pytest

from momentum.store import processings
from momentum.web.links import local_person
from momentum.web.tokens import mint
from momentum.web.trust import rules_for
from tests.browser.site import made, momentum
from tests.browser.window import a_window, enter

pytestmark = pytest.mark.anyio


async def _working(site):
    """(person, recording, processing) of something that is listened to."""
    user_id = await site.local()
    recording = await site.keep_recording(user_id, "Weekly", at=site.app.clock())
    return user_id, recording, await site.keep_processing(user_id, recording, "transcribe", fraction=0.2)


async def test_a_page_goes_on_after_a_restart_without_being_reloaded(owner_dsn, tmp_path, browser):
    async with made(owner_dsn, tmp_path / "home") as site, a_window(browser, site.base) as window:
        user_id, recording, processing = await _working(site)
        page = await window.new_page()
        async with site.served_again():
            await enter(page, await site.link())
            await page.goto(f"/meetings/{recording}")
            await page.locator("progress[value='0.2']").first.wait_for()
            await page.evaluate("window.same = true")
        async with site.app.database.person(user_id) as connection:
            await processings.record_event(connection, processing, "transcribe", "running", 0.5)
        async with site.served_again():
            await page.locator("progress[value='0.5']").first.wait_for()
            async with site.app.database.person(user_id) as connection:
                await processings.record_event(connection, processing, "transcribe", "running", 0.9)
            await page.locator("progress[value='0.9']").first.wait_for()
            assert await page.evaluate("window.same") is True
            assert [told for told in window.complaints if "ERR_" not in told] == []


WATCHERS = 200
SOON = 1.0
"""Seconds within which nearly all of them hear of a change, best of five."""


@pytest.mark.acceptance
@pytest.mark.parametrize("what", ["all", "one"])
async def test_two_hundred_watchers_hear_of_a_change_at_once(owner_dsn, tmp_path, what):
    async with momentum(owner_dsn, tmp_path / "home") as site:
        user_id, _, processing = await _working(site)
        bearer = await _bearer(site)
        path = "/api/processings/events" if what == "all" else f"/api/processings/{processing}/events"
        streams = await asyncio.gather(*[_stream(site, bearer, path) for _ in range(WATCHERS)])
        p95s = []
        for fraction in (0.3, 0.4, 0.5, 0.6, 0.7):
            began = monotonic()
            async with site.app.database.person(user_id) as connection:
                await processings.record_event(connection, processing, "transcribe", "running", fraction)
            heard = await asyncio.gather(
                *[_heard(stream, b"data:" if what == "all" else b'"fraction": %g' % fraction) for stream, _ in streams]
            )
            p95s.append(quantiles([at - began for at in heard], n=20)[-1])
        for _, writer in streams:
            writer.close()
        told = " ".join(f"{p95 * 1000:.0f}" for p95 in p95s)
        sys.stderr.write(f"{WATCHERS} watchers of {what}, p95 of five changes: {told} ms; load {os.getloadavg()[0]:.1f}\n")
        assert min(p95s) < SOON


async def _bearer(site):
    """A token of the local person."""
    rules = rules_for(site.app.settings)
    subject = (await local_person(site.app.database, site.app.settings)).subject
    facts = {"issuer": rules.issuer, "audience": rules.audience, "subject": subject}
    return f"Bearer {mint(rules.secret, **facts, now=site.app.clock(), lifetime=timedelta(hours=1))}"


async def _stream(site, bearer, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", site.app.settings.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\r\n".encode())
    assert b" 200 " in await reader.readline()
    if not path.endswith("processings/events"):
        await _heard(reader, b'"fraction": 0.2')
    return reader, writer


async def _heard(reader, words):
    """When a line with these words came."""
    async with asyncio.timeout(30):
        while words not in await reader.readline():
            pass
    return monotonic()
