"""Recordings of hours and gigabytes, from Zoom to the reader."""

import asyncio
import struct
from pathlib import Path

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.timeout(900), pytest.mark.xdist_group("end_to_end")]

SECOND = 192_000  # bytes of 48 kHz stereo
BODY_BYTES = 4 * 10**9 // SECOND * SECOND
MEBI = 2**20


class Film:
    """4 GB of silence behind a head that tells the truth, made as it is asked for."""

    HEAD = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", BODY_BYTES + 36, b"WAVE", b"fmt ", 16, 1, 2, 48_000, SECOND, 4, 16, b"data", BODY_BYTES
    )

    def __len__(self):
        return len(self.HEAD) + BODY_BYTES

    def __getitem__(self, span):
        start, end, _ = span.indices(len(self))
        head = self.HEAD[start:end]
        return head + bytes(end - start - len(head))


def memory():
    """Bytes of this process: web, worker and Zoom together."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


async def test_four_gigabytes_pass_through_the_worker_in_flat_memory(house, ada):
    house.hand_out(Film())
    processing = await ada.process(transcript="own")
    seen = []
    async with asyncio.timeout(600), house.app.database.listen("processing") as notices:
        async for _ in notices:
            found = await ada.look(processing)
            seen.append(memory())
            if found["state"] != "running" and found["state"] != "queued":
                break
    assert found["state"] == "done", found
    assert found["audio_seconds"] == pytest.approx(BODY_BYTES / SECOND, abs=0.1)
    assert house.ear.calls == 0
    assert len(seen) > 20  # readings over the whole body; how many there are depends on how quick the machine is
    settled = seen[len(seen) // 10]
    assert max(seen[len(seen) // 10 :]) - settled < 40 * MEBI


async def test_four_gigabytes_beyond_the_limit_are_refused_before_their_first_byte(house, ada):
    house.hand_out(Film())
    house.app.downloads.max_bytes = 10**9
    failed = await ada.outcome(transcript="own")
    assert (failed["state"], failed["error_code"]) == ("failed", "media_too_large")
    assert house.downloads() == []


async def test_ten_hours_of_silence_cost_no_call_and_say_that_nothing_was_said(house, ada, recording, tmp_path):
    house.hand_out((await asyncio.to_thread(recording.silence, 10, tmp_path / "silence.m4a")).read_bytes())
    done = await ada.outcome(transcript="own", until=("done",))
    assert house.ear.calls == 0
    assert done["audio_seconds"] == pytest.approx(36_000, abs=1)
    assert done["seconds_per_step"]["transcribe"] < 60
    document = await ada.document(done)
    assert document["claims"] == []
    assert "nothing was said" in document["summary"].lower()
