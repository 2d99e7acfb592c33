"""A Momentum that is served, with a local Zoom beside it: everything but the worker."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx2

from momentum.app import App, open_app
from momentum.clock import real_clock
from momentum.inbound import free_port
from momentum.model import Claim, ClaimState, Deliverable, Options, Recording, Segment, Transcript
from momentum.pipeline import connect as pipeline_connect
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox, running_sandbox
from momentum.settings import load_settings
from momentum.store import deliverables, processings, recordings, transcripts
from momentum.web.links import local_person, sign_in_link
from momentum.web.site import serving

DONE = "done"


@dataclass
class Kept:
    """A processed recording: the ids that stand in addresses."""

    meeting: UUID
    processing: UUID
    transcript: UUID
    documents: list[UUID]

    @property
    def document(self) -> UUID:
        """The newest."""
        return self.documents[-1]


@dataclass
class Site:
    """A Momentum that is being served."""

    app: App
    zoom: Sandbox
    base: str

    async def local(self) -> UUID:
        """The person of the local default."""
        return (await local_person(self.app.database, self.app.settings)).id

    async def connect(self, user_id: UUID) -> None:
        """Zoom, as Maya Chen; she presses Allow."""
        world = self.app.connecting("zoom")
        url = (await pipeline_connect.begin(world, user_id)).auth_url
        address, _, query = url.partition("?")
        async with httpx2.AsyncClient(trust_env=False) as maya:
            answer = await maya.post(address, data=dict(parse_qsl(query)) | {"decision": "allow", "user": "maya.chen@momentum.example"})
        back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        await pipeline_connect.complete(world, user_id, state=back["state"], code=back["code"], error=None)

    async def link(self, subject: str | None = None) -> str:
        """Signs in, once: the local person, or somebody else."""
        return await sign_in_link(self.app, subject=subject)

    async def keep_recording(self, user_id: UUID, topic: str, *, at: datetime, minutes: int = 30, host: str | None = None) -> UUID:
        """A recording that was found at Zoom."""
        instance = f"{topic[:30].encode().hex()}=="
        share = f"https://zoom.us/rec/share/{instance[:12]}"
        recording = Recording(instance, "85550001234", topic, at, "Europe/Berlin", minutes, minutes * 2_100_000, host, (), share_url=share)
        async with self.app.database.person(user_id) as connection:
            await recordings.upsert(connection, user_id, "zoom", [recording], now=self.app.clock())
            return (await recordings.find(connection, user_id, "zoom", instance)).id

    async def keep_processing(self, user_id: UUID, recording_id: UUID, step: str, **how: object) -> UUID:
        """A processing that stands at `step`: runs (`fraction`), is "done", or has failed (`code`, `detail`)."""
        now = self.app.clock()
        async with self.app.database.person(user_id) as connection:
            processing, _ = await processings.create(connection, user_id, recording_id, "zoom", str(recording_id), Options())
            if step != "queued":
                await processings.start_step(connection, processing.id, "deliver" if step == DONE else step, now=now)
            if step == DONE:
                await processings.set_done(connection, processing.id, now=now)
            elif "code" in how:
                await processings.set_failed(connection, processing.id, now=now, **how)
            elif "fraction" in how:
                await processings.record_event(connection, processing.id, step, "running", how["fraction"])
        return processing.id

    async def keep(self, user_id: UUID, recording_id: UUID, transcript: Transcript, *drafts: Deliverable) -> Kept:
        """A recording that was processed: its transcript, and the versions of what was written of it."""
        async with self.app.database.person(user_id) as connection:
            processing, _ = await processings.create(connection, user_id, recording_id, "zoom", str(recording_id), Options())
            of = {"user_id": user_id, "recording_id": recording_id, "processing_id": processing.id}
            transcript_id = await transcripts.save(connection, **of, made_from="this", transcript=transcript)
        written, of["transcript_id"], of["series"] = [], transcript_id, uuid4()
        for number, draft in enumerate(drafts):
            async with self.app.database.person(user_id) as connection:
                written.append(await deliverables.save(connection, **of, made_from=f"{number}", deliverable=draft))
                await deliverables.deliver(connection, written[-1:])
        async with self.app.database.person(user_id) as connection:
            await processings.start_step(connection, processing.id, "deliver", now=self.app.clock())
            await processings.set_done(connection, processing.id, now=self.app.clock())
        return Kept(recording_id, processing.id, transcript_id, written)

    async def keep_document(self, topic: str, text: str, *, recorded_at: datetime | None = None) -> str:
        """A processed recording of the local person; gives the path of its document."""
        user_id = await self.local()
        claims = tuple(
            Claim(kind, text, f"{text}, as they said.", (0,), owner="Ada", state=ClaimState.SUGGESTED, start=63.0)
            for kind in ("decision", "action", "highlight")
        )
        transcript = Transcript((Segment(0, 0.0, 1.5, text, speaker="Ada"),), "en", 90.0, "own", "local:base")
        recording_id = await self.keep_recording(user_id, topic, at=recorded_at or self.app.clock())
        kept = await self.keep(user_id, recording_id, transcript, Deliverable("highlights", "1", topic, "en", text, claims))
        return f"/deliverables/{kept.document}"

    @asynccontextmanager
    async def served_again(self) -> AsyncIterator[None]:
        """The web server alone, on the same port: what a restart looks like from outside."""
        async with serving(self.app):
            yield


@asynccontextmanager
async def made(dsn: str, home: Path, **more: object) -> AsyncIterator[Site]:
    """A Momentum on a database that is there, not served yet."""
    port = free_port("127.0.0.1")
    redirect_uri = f"http://localhost:{port}/api/zoom/auth"
    async with running_sandbox(now=real_clock, redirect_uris=(redirect_uri,)) as zoom:
        ours = {
            "momentum_home": home,
            "database_url": dsn,
            "momentum_kek": base64.b64encode(bytes(range(32))).decode(),
            "host": "127.0.0.1",
            "port": port,
            "public_url": None,
            "jwt_secret": None,
            "jwt_jwks_url": None,
            "jwt_issuer": None,
            "openai_api_key": None,
            "zoom_client_id": CLIENT_ID,
            "zoom_client_secret": CLIENT_SECRET,
            "zoom_redirect_uri": redirect_uri,
            "zoom_oauth_base": zoom.oauth_base,
            "zoom_api_base": zoom.api_base,
        }
        settings = load_settings(_env_file=None, **(ours | more))
        async with open_app(settings) as app:
            yield Site(app, zoom, settings.base_url)


@asynccontextmanager
async def momentum(dsn: str, home: Path, **more: object) -> AsyncIterator[Site]:
    """A Momentum that is served while the block runs."""
    async with made(dsn, home, **more) as site, site.served_again():
        yield site
