"""The database is killed under a working Momentum, and comes back."""

import os
import signal
import tempfile
from pathlib import Path
from time import monotonic

import pytest

from momentum.embedded import places
from momentum.embedded.server import EmbeddedPostgres

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.xdist_group("end_to_end")]


@pytest.fixture
async def server():
    """A database server of this test's own."""
    with tempfile.TemporaryDirectory(prefix="momentum-away-") as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101 -- run by root the server is somebody else, who must pass
        yield EmbeddedPostgres(Path(folder, "home"))
        await EmbeddedPostgres(Path(folder, "home")).stop()


async def killed(server):
    """As by the kernel: no goodbye to anybody."""
    pid = int((places.find(server.home).data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


async def test_503_while_the_database_is_away_and_everything_goes_on_when_it_is_back(server, open_house, program, tmp_path):
    cluster = await server.start()
    async with open_house(cluster.owner_dsn, tmp_path) as house, program(house, "ada") as ada:
        await ada.connect()
        finished = await ada.outcome(until=("done",))
        house.ear.hold()
        interrupted = await ada.process(force=True)
        await ada.until(interrupted, "running")
        await killed(server)
        for path in ("/api/zoom/status", "/api/zoom/meetings", f"/api/processings/{interrupted}", "/readyz"):
            begun = monotonic()
            answer = await ada.http.get(path)
            assert answer.status_code == 503, (path, answer.text)
            assert monotonic() - begun < 8, f"{path} kept its reader waiting"
            assert answer.json()["error_code"] == "database_unavailable", path
            assert answer.json()["detail"].endswith(".")
        refused = await ada.download()
        assert (refused.status_code, refused.json()["error_code"]) == (503, "database_unavailable")
        assert (await ada.http.get("/healthz")).status_code == 200
        house.ear.go()
        await server.start()
        assert (await ada.document(finished))["title"], "what was made is there"
        done = await ada.until(interrupted, "done", seconds=60)
        assert (await ada.transcript(done))["segments"]
        assert (await ada.outcome(force=True, until=("done",)))["state"] == "done"
