"""The way through: consent, who am I, list, one meeting, download, over real HTTP on two ports."""

import pytest

from momentum.sandbox.samples import load

pytestmark = pytest.mark.anyio


async def test_from_consent_to_the_bytes_of_a_recording(zoom, maya):
    me = (await maya.get("/users/me")).json()
    assert (me["email"], me["type"]) == ("maya.chen@momentum.example", 2)
    listed = (await maya.get("/users/me/recordings", **{"from": "2026-11-01", "to": "2026-11-18"})).json()
    assert [m["topic"] for m in listed["meetings"]] == ["Spring release planning", "Customer call with Northwind", "Platform stand-up"]
    one = (await maya.get("/meetings/81230000001/recordings")).json()
    audio = next(f for f in one["recording_files"] if f["recording_type"] == "audio_only")
    answer = await maya.download(audio["download_url"])
    assert answer.content == load("planning").audio
    assert (len(answer.content), answer.headers["content-type"]) == (audio["file_size"], "audio/mp4")
    assert zoom.leaks == []
    assert {record.server for record in zoom.requests} == {"zoom", "storage"}
