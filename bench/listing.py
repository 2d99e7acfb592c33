"""Listing a person's recordings at Zoom: a full month, and three years."""

from __future__ import annotations

from datetime import date, timedelta
from time import monotonic

from bench.figures import TRIES, Figure, Tell, at_most, below, exactly
from momentum.providers.zoom.facts import WINDOW, Weight, pace
from momentum.store.limits import SLACK
from tests.acceptance.installation import MEETINGS, Installation, installed

RECORDINGS = 700
LISTING = "/users/me/recordings"
# Momentum asks for a day more on either side, so that all of them fit into one window of Zoom's.
DAYS = WINDOW.days - 1
MONTHS = 36


async def measure(tell: Tell) -> list[Figure]:
    async with installed(recordings=RECORDINGS - len(MEETINGS), days=DAYS - 1) as site:
        await site.join([])
        today = site.app.clock().date()
        month = [await _listed(site, today - timedelta(days=DAYS - 1), today) for _ in range(TRIES)]
        seconds, found, calls = min(month)
        tell(f"{found} recordings in {calls} calls: " + " ".join(f"{s:.2f}" for s, _, _ in month) + " s")
        years = [await _listed(site, today - timedelta(days=MONTHS * 30), today) for _ in range(2)]
        seconds_of_years, _, many = min(years)
        paced = (many - 1) * SLACK / pace("pro", Weight.MEDIUM).per_second
        tell(f"{MONTHS} months: {many} calls in {seconds_of_years:.2f} s; the limiter alone: {paced:.2f} s")
    return [
        below("list_month_s", seconds, 0.5, "s", f"{calls} calls"),
        exactly("list_month_recordings", found, RECORDINGS),
        at_most("list_36_months_by_limiter", seconds_of_years / paced, 1.1, "x the limiter's", f"{seconds_of_years:.2f} s, {many} calls"),
    ]


async def _listed(site: Installation, since: date, until: date) -> tuple[float, int, int]:
    """Seconds, recordings and calls of a listing."""
    before = len(site.zoom.requests)
    tokens, provider = site.app.tokens("zoom", site.user_id), site.app.provider("zoom")
    began = monotonic()
    found = [recording async for page in provider.recordings(tokens, since=since, until=until) for recording in page]
    seconds = monotonic() - began
    calls = [request for request in site.zoom.requests[before:] if request.path.endswith(LISTING)]
    return seconds, len(found), len(calls)
