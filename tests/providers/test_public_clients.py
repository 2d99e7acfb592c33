"""Public Zoom clients, unchanged, against the sandbox: what they can do there they could do at Zoom.

dlzoom takes the API's address from its environment, but downloads from `https://*.zoom.us` alone; tap-zoom knows no other
host than Zoom's. So the sandbox names such hosts in its links, and a proxy in this file, which the clients are told of as of
any proxy, leads all of them to the sandbox.
"""

import asyncio
import contextlib
import json
import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from momentum.sandbox import running_sandbox
from momentum.sandbox.attendance import joins
from momentum.sandbox.catalogue import ACCOUNT_ID
from momentum.sandbox.samples import load

pytestmark = pytest.mark.anyio

MAYA = "maya.chen@momentum.example"
WEB_HOST = "us06web.zoom.us"
HOSTS = (WEB_HOST, "zoom.us", "api.zoom.us")


def now():
    return datetime.now(UTC)


@pytest.fixture
async def zoom():
    async with running_sandbox(now=now, recordings=12) as sandbox:
        yield sandbox


async def run(program, *arguments, folder, **environment):
    """A client's exit status, and what it printed on either stream; skips the test where the client is not installed."""
    if not program.exists():
        pytest.skip(f"{program.name} is not installed; `make test` installs it where it can")
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    streams = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(program, *arguments, env=env, cwd=folder, **streams)
    printed, complained = await process.communicate()
    return process.returncode, printed.decode(), complained.decode()


async def dlzoom(zoom, folder, *arguments, **environment):
    """dlzoom's exit status and what it printed."""
    env = {
        "ZOOM_API_BASE_URL": zoom.api_base,
        "ZOOM_ACCOUNT_ID": ACCOUNT_ID,
        "ZOOM_CLIENT_ID": zoom.client_id,
        "ZOOM_CLIENT_SECRET": zoom.client_secret,
        "NO_PROXY": "127.0.0.1",
        **environment,
    }
    program = Path(sys.executable).with_name("dlzoom")
    status, printed, complained = await run(program, *arguments, folder=folder, **env)
    return status, printed + complained


async def test_dlzoom_knows_whose_account_it_is(zoom, tmp_path):
    status, printed = await dlzoom(zoom, tmp_path, "whoami", "--json")
    assert status == 0, printed
    assert MAYA in printed


async def test_dlzoom_lists_the_recordings(zoom, tmp_path):
    status, printed = await dlzoom(
        zoom, tmp_path, "recordings", "--scope", "user", "--user-id", MAYA, "--range", "last-7-days", "--page-size", "2", "--json"
    )
    assert status == 0, printed
    topics = [meeting["topic"] for meeting in json.loads(printed)["meetings"]]
    assert {"Spring release planning", "Customer call with Northwind", "Platform stand-up"} <= set(topics)
    assert sum(record.path.endswith("/recordings") for record in zoom.requests) >= 3


async def test_dlzoom_waits_for_a_recording_that_ripens(zoom, tmp_path):
    zoom.faults.set("ripening")
    _, printed = await dlzoom(zoom, tmp_path, "download", "81230000001", "--check-availability", "--json")
    assert json.loads(printed)["recording_status"] == "processing", printed
    zoom.faults.clear()
    status, printed = await dlzoom(zoom, tmp_path, "download", "/cU5tomer+Call2Northwi==", "--check-availability", "--json")
    assert (status, json.loads(printed)["recording_status"]) == (0, "completed"), printed


async def test_dlzoom_downloads_audio_and_transcript(zoom, tmp_path):
    zoom.download_base = f"https://{WEB_HOST}"
    certificate = make_certificate(tmp_path)
    async with tls_proxy(certificate, zoom.base) as proxy:
        status, printed = await dlzoom(
            zoom, tmp_path, "download", "81230000001", "-o", "out", "-n", "planning", HTTPS_PROXY=proxy, REQUESTS_CA_BUNDLE=certificate
        )
    assert status == 0, printed
    assert (tmp_path / "out" / "planning.m4a").read_bytes() == load("planning").audio
    assert [path.read_bytes() for path in (tmp_path / "out").glob("*.vtt")] == [load("planning").transcript]
    assert zoom.leaks == []


# --- tap-zoom -----------------------------------------------------------------------------------------

ADMIN = ("user:read:admin", "meeting:read:admin", "report:read:admin", "webinar:read:admin")


class Tap:
    """tap-zoom, its configuration, and the hosts it knows."""

    def __init__(self, folder, **environment):
        self.folder, self.environment = folder, environment
        self.config = folder / "config.json"

    async def run(self, *arguments):
        """What it wrote on its standard output, a JSON value a line."""
        program = Path(sys.prefix) / "tap-zoom" / "bin" / "tap-zoom"
        status, printed, complained = await run(program, "--config", self.config, *arguments, folder=self.folder, **self.environment)
        assert status == 0, complained
        return printed

    async def discover(self, *streams):
        """The catalogue it prints, these streams selected."""
        catalog = json.loads(await self.run("--discover"))
        for stream in catalog["streams"]:
            whole = next(entry for entry in stream["metadata"] if not entry["breadcrumb"])
            whole["metadata"]["selected"] = stream["tap_stream_id"] in streams
        path = self.folder / "catalog.json"
        path.write_text(json.dumps(catalog))
        return path, {stream["tap_stream_id"] for stream in catalog["streams"]}

    async def sync(self, catalog):
        """Stream -> records."""
        messages = [json.loads(line) for line in (await self.run("--catalog", catalog)).splitlines()]
        assert {message["type"] for message in messages} <= {"SCHEMA", "RECORD", "STATE"}
        records = {message["stream"]: [] for message in messages if message["type"] == "SCHEMA"}
        for message in messages:
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
        return records


@pytest.fixture
async def admins_zoom():
    async with running_sandbox(now=now, recordings=12, extra_scopes=ADMIN, auto_approve=True) as sandbox:
        yield sandbox


@pytest.fixture
async def tap(admins_zoom, tmp_path):
    """tap-zoom, connected to Maya's account."""
    zoom, certificate = admins_zoom, make_certificate(tmp_path)
    redirect = {"redirect_uri": zoom.app.redirect_uris[0]}
    async with httpx2.AsyncClient(trust_env=False) as browser:
        asked = {"response_type": "code", "client_id": zoom.client_id, **redirect}
        back = await browser.get(f"{zoom.oauth_base}/oauth/authorize", params=asked)
        form = {"grant_type": "authorization_code", "code": httpx2.URL(back.headers["location"]).params["code"], **redirect}
        tokens = await browser.post(f"{zoom.oauth_base}/oauth/token", data=form, auth=(zoom.client_id, zoom.client_secret))
    async with tls_proxy(certificate, zoom.base) as proxy:
        made = Tap(tmp_path, HTTPS_PROXY=proxy, REQUESTS_CA_BUNDLE=certificate)
        secrets = {"client_id": zoom.client_id, "client_secret": zoom.client_secret, "refresh_token": tokens.json()["refresh_token"]}
        made.config.write_text(json.dumps(secrets))
        yield made


async def test_tap_zoom_discovers_and_keeps_the_token_that_was_rotated(admins_zoom, tap):
    first = json.loads(tap.config.read_text())["refresh_token"]
    for _ in range(2):
        _, streams = await tap.discover()
        assert {"users", "meetings", "report_meetings", "report_meeting_participants"} <= streams
    assert json.loads(tap.config.read_text())["refresh_token"] != first
    assert [r.grant_type for r in admins_zoom.requests if r.path == "/oauth/token"][1:] == ["refresh_token"] * 2


@pytest.mark.parametrize("size", [None, 2])
async def test_tap_zoom_syncs_people_meetings_and_who_was_there(admins_zoom, tap, size):
    if size:
        admins_zoom.faults.set("small_pages", size=size)
    wanted = ("users", "meetings", "meeting_registrants", "meeting_polls", "report_meetings", "report_meeting_participants", "webinars")
    catalog, _ = await tap.discover(*wanted)
    found = await tap.sync(catalog)
    assert [record["email"] for record in found["users"]] == [user.email for user in admins_zoom.users.values()]
    there = {str(meeting.number): meeting for meeting in reversed(admins_zoom.meetings) if not meeting.trashed}
    assert {str(record["id"]): record["uuid"] for record in found["meetings"]} == {n: there[n].uuid for n in there}
    assert {str(record["id"]): record["topic"] for record in found["report_meetings"]} == {n: there[n].topic for n in there}
    people = {n: [join.name for join in joins(meeting)] for n, meeting in there.items()}
    told = {n: [r["name"] for r in found["report_meeting_participants"] if r["meeting_id"] == n] for n in there}
    assert told == people
    assert (found["meeting_registrants"], found["meeting_polls"], found["webinars"]) == ([], [], [])
    assert {r.status for r in admins_zoom.requests if "/webinars" in r.path} == {400}


# --- Zoom's hosts ---------------------------------------------------------------------------------------


def make_certificate(folder):
    """A key and a self-signed certificate for Zoom's hosts, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, WEB_HOST)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "web-host.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


@contextlib.asynccontextmanager
async def tls_proxy(certificate, base):
    """An HTTP proxy that answers CONNECT as Zoom's host itself and hands what is inside to `base`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    inner_host, inner_port = base.removeprefix("http://").split(":")

    async def pump(reader, writer):
        with contextlib.suppress(OSError):
            while block := await reader.read(65536):
                writer.write(block)
                await writer.drain()
        writer.close()

    async def serve(reader, writer):
        wanted = await reader.readuntil(b"\r\n\r\n")
        assert wanted.split()[1].decode().removesuffix(":443") in HOSTS
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(context)
        inner_reader, inner_writer = await asyncio.open_connection(inner_host, inner_port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
