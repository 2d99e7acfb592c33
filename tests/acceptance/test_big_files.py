"""Files as large as a day of film, through the command that people use."""

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

SECOND = 192_000  # bytes of 48 kHz stereo
BODY_BYTES = 4 * 10**9 // SECOND * SECOND
MEBI = 2**20


@pytest.fixture
def film(tmp_path):
    """4 GB of silence with a head that tells the truth; on the disk it takes next to nothing."""
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", BODY_BYTES + 36, b"WAVE", b"fmt ", 16, 1, 2, 48_000, SECOND, 4, 16, b"data", BODY_BYTES
    )
    path = tmp_path / "film.wav"
    path.write_bytes(head)
    os.truncate(path, len(head) + BODY_BYTES)
    return path


PROGRAM = """
import atexit, sys
from pathlib import Path
atexit.register(lambda: sys.stderr.write(Path("/proc/self/status").read_text()))
from momentum.cli import main
main()
"""


def momentum(folder: Path, film: Path, **environment: str) -> tuple[dict, int]:
    """What became of the file, and the most memory the command ever had, in bytes."""
    settings = {"MOMENTUM_HOME": str(folder / "home"), "TRANSCRIBER": "local", "OPENAI_API_KEY": "", "SPEECH_API_KEY": "", **environment}
    command = [sys.executable, "-c", PROGRAM, "process", film, "--out", folder / "out", "--json"]
    ended = subprocess.run(command, env={**os.environ, **settings}, cwd=folder, capture_output=True, text=True, check=False)
    (told,) = json.loads(ended.stdout)["files"]
    return told, int(re.search(r"VmHWM:\s+(\d+) kB", ended.stderr)[1]) * 1024


def test_four_gigabytes_pass_through_in_little_memory(tmp_path, film):
    told, most = momentum(tmp_path, film)
    assert told["audio_seconds"] == pytest.approx(BODY_BYTES / SECOND, abs=0.1)
    assert told["words"] == 0
    assert most < 160 * MEBI


def test_more_than_the_limit_is_refused_before_anything_is_read(tmp_path, film):
    told, _ = momentum(tmp_path, film, MAX_RECORDING_BYTES=str(10**9))
    assert told["error_code"] == "media_too_large"
    assert "larger than 0.931 GiB" in told["detail"]
    assert not (tmp_path / "out").exists()
