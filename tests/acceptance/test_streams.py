"""Large bodies and sudden ends, with real processes."""

import os
import re
import select
import signal
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from momentum.media.decoder import Decoder
from momentum.outbound.download import Downloads, Link

pytestmark = [pytest.mark.acceptance, pytest.mark.anyio, pytest.mark.timeout(600)]

SECOND = 192_000  # bytes of 48 kHz stereo
BODY_BYTES = 3 * 10**9 // SECOND * SECOND
HEAD = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", BODY_BYTES + 36, b"WAVE", b"fmt ", 16, 1, 2, 48_000, SECOND, 4, 16, b"data", BODY_BYTES)
TOTAL = len(HEAD) + BODY_BYTES
BREAKS_AT = 1_700_000_001
MEBI = 2**20


async def _serve(request: web.Request) -> web.StreamResponse:
    """A 3 GB recording that breaks off once in the middle and can be resumed."""
    found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    position = int(found[1]) if found else 0
    response = web.StreamResponse(status=206 if found else 200)
    response.content_length = TOTAL - position
    if found:
        response.headers["Content-Range"] = f"bytes {position}-{TOTAL - 1}/{TOTAL}"
    await response.prepare(request)
    if position == 0:
        await response.write(HEAD)
        position = len(HEAD)
    block = bytes(MEBI)
    end = TOTAL if found else BREAKS_AT
    while position < end:
        await response.write(block[: end - position])
        position += min(MEBI, end - position)
    if end < TOTAL and request.transport:
        request.transport.abort()
    return response


def _own_memory(pid: int | str) -> int:
    """Bytes of memory of a process, pages it shares counted in proportion."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


async def test_three_gigabytes_pass_through_in_flat_memory_and_survive_a_broken_connection() -> None:
    app = web.Application()
    app.router.add_get("/big", _serve)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    downloads = Downloads(clock=lambda: datetime(2026, 11, 22, tzinfo=UTC), private_hosts=frozenset({"127.0.0.1"}), pauses=(0,))

    async def link() -> Link:
        return Link(str(server.make_url("/big")), None, TOTAL)

    source = downloads.open(name="big.wav", size=TOTAL, token_hosts=(), locate=link, renew=link)
    ours, childs, blocks = [], [], 0
    async with Decoder(stays=False).open(source) as decoding:
        async for _ in decoding.pcm():
            blocks += 1
            if blocks % 200 == 1:
                assert decoding._child is not None
                ours.append(_own_memory("self"))
                childs.append(_own_memory(decoding._child.pid))
    await downloads.aclose()
    await server.close()
    assert decoding.decoded_seconds == pytest.approx(BODY_BYTES / SECOND, abs=0.01)
    assert len(ours) > 10
    assert max(ours) - ours[0] < 40 * MEBI
    assert max(childs) < 100 * MEBI


WORKER = """
import asyncio, struct, sys
from momentum.media.decoder import Decoder

LAST = struct.pack(">I4s", 16, b"ftyp") + bytes(8) + struct.pack(">I4s", 2**30, b"mdat") + bytes(2**20)
WAV = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 2**32 - 1, b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16, b"data", 2**32 - 1)

class Source:
    size, name = None, "talk"
    async def stream(self, start=0):
        yield (LAST if sys.argv[1] == "spooling" else WAV)
        while sys.argv[1] == "decoding":
            yield bytes(2**18)
        print("spooling", flush=True)
        await asyncio.Event().wait()
    async def read(self, start, length):
        return None

async def main():
    async with Decoder().open(Source()) as decoding:
        async for _ in decoding.pcm():
            print(decoding._child.pid, flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""


def _worker(what: str, folder: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.Popen([sys.executable, "-c", WORKER, what], stdout=subprocess.PIPE, text=True, env=env)


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def test_a_worker_killed_while_it_keeps_a_file_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    with _worker("spooling", tmp_path) as worker:
        assert _line(worker) == "spooling"
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert list(tmp_path.iterdir()) == []


def test_the_child_of_a_killed_worker_dies_with_it(tmp_path: Path) -> None:
    with _worker("decoding", tmp_path) as worker:
        child = os.pidfd_open(int(_line(worker)))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    ended, _, _ = select.select([child], [], [], 10)
    os.close(child)
    assert ended
