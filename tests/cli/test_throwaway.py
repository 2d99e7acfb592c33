"""A demo that was killed leaves nothing for ever."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from momentum.cli.throwaway import temporary_home

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


@pytest.fixture
def temporary(monkeypatch):
    """A temporary folder of this test's, which root's database server can enter."""
    folder = Path(tempfile.mkdtemp(prefix="momentum-test-"))
    folder.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


async def _killed_demo(temporary):
    """The process id of the database server that a killed demo left running."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "-m", "momentum", "demo"]
    demo = await asyncio.create_subprocess_exec(
        *command, cwd=temporary, env=kept | {"TMPDIR": str(temporary)}, stdout=asyncio.subprocess.PIPE
    )
    assert b"A local Zoom answers" in await demo.stdout.readline()
    demo.send_signal(signal.SIGKILL)
    await demo.wait()
    (pid_file,) = temporary.glob("momentum-demo-*/postgres/data/postmaster.pid")
    return int(pid_file.read_text().split()[0])


def _runs(process):
    found = Path(f"/proc/{process}/stat")  # one that ended may stand there until somebody asks how
    return found.exists() and found.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.acceptance
async def test_the_next_demo_removes_what_a_killed_one_left(temporary):
    server = await _killed_demo(temporary)
    assert _runs(server)
    async with temporary_home() as home:
        assert [path.name for path in temporary.glob("momentum-demo-*")] == [home.name]
    assert not _runs(server)
    assert list(temporary.glob("momentum-demo-*")) == []


async def test_a_demo_that_runs_and_a_folder_that_is_no_home_stay(temporary):
    (temporary / "momentum-demo-somebodys").mkdir()
    async with temporary_home() as first, temporary_home() as second:
        assert first != second
        assert first.is_dir()
    assert [path.name for path in temporary.iterdir()] == ["momentum-demo-somebodys"]
