"""Zoom's bad days, from the doors' side: what a person sees, that nothing is lost, and that the work goes on by itself."""

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]

RECONNECT = "Zoom no longer accepts this connection. Connect Zoom again."


async def in_the_middle(house, ada):
    """A processing that waits for its next try."""
    house.zoom.faults.set("download_500")
    waiting = await ada.outcome(until=("waiting",))
    house.zoom.faults.clear()
    return waiting


ENDS = [
    ({"lost_refresh_response": 1}, {"hours": 2}),
    ({"authorized_elsewhere": 1}, {"minutes": 1}),
    ({"authorized_elsewhere": 1}, {"hours": 2}),
    ({"user_removed": True}, {"minutes": 1}),
    ({"user_removed": True}, {"hours": 2}),
    ({"refresh_refused": True}, {"hours": 2}),
]


@pytest.mark.parametrize(("switches", "later"), ENDS)
async def test_a_connection_that_ends_in_the_middle_of_work_stops_it_until_the_person_connects_again(house, ada, switches, later):
    waiting = await in_the_middle(house, ada)
    house.zoom.faults.apply(switches)
    await house.later(**later)
    while True:
        stopped = await ada.until(waiting["id"], "action_required", "waiting")
        if stopped["state"] == "action_required":
            break
        # The answer that was lost looks like any fault on the way, until Zoom is asked again.
        await house.later(minutes=1)
    assert (stopped["error_code"], stopped["error_detail"]) == ("reconnect_required", RECONNECT)
    status = (await ada.http.get("/api/zoom/status")).json()
    assert (status["connected"], status["state"], status["action"]) == (False, "reconnect_required", RECONNECT)
    calls = len(house.zoom.requests)
    assert (await ada.download(force=True)).json()["error_code"] == "reconnect_required"
    await house.later(hours=3)
    assert len(house.zoom.requests) == calls, "no more calls until somebody has acted"
    house.zoom.faults.clear()
    assert (await ada.connect()).status_code == 200
    done = await ada.until(stopped["id"], "done")
    assert (await ada.transcript(done))["segments"]


async def test_a_meeting_that_ended_just_now_ripens(house, ada):
    house.zoom.faults.set("ripening_by_clock")
    ended = house.zoom.end_meeting("short")
    number = str(ended.number)

    async def listed():
        rows = (await ada.http.get("/api/zoom/meetings")).json()["meetings"]
        return next((row for row in rows if row["meeting_number"] == number), None)

    for minutes in (2, 10):  # Zoom says that there is none, then that it is not ready
        await house.later(minutes=minutes)
        refused = await ada.download(number)
        assert (refused.status_code, refused.json()["error_code"]) == (409, "recording_not_ready"), refused.text
        assert refused.json()["detail"] == "Zoom is still preparing this recording."
        assert await listed() is None
    await house.later(minutes=8)
    assert not any(file["ready"] for file in (await listed())["files"])
    waiting = await ada.outcome(number, until=("waiting",))
    assert waiting["error_code"] == "recording_not_ready"
    await house.later(minutes=15)
    done = await ada.until(waiting["id"], "done")
    early = (await ada.transcript(done))["segments"]
    assert {segment["speaker"] for segment in early} == {"Maya Chen"}, "its transcript is still to come, its timeline is there"
    await house.later(hours=1)
    again = await ada.outcome(number, until=("done",), force=True)
    assert {segment["speaker"] for segment in (await ada.transcript(again))["segments"]} == {"Maya Chen"}


HARMLESS = {
    "slow": {"seconds": 0.01},
    "localised": True,
    "token_expired": 1,
    "rate_limit_second": 1,
    "drop_connection": {"count": 1, "path": "/v2/"},
    "several_sets": True,
    "participant_audio": True,
    "numbers_as_strings": True,
    "series_start_time": True,
    "wrong_recording_count": True,
    "zero_duration": True,
    "old_timeline": True,
    "unknown_file_type": True,
    "uuid_encoded_twice": True,
    "stale_url": 1,
    "download_500": 1,
    "download_truncated": 1,
    "range_ignored": True,
    "download_chunked": {"file": "TRANSCRIPT"},
}


async def test_everything_that_does_no_harm_at_the_same_time(house, ada):
    house.zoom.faults.apply(HARMLESS)
    house.app.downloads.pauses = (0, 0, 0, 0)
    done = await ada.outcome(until=("done",))
    assert HARMLESS.keys() <= house.zoom.faults.fired.keys()
    transcript = await ada.transcript(done)
    assert {segment["speaker"] for segment in transcript["segments"]} - {None}, "Zoom's names are there"
    (gap,) = transcript["gaps"]
    assert gap["end"] - gap["start"] == pytest.approx(95, abs=2)
    assert len(house.zoom.requests) < 40
    assert house.zoom.leaks == []
