"""One installation on loopback: its database, its vendors, its processes, one person. For rounds that need real processes.

The processes are `momentum serve` and `momentum worker` themselves; Zoom and the transcription API are counterparts in this process.
"""

import asyncio
import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx2
import psycopg
from aiohttp import web

from momentum.app import open_app
from momentum.embedded.server import EmbeddedPostgres
from momentum.inbound import free_port
from momentum.model import Options
from momentum.model import ProcessingState as State
from momentum.pipeline import connect
from momentum.pipeline.request import request_stored
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, running_sandbox
from momentum.settings import load_settings
from momentum.store import processings, profiles, recordings
from momentum.web.tokens import mint

MEETINGS = ("81230000001", "81230000002", "81230000003")
ACCOUNT = "maya.chen@momentum.example"
REDIRECT = "http://localhost:8000/api/zoom/auth"
SECRET = "a-secret-of-more-than-thirty-two-bytes!"
ISSUER, SUBJECT, AUDIENCE = "momentum", "ada", "authenticated"
_READ_LATE = 5.0
PROGRAM = "from momentum.cli import main; main()"


@dataclass
class Call:
    """One request for a transcription; times by `monotonic`."""

    digest: str
    worker: str
    begun: float
    answered: float | None = None


@dataclass
class SpeechApi:
    """A transcription API that answers the same to everything after `answer_seconds`; the key says which worker asked.

    With a `pace` it also takes a second for so many seconds of sound.
    """

    base_url: str = ""
    answer_seconds: float = 0.0
    pace: float | None = None
    calls: list[Call] = field(default_factory=list)

    async def handle(self, request):
        worker = request.headers["authorization"].removeprefix("Bearer sk-")
        audio = await _file_of(request)
        call = Call(hashlib.sha256(audio).hexdigest(), worker, monotonic())
        self.calls.append(call)
        await asyncio.sleep(self.answer_seconds + (_seconds_of(audio) / self.pace if self.pace else 0))
        call.answered = monotonic()
        words = [{"word": "Noted.", "start": 0.1, "end": 0.5}]
        segments = [{"id": 0, "start": 0.1, "end": 0.5, "text": "Noted.", "avg_logprob": -0.1, "no_speech_prob": 0.0}]
        return web.json_response({"text": "Noted.", "language": "english", "duration": 5.0, "segments": segments, "words": words})

    def in_flight(self, worker, moment):
        """What a worker that went silent at `moment` had asked for, without an answer or hardly with the time to keep it.

        Ask some seconds later: what was sent by then may have been read after it.
        """
        asked = [c for c in self.calls if c.worker == worker and c.begun <= moment + _READ_LATE]
        return [c.digest for c in asked if c.answered is None or c.answered > moment - 1.0]

    def sent_between(self, worker, first, last):
        """What this worker asked for in that time. On waking: what it was about to send, every check passed, when it froze."""
        return [c.digest for c in self.calls if c.worker == worker and first <= c.begun <= last]


async def _file_of(request):
    # Part by part: a form read as a whole lies in temporary files, which a caller who dies leaves open.
    async for part in await request.multipart():
        if part.name == "file":
            return bytes(await part.read())
    raise web.HTTPBadRequest(text="no file")


def _seconds_of(flac):
    # STREAMINFO: https://www.rfc-editor.org/rfc/rfc9639.html#name-streaminfo
    facts = int.from_bytes(flac[18:26], "big")
    return (facts & (2**36 - 1)) / (facts >> 44)


@asynccontextmanager
async def speech_api(answer_seconds=0.0):
    """A SpeechApi that answers while the block runs."""
    api = SpeechApi(answer_seconds=answer_seconds)
    application = web.Application(client_max_size=30 * 2**20)
    application.router.add_post("/v1/audio/transcriptions", api.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield api
    finally:
        await runner.cleanup()


@dataclass
class Program:
    """A process of ours and what it logs."""

    name: str
    process: subprocess.Popen
    log: Path

    @property
    def pid(self):
        return self.process.pid

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    @property
    def executors(self):
        """The names under which it took work, one after another."""
        return [line["executor_id"] for line in self.lines() if line["event"] == "working"]

    def signal(self, number):
        os.kill(self.process.pid, number)

    async def stop(self):
        """Told to stop, and gone."""
        self.signal(signal.SIGTERM)
        await asyncio.to_thread(self.process.wait, 60)


class Installation:
    """One installation. `program` is what a process of ours runs, `environment` what it is given."""

    def __init__(self, app, postgres, zoom, speech, folder, environment, program=PROGRAM):
        self.app, self.postgres, self.zoom, self.speech = app, postgres, zoom, speech
        self.folder, self.environment, self.program = folder, environment, program
        self.programs: list[Program] = []
        self.user_id: UUID | None = None

    @property
    def base(self):
        return f"http://127.0.0.1:{self.app.settings.port}"

    def bearer(self):
        """The person's token, as a header."""
        facts = {"issuer": ISSUER, "audience": AUDIENCE, "subject": SUBJECT, "lifetime": timedelta(days=1)}
        return {"authorization": f"Bearer {mint(SECRET, now=self.app.clock(), **facts)}"}

    async def join(self, meetings=MEETINGS):
        """The person comes, connects Zoom and has these meetings listed."""
        async with self.app.database.nobody() as connection:
            self.user_id = (await profiles.resolve(connection, issuer=ISSUER, subject=SUBJECT, email=None, name="Ada")).id
        to = self.app.connecting("zoom")
        begun = await connect.begin(to, self.user_id)
        url, _, query = begun.auth_url.partition("?")
        form = dict(parse_qsl(query)) | {"decision": "allow", "user": ACCOUNT}
        async with httpx2.AsyncClient(trust_env=False) as browser:
            back = dict(parse_qsl(urlsplit((await browser.post(url, data=form)).headers["location"]).query))
        await connect.complete(to, self.user_id, state=back["state"], code=back["code"])
        found = [await self.app.provider("zoom").recording(self.app.tokens("zoom", self.user_id), meeting) for meeting in meetings]
        async with self.app.database.person(self.user_id) as connection:
            await recordings.upsert(connection, self.user_id, "zoom", found, now=self.app.clock())

    async def ask(self, nonce, meetings=MEETINGS):
        """All these recordings again, with nothing heard yet."""
        self.statement("delete from chunks")
        asked = []
        async with self.app.database.person(self.user_id) as connection:
            for meeting in meetings:
                recording = await recordings.find(connection, self.user_id, "zoom", meeting)
                options = Options(deliverables=("highlights",), transcript="own")
                asked.append((await request_stored(connection, self.user_id, recording.id, options, nonce=nonce))[0].id)
        return asked

    def start(self, *command):
        """A process of ours, by default a worker; it need not be up yet."""
        name = f"w{len(self.programs)}"
        log = self.folder / f"{name}.log"
        with log.open("w") as out:
            environment = self.environment | {"SPEECH_API_KEY": f"sk-{name}"}
            arguments = [sys.executable, "-c", self.program, *(command or ("worker",))]
            process = subprocess.Popen(arguments, env=environment, cwd=self.folder, stdout=out, stderr=subprocess.STDOUT)
        self.programs.append(Program(name, process, log))
        return self.programs[-1]

    async def started(self, *command):
        """The same, once it works or serves."""
        program = self.start(*command)
        event = "serving" if "serve" in command else "working"
        await until(lambda: any(line["event"] == event for line in program.lines()), 60)
        return program

    def statement(self, query, *values):
        """Rows of a statement of the database's owner."""
        with psycopg.connect(self.app.settings.database_url.get_secret_value(), autocommit=True) as connection:
            found = connection.execute(query, values)
            return found.fetchall() if found.description else []

    def unfinished_of(self, worker):
        query = "select count(*) from dbos.workflow_status where status = 'PENDING' and executor_id = any(%s)"
        return self.statement(query, worker.executors)[0][0]

    async def finished(self, asked, seconds=150):
        async def states():
            async with self.app.database.person(self.user_id) as connection:
                return [(await processings.get(connection, one)).state for one in asked]

        deadline = monotonic() + seconds
        while monotonic() < deadline:
            last = await states()
            if all(state is State.DONE for state in last):
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"not finished: {last}; {[p.log.read_text()[-2000:] for p in self.programs]}")

    def end(self):
        for program in self.programs:
            if program.process.poll() is None:
                program.signal(signal.SIGCONT)
                program.process.kill()
            program.process.wait()


async def until(wanted, seconds):
    """What `wanted` gives, once that is something."""
    deadline = monotonic() + seconds
    while not (found := wanted()):
        assert monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.1)
    return found


@asynccontextmanager
async def installed(*, program=PROGRAM, answer_seconds=0.0, recordings=0, days=None, **settings):
    """An installation of its own, gone at the end. `recordings`: generated ones at Zoom, of `days` days; `settings` by their names."""
    folder = _folder()
    postgres = EmbeddedPostgres(folder / "database")
    try:
        cluster = await postgres.start()
        zoom_runs = running_sandbox(now=lambda: datetime.now(UTC), redirect_uris=(REDIRECT,), recordings=recordings, days=days)
        async with zoom_runs as zoom, speech_api(answer_seconds) as speech:
            values = _settings(folder, cluster.owner_dsn, zoom, speech) | {name.upper(): value for name, value in settings.items()}
            environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ} | values
            read = load_settings(_env_file=None, **{name.lower(): value for name, value in values.items()})
            async with open_app(read) as app:
                made = Installation(app, postgres, zoom, speech, folder, environment, program)
                try:
                    yield made
                finally:
                    made.end()
    finally:
        await postgres.stop()
        shutil.rmtree(folder)


def _folder():
    made = Path(tempfile.mkdtemp(prefix="momentum-installation-"))
    made.chmod(0o711)  # else root's database server, which runs as somebody else, could not reach its folder
    return made


def _settings(folder, owner_dsn, zoom, speech):
    return {
        "MOMENTUM_HOME": str(folder / "home"),
        "DATABASE_URL": owner_dsn,
        "MOMENTUM_KEK": base64.b64encode(bytes(range(32))).decode(),
        "PORT": str(free_port("127.0.0.1")),
        "JWT_SECRET": SECRET,
        "ZOOM_CLIENT_ID": CLIENT_ID,
        "ZOOM_CLIENT_SECRET": CLIENT_SECRET,
        "ZOOM_REDIRECT_URI": REDIRECT,
        "ZOOM_OAUTH_BASE": zoom.oauth_base,
        "ZOOM_API_BASE": zoom.api_base,
        "SPEECH_BASE_URL": speech.base_url,
        "SPEECH_API_KEY": "sk-site",
        "SPEECH_MODEL": "whisper-1",
        "LOG_FORMAT": "json",
    }
