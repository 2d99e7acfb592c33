"""A public Zoom client, unchanged, against the sandbox: what it can do there it could do at Zoom.

dlzoom takes the API's address from its environment. It downloads from `https://*.zoom.us` alone, so for that the
sandbox names such a host in its links and a proxy in this file, which dlzoom is told of as of any proxy, leads there.
"""

import asyncio
import contextlib
import ipaddress
import json
import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from momentum.sandbox import running_sandbox
from momentum.sandbox.catalogue import ACCOUNT_ID
from momentum.sandbox.samples import load

pytestmark = pytest.mark.anyio

MAYA = "maya.chen@momentum.example"
WEB_HOST = "us06web.zoom.us"


def now():
    return datetime.now(UTC)


@pytest.fixture
async def zoom():
    async with running_sandbox(now=now, recordings=12) as sandbox:
        yield sandbox


async def dlzoom(zoom, folder, *arguments, **environment):
    """dlzoom's exit status and what it printed."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ZOOM_API_BASE_URL": zoom.api_base,
        "ZOOM_ACCOUNT_ID": ACCOUNT_ID,
        "ZOOM_CLIENT_ID": zoom.client_id,
        "ZOOM_CLIENT_SECRET": zoom.client_secret,
        "NO_PROXY": "127.0.0.1",
        **environment,
    }
    program = Path(sys.executable).with_name("dlzoom")
    process = await asyncio.create_subprocess_exec(
        program, *arguments, env=env, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


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


def make_certificate(folder):
    """A key and a self-signed certificate for the web host, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, WEB_HOST)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(WEB_HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "web-host.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


@contextlib.asynccontextmanager
async def tls_proxy(certificate, base):
    """An HTTP proxy that answers CONNECT as the web host itself and hands what is inside to `base`."""
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
        assert wanted.startswith(f"CONNECT {WEB_HOST}:443".encode())
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(context)
        inner_reader, inner_writer = await asyncio.open_connection(inner_host, inner_port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
