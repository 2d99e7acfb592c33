"""A real browser in front of a real server: everything but the worker."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, async_playwright

from momentum.app import App, open_app
from momentum.clock import real_clock
from momentum.inbound import free_port
from momentum.model import Claim, ClaimState, Deliverable, Options, Recording, Segment, Transcript
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox, running_sandbox
from momentum.settings import load_settings
from momentum.store import deliverables, processings, recordings, transcripts
from momentum.web.links import local_person
from momentum.web.site import serving

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """A Momentum that is being served."""

    app: App
    zoom: Sandbox
    base: str

    async def keep_document(self, topic: str, text: str, *, recorded_at: datetime | None = None) -> str:
        """A processed recording of the local person; gives the path of its document."""
        user_id = (await local_person(self.app.database, self.app.settings)).id
        at = recorded_at or self.app.clock()
        recording = Recording(f"{topic[:9].encode().hex()}==", "85550001234", topic, at, "Europe/Berlin", 30, 1000, None, ())
        claims = tuple(
            Claim(kind, text, f"{text}, as they said.", (0,), owner="Ada", state=ClaimState.SUGGESTED, start=63.0)
            for kind in ("decision", "action", "highlight")
        )
        transcript = Transcript((Segment(0, 0.0, 1.5, text, speaker="Ada"),), "en", 90.0, "own", "local:base")
        async with self.app.database.person(user_id) as connection:
            await recordings.upsert(connection, user_id, "zoom", [recording], now=at)
            stored = await recordings.find(connection, user_id, "zoom", recording.instance_id)
            processing, _ = await processings.create(connection, user_id, stored.id, "zoom", topic, Options())
            of = {"user_id": user_id, "recording_id": stored.id, "processing_id": processing.id, "made_from": "this"}
            transcript_id = await transcripts.save(connection, **of, transcript=transcript)
            draft = Deliverable("highlights", "1", topic, "en", text, claims)
            deliverable_id = await deliverables.save(connection, **of, transcript_id=transcript_id, deliverable=draft)
            await deliverables.deliver(connection, [deliverable_id])
            await processings.start_step(connection, processing.id, "deliver", now=at)
            await processings.set_done(connection, processing.id, now=at)
        return f"/deliverables/{deliverable_id}"


@pytest.fixture
async def served(owner_dsn, tmp_path) -> AsyncIterator[Site]:
    port = free_port("127.0.0.1")
    redirect_uri = f"http://localhost:{port}/api/zoom/auth"
    async with running_sandbox(now=real_clock, redirect_uris=(redirect_uri,)) as zoom:
        settings = load_settings(
            _env_file=None,
            momentum_home=tmp_path / "home",
            database_url=owner_dsn,
            momentum_kek=base64.b64encode(bytes(range(32))).decode(),
            host="127.0.0.1",
            port=port,
            public_url=None,
            jwt_secret=None,
            jwt_jwks_url=None,
            jwt_issuer=None,
            openai_api_key=None,
            zoom_client_id=CLIENT_ID,
            zoom_client_secret=CLIENT_SECRET,
            zoom_redirect_uri=redirect_uri,
            zoom_oauth_base=zoom.oauth_base,
            zoom_api_base=zoom.api_base,
        )
        async with open_app(settings) as app, serving(app):
            yield Site(app, zoom, settings.base_url)


@pytest.fixture
async def chromium(served) -> AsyncIterator[BrowserContext]:
    """A window of Debian's Chromium that reports what pages complain about."""
    if not CHROMIUM.exists():  # noqa: ASYNC240 -- one look, before anything runs
        pytest.skip("there is no /usr/bin/chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = await browser.new_context(base_url=served.base, viewport={"width": 1100, "height": 900})
        context.complaints = []
        context.on("console", lambda message: _note(context.complaints, message, served.base))
        context.on("weberror", lambda error: context.complaints.append(str(error.error)))
        context.on("dialog", lambda dialog: context.complaints.append(f"dialog: {dialog.message}"))
        yield context
        await context.close()
        await browser.close()


def _note(complaints, message, base):
    """What Chromium says of our own pages: refused scripts and styles, things that are missing, warnings."""
    if message.type in {"error", "warning"} and message.location["url"].startswith(base):
        complaints.append(f"{message.text} {message.location['url'].removeprefix(base)}")
