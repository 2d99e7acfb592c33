"""Windows, pages and the shapes a recording can take."""

from datetime import date

import pytest

from momentum.sandbox import running_sandbox

pytestmark = pytest.mark.anyio

MONTH = {"from": "2026-10-20", "to": "2026-11-18"}


async def listed(person, **query):
    answer = await person.get("/users/me/recordings", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_without_dates_only_today_counts(zoom, maya):
    page = await listed(maya)
    assert (page["from"], page["to"], page["meetings"]) == ("2026-11-18", "2026-11-19", [])


async def test_more_than_a_month_is_cut_and_only_from_tells(maya):
    page = await listed(maya, **{"from": "2024-01-01", "to": "2026-11-18"})
    assert (page["from"], page["to"], page["total_records"]) == ("2026-10-18", "2026-11-18", 3)


async def test_the_cut_can_be_shorter(zoom, maya):
    zoom.faults.set("clamp", days=1)
    page = await listed(maya, **{"from": "2026-11-01", "to": "2026-11-17"})
    assert (page["from"], len(page["meetings"])) == ("2026-11-16", 2)


@pytest.mark.parametrize("query", [{"from": "yesterday"}, {"from": "2026-11-18", "to": "2026-11-01"}, {"page_size": "many"}])
async def test_nonsense_is_a_validation_error(maya, query):
    answer = await maya.get("/users/me/recordings", **query)
    assert (answer.status_code, answer.json()["code"], len(answer.json()["errors"])) == (400, 300, 1)


async def test_pages_count_meetings_and_their_tokens_die(zoom, maya):
    first = await listed(maya, page_size="2", **MONTH)
    assert (len(first["meetings"]), first["page_count"], first["total_records"]) == (2, 2, 3)
    again = {"page_size": "2", "next_page_token": first["next_page_token"], **MONTH}
    last = await listed(maya, **again)
    assert ([m["topic"] for m in last["meetings"]], last["next_page_token"]) == (["Platform stand-up"], "")
    zoom.advance(901)
    assert (await maya.get("/users/me/recordings", **again)).json()["errors"][0]["field"] == "next_page_token"


async def test_a_page_token_belongs_to_its_query(maya):
    token = (await listed(maya, page_size="2", **MONTH))["next_page_token"]
    other = await maya.get("/users/me/recordings", page_size="1", next_page_token=token, **MONTH)
    assert other.status_code == 400


async def test_a_page_may_be_empty_and_not_the_last(zoom, maya):
    zoom.faults.set("empty_page_with_token", count=1)
    empty = await listed(maya, **MONTH)
    assert (empty["meetings"], bool(empty["next_page_token"])) == ([], True)
    assert len((await listed(maya, next_page_token=empty["next_page_token"], **MONTH))["meetings"]) == 3


async def test_page_tokens_expire_on_demand(zoom, maya):
    token = (await listed(maya, page_size="1", **MONTH))["next_page_token"]
    zoom.faults.set("page_token_expired", count=1)
    assert (await maya.get("/users/me/recordings", page_size="1", next_page_token=token, **MONTH)).status_code == 400


async def test_pages_may_be_small_and_their_token_may_never_change(zoom, maya):
    zoom.faults.set("small_pages", size=1)
    first = await listed(maya, page_size="300", **MONTH)
    assert (len(first["meetings"]), first["page_size"], first["page_count"]) == (1, 1, 3)
    zoom.faults.set("page_token_repeated")
    second = await listed(maya, page_size="300", next_page_token=first["next_page_token"], **MONTH)
    assert second["next_page_token"] == first["next_page_token"]


async def test_an_empty_list_may_be_an_error(zoom, maya):
    zoom.faults.set("no_recordings", count=1)
    assert (await listed(maya, **MONTH))["meetings"] == []
    zoom.faults.set("no_recordings", code=3301)
    answer = await maya.get("/users/me/recordings", **MONTH)
    assert (answer.status_code, answer.json()["code"]) == (404, 3301)


async def test_the_trash_is_a_list_of_its_own(maya):
    assert [m["topic"] for m in (await listed(maya, trash="true"))["meetings"]] == ["Old interview"]


async def test_who_has_what(zoom, http, walk):
    tom = await walk.connect(zoom, http, user="tom.reed@momentum.example")
    eva = await walk.connect(zoom, http, user="eva.lang@momentum.example")
    assert [m["uuid"] for m in (await listed(tom, **MONTH))["meetings"]] == ["tOmS+OwnStandUp/Record=="]
    assert (await listed(eva, **MONTH))["meetings"] == []
    assert (await eva.get("/users/me")).json()["type"] == 1


async def test_generated_recordings_are_spread_and_the_same_each_time(http, walk):
    runs = []
    for _ in range(2):
        async with running_sandbox(now=lambda: walk.now, recordings=120) as zoom:
            person = await walk.connect(zoom, http)
            runs.append((await listed(person, page_size="300", **MONTH))["meetings"])
            latest = (await person.get("/meetings/82000000000/recordings")).json()
    assert [m["uuid"] for m in runs[0]] == [m["uuid"] for m in runs[1]]
    starts = [m["start_time"] for m in runs[0]]
    assert starts == sorted(starts, reverse=True)
    assert {date.fromisoformat(start[:10]) for start in starts} > {date(2026, 11, day) for day in range(1, 18)}
    uuids = [m["uuid"] for m in runs[0]]
    assert all(any(mark in uuid for uuid in uuids) for mark in ("+", "//"))
    assert any(uuid.startswith("/") for uuid in uuids)
    series = [m["uuid"] for m in runs[0] if m["id"] == 82000000000]
    assert len(series) > 1
    assert latest["uuid"] == series[0]


async def one(maya):
    return (await maya.get("/meetings/81230000001/recordings")).json()


async def test_a_recording_has_all_of_zooms_files(maya):
    files = {f["file_type"]: f for f in (await one(maya))["recording_files"]}
    assert set(files) == {"MP4", "M4A", "TRANSCRIPT", "TIMELINE", "CHAT"}
    assert "play_url" not in files["TIMELINE"]
    assert (files["M4A"]["recording_type"], files["M4A"]["meeting_id"]) == ("audio_only", "pL4n+Spring7Release3Q1==")
    assert (files["M4A"]["recording_start"], files["M4A"]["recording_end"]) == ("2026-11-17T09:00:04Z", "2026-11-17T09:01:15Z")


async def test_a_recording_ripens(zoom, maya):
    zoom.faults.set("ripening", count=1)
    raw = (await one(maya))["recording_files"]
    assert {(f["file_type"], f["status"]) for f in raw} == {("", "processing")}
    zoom.faults.set("ripening", count=1, stage="no_transcript")
    assert {f["file_type"] for f in (await one(maya))["recording_files"]} == {"MP4", "M4A", "TIMELINE", "CHAT"}
    assert {f["status"] for f in (await one(maya))["recording_files"]} == {"completed"}


async def test_a_meeting_that_ends_now_ripens_by_the_clock(zoom, maya):
    zoom.faults.set("ripening_by_clock", transcript=3000)
    ended = zoom.end_meeting("short")
    assert ended.end == zoom.now()
    texts = []
    for minutes in (0, 5, 10, 15, 21):
        zoom.advance(minutes * 60)
        answer = (await maya.get(f"/meetings/{ended.number}/recordings")).json()
        numbers = [meeting["id"] for meeting in (await listed(maya, **MONTH))["meetings"]]
        texts.append((ended.number in numbers, answer.get("message") or {f["file_type"] for f in answer["recording_files"]}))
    assert texts[:3] == [
        (False, "There is no recording for this session."),
        (False, "This meeting's recording is still being processed."),
        (True, {""}),
    ]
    assert [kinds for _, kinds in texts[3:]] == [{"MP4", "M4A", "TIMELINE"}, {"MP4", "M4A", "TIMELINE", "TRANSCRIPT"}]


async def test_numbers_may_be_strings(zoom, maya):
    zoom.faults.set("numbers_as_strings")
    meeting = await one(maya)
    assert (meeting["id"], meeting["duration"]) == ("81230000001", "2")
    assert all(isinstance(f["file_size"], str) for f in meeting["recording_files"])


async def test_fields_may_be_missing(zoom, maya):
    zoom.faults.set("missing_fields")
    meeting = await one(maya)
    assert {"share_url", "host_email", "total_size"} & set(meeting) == set()
    assert all({"file_size", "file_extension", "recording_type"} & set(f) == set() for f in meeting["recording_files"])


async def test_sizes_lengths_and_an_old_timeline_may_be_off(zoom, maya):
    size = next(f["file_size"] for f in (await one(maya))["recording_files"] if f["file_type"] == "M4A")
    zoom.faults.apply({"wrong_file_size": {"factor": 2}, "zero_duration": True, "old_timeline": True, "no_media": 1})
    assert {"M4A", "MP4"} & {f["file_type"] for f in (await one(maya))["recording_files"]} == set()
    meeting = await one(maya)
    files = {f["file_type"]: f for f in meeting["recording_files"]}
    assert (meeting["duration"], meeting["total_size"], files["M4A"]["file_size"]) == (0, 0, 2 * size)
    assert {"id", "file_size", "file_extension", "recording_type", "play_url"} & set(files["TIMELINE"]) == set()


async def test_a_meeting_may_have_two_sets(zoom, maya):
    zoom.faults.set("several_sets")
    files = (await one(maya))["recording_files"]
    assert len({f["recording_start"] for f in files}) == 2
    assert len({f["id"] for f in files}) == len(files) == 10
    late = [f for f in files if f["file_type"] == "M4A"][1]
    assert (await maya.download(late["download_url"])).status_code == 200


async def test_the_remaining_oddities(zoom, maya):
    zoom.faults.apply(dict.fromkeys(("wrong_recording_count", "no_audio_only_file", "participant_audio", "unknown_file_type"), True))
    zoom.faults.set("series_start_time")
    meeting = await one(maya)
    kinds = [f["file_type"] for f in meeting["recording_files"]]
    assert meeting["recording_count"] == len(kinds) + 3
    assert "M4A" not in kinds
    assert "HOLOGRAM" in kinds
    assert meeting["participant_audio_files"][0]["file_name"] == "Audio only - Maya Chen"
    assert meeting["start_time"] == "2026-11-04T09:00:00Z"
