"""The list of recorded meetings: answered from our own store, after Zoom was asked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from momentum.app import finished
from momentum.model import Recording, RecordingFile
from momentum.store import processings
from momentum.web.api import looking

pytestmark = pytest.mark.anyio
MEETINGS = "/api/zoom/meetings"


def listings(world):
    return [r for r in world.zoom.requests if r.path.endswith("/recordings") and "/users/" in r.path]


async def test_the_last_thirty_days_newest_first_with_files(world, ada):
    found = (await ada.get(MEETINGS)).json()
    assert (found["from"], found["to"], found["refreshed"], found["notice"]) == ("2026-10-23", "2026-11-22", True, None)
    numbers = [m["meeting_number"] for m in found["meetings"]]
    assert numbers == ["81230000001", "81230000002", "81230000003"]
    first = found["meetings"][0]
    assert first["id"] == "pL4n+Spring7Release3Q1=="
    assert {f["kind"] for f in first["files"]} >= {"audio", "transcript"}
    assert first["duration_minutes"] > 0
    assert all(f["size"] > 0 for f in first["files"])
    assert (first["processed"], first["processing_id"], first["in_trash"], first["gone"]) == (False, None, False, False)


async def test_no_answer_holds_a_download_url_or_a_token(world, ada):
    text = (await ada.get(MEETINGS)).text
    assert "download" not in text
    assert world.zoom.base not in text


async def test_zoom_is_asked_once_a_minute_at_the_most(world, ada):
    await ada.get(MEETINGS)
    asked = len(listings(world))
    assert asked
    assert (await ada.get(MEETINGS)).json()["refreshed"] is False
    assert len(listings(world)) == asked
    world.clock.advance(seconds=61)
    assert (await ada.get(MEETINGS)).json()["refreshed"] is True
    assert len(listings(world)) > asked


DATES_THAT_MAKE_NO_SENSE_GET_WORDS_AND_Z = [
    ({"from": "2026-11-20", "to": "2026-11-01"}, "is after `to`"),
    ({"from": "2026-11-24"}, "has not come yet"),
    ({"to": "0001-01-01", "from": "2026-11-01"}, "is after `to`"),
    ({"from": "yesterday"}, "`from` is not a day"),
    ({"to": "2026-02-30"}, "`to` is not a day"),
    ({"from": "1700000000"}, "`from` is not a day"),
    ({"from": "20261101"}, "`from` is not a day"),
    ({"from": "2026-11-01T00:00:00"}, "`from` is not a day"),
    ({"from": ""}, "`from` is not a day"),
]


async def test_dates_that_make_no_sense_get_words_and_zoom_is_not_asked(world, refuses, subtests):
    for params, words in DATES_THAT_MAKE_NO_SENSE_GET_WORDS_AND_Z:
        with subtests.test(params=params, words=words):
            assert words in refuses(await world.program().get(MEETINGS, params=params), 422, "invalid_date_range")
            assert not listings(world)


async def test_tomorrow_is_today_further_east(world, ada):
    found = (await ada.get(MEETINGS, params={"from": "2026-11-23"})).json()
    assert (found["from"], found["to"], found["meetings"]) == ("2026-11-23", "2026-11-23", [])


async def test_a_last_day_to_come_shows_the_usual_days_and_those_to_come(ada):
    found = (await ada.get(MEETINGS, params={"to": "2027-12-31"})).json()
    assert (found["from"], found["to"], len(found["meetings"])) == ("2026-10-23", "2027-12-31", 3)


async def test_the_earliest_and_the_last_day_there_are(world, ada):
    found = await ada.get(MEETINGS, params={"from": "2026-11-01", "to": "9999-12-31"})
    assert len(found.json()["meetings"]) == 3
    assert (await ada.get(MEETINGS, params={"to": "0001-01-01"})).json()["meetings"] == []


PARAMETERS_THAT_MAKE_NO_SENSE_ARE_NAMED = [
    {"page_size": 0},
    {"page_size": 301},
    {"page_size": "x"},
    {"has": "chat"},
    {"include_trash": "perhaps"},
    {"query": "x" * 201},
]


async def test_parameters_that_make_no_sense_are_named(world, refuses, subtests):
    for params in PARAMETERS_THAT_MAKE_NO_SENSE_ARE_NAMED:
        with subtests.test(params=params):
            assert next(iter(params)) in refuses(await world.program().get(MEETINGS, params=params), 422, "invalid_request")


async def test_a_page_token_that_is_not_ours(world, ada, refuses):
    assert "first page" in refuses(await ada.get(MEETINGS, params={"page_token": "made-up"}), 422, "invalid_page_token")


async def test_somebody_who_is_not_connected_is_told_to_connect(world, refuses):
    assert refuses(await world.program().get(MEETINGS), 409, "not_connected") == "Zoom is not connected. Connect it first."


async def test_pages_go_on_while_zooms_tokens_die_and_rows_come_and_go(world, ada):
    first = (await ada.get(MEETINGS, params={"page_size": 1})).json()
    assert [m["meeting_number"] for m in first["meetings"]] == ["81230000001"]
    user_id = await world.user_id("ada")
    # A newer one appears, minutes pass, Zoom forgets every token it ever gave and then stops answering.
    newer = Recording("newer==", "1234567", "Newer", world.clock(), None, 1, 1, None, ())
    await world.keep_recording(user_id, newer)
    world.clock.advance(minutes=20)
    world.zoom.faults.set("page_token_expired")
    world.zoom.faults.set("server_error")
    seen, token = [], first["next_page_token"]
    while token:
        page = (await ada.get(MEETINGS, params={"page_size": 1, "page_token": token})).json()
        seen += [m["meeting_number"] for m in page["meetings"]]
        token = page["next_page_token"]
    assert seen == ["81230000002", "81230000003"]


async def test_what_was_known_is_shown_while_zoom_asks_us_to_wait(world, ada, refuses):
    world.zoom.faults.set("rate_limit_daily", path="/recordings")
    refuses(await ada.get(MEETINGS), 503, "provider_daily_limit")
    world.zoom.faults.clear()
    async with world.app.database.nobody() as connection:
        await connection.exec_driver_sql("delete from rate_limits")  # the next day
    await ada.get(MEETINGS)
    world.clock.advance(minutes=2)
    world.zoom.faults.set("rate_limit_daily", path="/recordings")
    found = (await ada.get(MEETINGS)).json()
    assert (len(found["meetings"]), found["refreshed"]) == (3, False)
    assert "known before" in found["notice"]


async def test_filters(world, ada):
    user_id = await world.user_id("ada")
    await ada.get(MEETINGS)
    silent = RecordingFile("v1", "video", "MP4", "shared_screen", "mp4", 10, world.clock(), world.clock(), ready=True)
    video = Recording("video==", "7654321", "100% Silent_Film", world.clock() - timedelta(hours=1), None, 1, 10, None, (silent,))
    await world.keep_recording(user_id, video)
    await world.keep_recording(user_id, replace(video, instance_id="trash==", topic="Thrown away", in_trash=True))

    async def topics(**params):
        return [m["topic"] for m in (await ada.get(MEETINGS, params=params)).json()["meetings"]]

    assert await topics(query="silent_f") == ["100% Silent_Film"]
    assert await topics(query="%") == ["100% Silent_Film"]  # a sign, not a wildcard
    assert await topics(query="\x00") == await topics()
    assert "100% Silent_Film" not in await topics(has="audio")
    assert await topics(has="audio")
    assert "100% Silent_Film" in await topics(has="video")
    assert "100% Silent_Film" not in await topics(has="transcript")
    assert "Thrown away" not in await topics()
    assert "Thrown away" in await topics(include_trash="true")


async def test_whether_a_meeting_is_processed_already(world, ada):
    meeting = (await ada.get(MEETINGS)).json()["meetings"][0]
    accepted = (await ada.post(f"/api/zoom/download/{meeting['meeting_number']}")).json()
    meeting = (await ada.get(MEETINGS)).json()["meetings"][0]
    assert (meeting["processed"], meeting["processing_state"]) == (False, "queued")
    assert meeting["processing_id"] == accepted["processing_id"]
    user_id = await world.user_id("ada")
    async with world.app.database.person(user_id) as connection:
        await processings.start_step(connection, accepted["processing_id"], "deliver", now=world.clock())
        await processings.set_done(connection, accepted["processing_id"], now=world.clock())
    meeting = (await ada.get(MEETINGS)).json()["meetings"][0]
    assert (meeting["processed"], meeting["processing_state"]) == (True, "done")
    again = (await ada.post(f"/api/zoom/download/{meeting['meeting_number']}", json={"force": True})).json()
    meeting = (await ada.get(MEETINGS)).json()["meetings"][0]
    assert (meeting["processed"], meeting["processing_state"], meeting["processing_id"]) == (True, "queued", again["processing_id"])


async def test_a_revoked_grant_is_said_and_stands_in_the_status(world, ada, refuses):
    world.zoom.faults.set("invalid_token")
    assert "Connect Zoom again" in refuses(await ada.get(MEETINGS), 409, "reconnect_required")
    world.zoom.faults.clear()
    status = (await ada.get("/api/zoom/status")).json()
    assert (status["connected"], status["state"]) == (False, "reconnect_required")
    assert "Connect Zoom again" in status["action"]
    await ada.connect()
    assert (await ada.get(MEETINGS)).status_code == 200


async def test_a_missing_scope_names_it(world, ada, refuses):
    world.zoom.faults.set("scope_missing", path="/recordings", scope="cloud_recording:read:list_user_recordings")
    assert "cloud_recording:read:list_user_recordings" in refuses(await ada.get(MEETINGS), 409, "scope_missing")
    status = (await ada.get("/api/zoom/status")).json()
    assert (status["state"], status["missing_scopes"]) == ("scope_missing", ["cloud_recording:read:list_user_recordings"])
    world.zoom.faults.clear()
    assert (await ada.connect())["missing_scopes"] == []


async def test_a_slow_zoom_does_not_keep_a_known_list_waiting(world, ada, monkeypatch):
    monkeypatch.setattr(looking, "PATIENCE_SECONDS", 0.1)
    known = (await ada.get(MEETINGS)).json()["meetings"]
    world.zoom.faults.set("slow", seconds=1)
    world.clock.advance(minutes=2)
    found = (await ada.get(MEETINGS)).json()
    assert (found["meetings"], found["refreshed"]) == (known, False)
    assert found["notice"] == "Zoom is slow to answer. This is what was known before; look again in a minute."
    await finished(world.app.under_way)
    world.zoom.faults.clear()
    assert (await ada.get(MEETINGS)).json()["notice"] is None


async def test_a_slow_zoom_does_not_keep_a_known_recording_from_being_asked_for(world, ada, monkeypatch):
    monkeypatch.setattr(looking, "PATIENCE_SECONDS", 0.1)
    await ada.get(MEETINGS)
    world.zoom.faults.set("slow", seconds=1)
    assert (await ada.post("/api/zoom/download/81230000001")).status_code == 202
    await finished(world.app.under_way)


async def test_a_list_that_was_never_read_waits_for_a_slow_zoom(world, ada, monkeypatch):
    monkeypatch.setattr(looking, "PATIENCE_SECONDS", 0.1)
    world.zoom.faults.set("slow", seconds=0.3)
    assert len((await ada.get(MEETINGS)).json()["meetings"]) == 3


async def test_the_allowance_says_what_is_used_today(world, ada):
    refused = await world.program("bob").get("/api/zoom/allowance")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "not_connected")
    await ada.get(MEETINGS)
    found = {a["allowance"]: a for a in (await ada.get("/api/zoom/allowance")).json()["allowances"]}
    assert found["medium"]["used_today"] >= 1
    assert (found["medium"]["daily_budget"], found["medium"]["paused_seconds"]) == (None, 0)
