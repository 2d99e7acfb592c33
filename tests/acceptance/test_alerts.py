"""Every alert fires: a real Prometheus reads a real Momentum that works against a local Zoom on a bad day.

The rules are those of monitoring/alerts.yml; only their durations are shorter. Each alert is provoked through the product's own doors.
"""

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qsl, urlsplit

import httpx2
import psycopg
import pytest

from momentum.embedded.server import EmbeddedPostgres
from momentum.inbound import free_port
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET
from momentum.web.tokens import mint

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "monitoring" / "alerts.yml").read_text()
ALERTS = re.findall(r"- alert: (\w+)", RULES)
HURRY = 30
"""An hour of the rules is two minutes here."""
SECRET = "a-secret-of-more-than-thirty-two-bytes!"
REDIRECT = "http://localhost:8000/api/zoom/auth"
MEETINGS = ("81230000001", "81230000002", "81230000003")
PATIENCE = 90
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def hurried(rules):
    """The same rules for somebody with less time: every duration, and the seconds a recording may wait, divided by HURRY."""

    def shorter(found):
        return f"{found[1]}{int(found[2]) * _SECONDS[found[3]] * 1000 // HURRY}ms"

    rules = re.sub(r"(\[|for: )(\d+)([smh])\b", shorter, rules)
    return re.sub(r"(_seconds\{[^}]*\}\) > )(\d+)", lambda found: f"{found[1]}{int(found[2]) / HURRY:g}", rules)


# --- the real thing --------------------------------------------------------------------------------


class Program:
    """A process of ours, ended by its id."""

    def __init__(self, name, command, folder, environment):
        self.log = folder / f"{name}.log"
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
        with self.log.open("w") as out:
            self.process = subprocess.Popen(command, env=inherited | environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT)

    async def answers(self, url):
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as http:
            deadline = monotonic() + PATIENCE
            while True:
                try:
                    if (await http.get(url)).status_code == 200:
                        return
                except httpx2.TransportError:
                    assert self.process.poll() is None, self.log.read_text()
                assert monotonic() < deadline, self.log.read_text()
                await asyncio.sleep(0.1)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass
class Site:
    """One installation and those who watch it."""

    folder: Path
    postgres: EmbeddedPostgres
    owner_dsn: str
    environment: dict
    zoom: httpx2.AsyncClient
    watcher: httpx2.AsyncClient
    server: Program | None = None
    metrics_port: int = field(default_factory=lambda: free_port("127.0.0.1"))
    people: dict = field(default_factory=dict)
    programs: list = field(default_factory=list)

    def run(self, name, *command, **environment):
        """A process that ends with the site, if not before."""
        self.programs.append(Program(name, command, self.folder, environment))
        return self.programs[-1]

    async def leave(self):
        for program in reversed(self.programs):
            program.end()
        for http in self.people.values():
            await http.aclose()

    async def serve(self):
        """The web server alone, with its metrics on a port of their own."""
        own = {"METRICS_PORT": str(self.metrics_port)}
        self.server = self.run("serve", *_momentum("serve", "--no-worker"), **self.environment, **own)
        await self.server.answers(f"{self.base}/readyz")

    def watch(self, *ports):
        """From now on Prometheus reads these; it looks into the file by itself."""
        written = self.folder / "targets.new"
        written.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}" for port in ports]}]))
        written.replace(self.folder / "targets.json")

    async def connect(self, name):
        """Somebody with a token, connected to a Zoom of theirs."""
        facts = {"issuer": "momentum", "audience": "authenticated", "now": datetime.now(UTC), "lifetime": timedelta(hours=1)}
        bearer = {"authorization": f"Bearer {mint(SECRET, subject=name, **facts)}"}
        http = httpx2.AsyncClient(base_url=self.base, headers=bearer, trust_env=False, timeout=30)
        begun = (await http.get("/api/zoom/auth-url")).json()
        url, _, query = begun["auth_url"].partition("?")
        form = dict(parse_qsl(query)) | {"decision": "allow", "user": f"{name}@momentum.example"}
        back = dict(parse_qsl(urlsplit((await self.zoom.post(url, data=form)).headers["location"]).query))
        answer = await http.post("/api/zoom/auth", json={"state": back["state"], "code": back["code"]})
        assert answer.status_code == 200, answer.text
        self.people[name] = http
        return http

    @property
    def base(self):
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @asynccontextmanager
    async def fault(self, name, **options):
        answer = await self.zoom.post("/__faults", json={name: options or True})
        assert answer.status_code == 200, answer.text
        try:
            yield
        finally:
            await self.zoom.request("DELETE", "/__faults")

    def as_owner(self, statement):
        with psycopg.connect(self.owner_dsn, autocommit=True) as connection:
            connection.execute(statement)

    async def process(self, *, force=False):
        """Ask for everything Maya has."""
        maya = self.people["maya.chen"]
        asked = [maya.post(f"/api/zoom/download/{meeting}", json={"force": force}) for meeting in MEETINGS]
        return [answer.status_code for answer in await asyncio.gather(*asked)]

    async def finish(self, state="no-such-state"):
        """Come back from Zoom with a state that nobody has given out."""
        return await self.people["maya.chen"].post("/api/zoom/auth", json={"state": state, "code": "code"})

    # --- what Prometheus says

    async def firing(self):
        """Alerts by name."""
        found = (await self.watcher.get("/api/v1/alerts")).json()["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert for alert in found if alert["state"] == "firing"}

    async def fires(self, alert, act=None):
        """Do it again and again until somebody is told."""
        return await self._until(alert, act, lambda found: found is not None)

    async def is_quiet(self, alert):
        await self._until(alert, None, lambda found: found is None)

    async def _until(self, alert, act, wanted):
        deadline = monotonic() + PATIENCE
        while not wanted(found := (await self.firing()).get(alert)):
            assert monotonic() < deadline, f"waited in vain for {alert}; the log ends with {self.server.log.read_text()[-2000:]}"
            if act is not None:
                await act()
            await asyncio.sleep(0.3)  # real time: Prometheus looks once a second
        return found


def _momentum(*command):
    return [sys.executable, "-m", "momentum", *command]


@pytest.fixture(scope="module")
def prometheus():
    unpacked = ROOT / ".venv" / "prometheus" / "usr" / "bin" / "prometheus"
    program = str(unpacked) if unpacked.exists() else shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not there: on Debian tests/prepare unpacks it")
    return program


@pytest.fixture(scope="module")
def folder():
    made = Path(tempfile.mkdtemp(prefix="momentum-alerts-"))
    made.chmod(0o711)  # else root's database server, which runs as somebody else, could not reach its folder
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
async def postgres(folder, anyio_backend):
    server = EmbeddedPostgres(folder / "database")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def site(prometheus, folder, postgres):
    async with AsyncExitStack() as stack:

        async def client(port):
            return await stack.enter_async_context(httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False))

        zoom, watcher = await client(free_port("127.0.0.1")), await client(free_port("127.0.0.1"))
        owner_dsn = (await postgres.start()).owner_dsn
        site = Site(folder, postgres, owner_dsn, _environment(folder, owner_dsn, str(zoom.base_url)), zoom, watcher)
        stack.push_async_callback(site.leave)
        sandbox = site.run("zoom", *_momentum("sandbox", "--port", str(zoom.base_url.port)))
        await sandbox.answers(f"{zoom.base_url}/__faults")
        await site.serve()
        site.watch(site.metrics_port)
        watching = site.run("prometheus", prometheus, *_configured(folder, watcher.base_url.port), GOMAXPROCS="1")
        await watching.answers(f"{watcher.base_url}/-/ready")
        await site.connect("maya.chen")
        yield site


def _environment(folder, owner_dsn, zoom_base):
    return {
        "MOMENTUM_HOME": str(folder / "home"),
        "DATABASE_URL": owner_dsn,
        "MOMENTUM_KEK": base64.b64encode(bytes(range(32))).decode(),
        "JWT_SECRET": SECRET,
        "PORT": str(free_port("127.0.0.1")),
        "ZOOM_CLIENT_ID": CLIENT_ID,
        "ZOOM_CLIENT_SECRET": CLIENT_SECRET,
        "ZOOM_REDIRECT_URI": REDIRECT,
        "ZOOM_OAUTH_BASE": zoom_base,
        "ZOOM_API_BASE": f"{zoom_base}/v2",
        "LOG_FORMAT": "json",
    }


def _configured(folder, port):
    """Prometheus' options, for files that stand in the folder."""
    (folder / "alerts.yml").write_text(hurried(RULES))
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        "rule_files: [alerts.yml]\n"
        "scrape_configs:\n"
        "  - job_name: momentum\n"
        "    file_sd_configs: [{files: [targets.json]}]\n"
    )
    address = f"--web.listen-address=127.0.0.1:{port}"
    return "--config.file=prometheus.yml", "--storage.tsdb.path=series", "--log.level=warn", address


# --- what provokes each of them --------------------------------------------------------------------


async def _provider_errors(site):
    """Zoom answers its API with an error page."""
    async with site.fault("server_error", path="/v2"):
        return await site.fires("MomentumProviderErrors", site.process)


async def _authentication_failures(site):
    """Somebody tries tokens."""
    async with httpx2.AsyncClient(base_url=site.base, headers={"authorization": "Bearer made.up.token"}, trust_env=False) as stranger:

        async def knock():
            answers = [await stranger.get("/api/me") for _ in range(10)]
            assert {answer.status_code for answer in answers} == {401}

        return await site.fires("MomentumAuthenticationFailures", knock)


async def _token_refresh_failures(site):
    """Zoom no longer takes the operator's client secret when an access token has run out."""
    async with site.fault("short_lived_token", seconds=1):
        tom = await site.connect("tom.reed")
    async with site.fault("invalid_client"):
        return await site.fires("MomentumTokenRefreshFailures", lambda: tom.post(f"/api/zoom/download/{MEETINGS[0]}"))


async def _rate_limit_violations(site):
    """Zoom finds us too fast."""
    async with site.fault("rate_limit_second"):
        return await site.fires("MomentumRateLimitViolations", site.process)


async def _queue_stuck(site):
    """There is work, and nobody takes it."""
    assert await site.process() == [202, 202, 202]
    return await site.fires("MomentumQueueStuck")


async def _no_worker(site):
    assert await site.process() == [202, 202, 202]
    return await site.fires("MomentumNoWorker")


async def _processing_failures(site):
    """A worker comes, and finds that every recording is broken; whatever waited for one is no longer alarming."""
    port = free_port("127.0.0.1")
    async with site.fault("garbage_file"):
        worker = site.run("worker", *_momentum("worker"), **site.environment, METRICS_PORT=str(port))
        try:
            await worker.answers(f"http://127.0.0.1:{port}/metrics")
            site.watch(site.metrics_port, port)
            await asyncio.sleep(2)  # real time: what was counted before Prometheus first looked has not risen for it
            await site.process(force=True)
            alert = await site.fires("MomentumProcessingFailures")
            await site.is_quiet("MomentumNoWorker")
            await site.is_quiet("MomentumQueueStuck")
            return alert
        finally:
            site.watch(site.metrics_port)
            worker.end()


async def _faults(site):
    """Something is gone that the code relies on."""
    site.as_owner("alter function lookup.peek_oauth_state rename to peek_no_more")
    try:
        assert (await site.finish()).status_code == 500
        return await site.fires("MomentumFaults")
    finally:
        site.as_owner("alter function lookup.peek_no_more rename to peek_oauth_state")


async def _database_away(site):
    await site.postgres.stop()
    try:
        return await site.fires("MomentumDatabaseAway")
    finally:
        await site.postgres.start()
        await site.is_quiet("MomentumDatabaseAway")


async def _audit_trail(site):
    """What people do is done, but can no longer be noted."""
    site.as_owner("revoke insert on audit_inbox from momentum_app")
    try:
        assert (await site.finish()).status_code == 422
        return await site.fires("MomentumAuditTrail")
    finally:
        site.as_owner("grant insert on audit_inbox to momentum_app")


async def _down(site):
    site.server.end()
    try:
        return await site.fires("MomentumDown")
    finally:
        await site.serve()
        await site.is_quiet("MomentumDown")


PROVOKED = {
    "MomentumProviderErrors": _provider_errors,
    "MomentumAuthenticationFailures": _authentication_failures,
    "MomentumTokenRefreshFailures": _token_refresh_failures,
    "MomentumRateLimitViolations": _rate_limit_violations,
    "MomentumQueueStuck": _queue_stuck,
    "MomentumNoWorker": _no_worker,
    "MomentumProcessingFailures": _processing_failures,
    "MomentumFaults": _faults,
    "MomentumDatabaseAway": _database_away,
    "MomentumAuditTrail": _audit_trail,
    "MomentumDown": _down,
}


# --- the tests -------------------------------------------------------------------------------------


def test_hurried_rules_differ_in_their_durations_alone():
    assert len(re.findall(r"\d+ms", hurried(RULES))) == len(re.findall(r"\[\d+[smh]\]|for: \d+[smh]", RULES))
    assert "> 30 and" in hurried(RULES)
    without_numbers = [re.sub(r"\d+(ms|[smh])?\b", "", text) for text in (hurried(RULES), RULES)]
    assert without_numbers[0] == without_numbers[1]


async def test_a_momentum_that_is_well_raises_no_alarm(site):
    for _ in range(10):
        assert (await site.people["maya.chen"].get("/api/zoom/meetings")).status_code == 200
        await asyncio.sleep(0.5)  # real time: Prometheus looks once a second
    up = (await site.watcher.get("/api/v1/query", params={"query": "momentum_database_up"})).json()["data"]["result"]
    assert [value["value"][1] for value in up] == ["1"]
    assert await site.firing() == {}


@pytest.mark.parametrize("alert", ALERTS)
async def test_the_alert_fires_and_tells_where_to_read_on(site, alert):
    told = (await PROVOKED[alert](site))["annotations"]
    assert (ROOT / told["runbook"]).is_file()
    assert told["summary"]
    assert "<" not in told["summary"], "a template that could not be filled in"


async def test_every_panel_of_the_dashboard_asks_what_prometheus_can_answer(site):
    board = json.loads((ROOT / "monitoring" / "grafana-dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(asked) > 30
    empty = []
    for expression in asked:
        query = expression.replace("$__rate_interval", "1m").replace("$job", ".*")
        answer = (await site.watcher.get("/api/v1/query", params={"query": query})).json()
        assert answer["status"] == "success", (expression, answer)
        empty += [] if answer["data"]["result"] else [expression]
    # No model answered here, and no recording was heard.
    assert len(empty) < len(asked) / 3, empty
