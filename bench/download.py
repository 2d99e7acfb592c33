"""Processor time of a download, beside curl's in the same run."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bench.figures import Figure, Tell, at_most

GIGABYTES = 1.0
BYTES = int(GIGABYTES * 10**9)
BLOCK = bytes(2**20)
ROUNDS = 3

# Reads everything and prints the processor time that took, imports aside.
_OURS = """
import asyncio, json, resource, sys
from datetime import UTC, datetime
from momentum.outbound.download import Downloads, Link

def seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

async def main(url, size):
    async def link():
        return Link(url, None, size)
    downloads = Downloads(clock=lambda: datetime.now(UTC), private_hosts=frozenset({"127.0.0.1"}))
    began = seconds()
    got = 0
    async for block in downloads.open(name="big", size=size, token_hosts=(), locate=link, renew=link).stream():
        got += len(block)
    print(json.dumps([seconds() - began, got]))
    await downloads.aclose()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""
_CURL = """
import json, resource, subprocess, sys
subprocess.run(["curl", "--silent", "--fail", "--cacert", sys.argv[2], "--output", "/dev/null", sys.argv[1]], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps(used.ru_utime + used.ru_stime))
"""


async def measure(tell: Tell) -> list[Figure]:
    with TemporaryDirectory() as folder:
        certificate = _certificate(Path(folder))
        async with _serving(certificate) as bases:
            ratios = {name: await _ratio(name, f"{base}/big", certificate, tell) for name, base in bases.items()}
    return [at_most("download_cpu_by_curl", ratios["TLS"], 2, "x curl's", f"over TLS; {ratios['plain HTTP']:.2f} without")]


async def _ratio(name: str, url: str, certificate: Path, tell: Tell) -> float:
    """Our processor time by curl's; the median of some rounds."""
    rounds = [await _round(url, certificate) for _ in range(ROUNDS)]
    for ours, curls in rounds:
        tell(f"{name}: {ours / GIGABYTES:.2f} s/GB, curl {curls / GIGABYTES:.2f} s/GB")
    return median(ours / curls for ours, curls in rounds)


async def _round(url: str, certificate: Path) -> tuple[float, float]:
    """Processor seconds of ours and of curl."""
    ours, got = await _output(_OURS, url, str(BYTES), SSL_CERT_FILE=str(certificate))
    if got != BYTES:
        raise RuntimeError(f"{got} bytes came of {BYTES}")
    return ours, await _output(_CURL, url, str(certificate))


async def _output(program: str, *arguments: str, **environment: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, *arguments), env=environment | {"PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return json.loads(printed)


async def _big(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Accept-Ranges": "bytes", "ETag": '"big"'})  # as storage hosts do
    response.content_length = BYTES
    await response.prepare(request)
    for start in range(0, BYTES, len(BLOCK)):
        await response.write(BLOCK[: BYTES - start])
    return response


@asynccontextmanager
async def _serving(certificate: Path) -> AsyncIterator[dict[str, str]]:
    """Base URLs of the same file, plain and over TLS."""
    application = web.Application()
    application.router.add_get("/big", _big)
    runner = web.AppRunner(application)
    await runner.setup()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    for context in (None, tls):
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    (_, plain), (_, secure) = runner.addresses
    try:
        yield {"plain HTTP": f"http://127.0.0.1:{plain}", "TLS": f"https://127.0.0.1:{secure}"}
    finally:
        await runner.cleanup()


def _certificate(folder: Path) -> Path:
    """A key and a certificate of this machine's own, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path
