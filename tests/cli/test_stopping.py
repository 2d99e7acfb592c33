"""A command that is told to stop, at whatever moment, leaves no database server behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

PATIENCE = 90.0


@pytest.fixture
def where():
    """A folder that the database server's account may pass through."""
    made = Path(tempfile.mkdtemp(prefix="momentum-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def begun(where):
    """Starts a command in an environment of its own."""
    running = []

    def begin(*arguments):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = kept | {"MOMENTUM_HOME": str(where / "home"), "TMPDIR": str(where), "PORT": "0"}
        command = [sys.executable, "-m", "momentum", *arguments]
        running.append(subprocess.Popen(command, cwd=where, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def _servers(where):
    """Processes that work below the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:  # it has just ended
            continue
        if b"postgres" in words and os.fsencode(where) in words:
            found.append(words)
    return found


def _wait(reached):
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("command", "code"), [(["serve"], 0), (["worker"], 0), (["demo", "--once"], 130), (["link"], 130)])
def test_a_signal_during_the_start_leaves_no_server(begun, where, command, code, number):
    process = begun(*command)
    _wait(lambda: [*where.glob("*/postgres/server.json")])
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert _servers(where) == []
    if command[0] == "demo":
        assert not [*where.glob("momentum-demo-*")]
