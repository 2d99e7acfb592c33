"""Zoom's JSON in all the forms it has been seen in."""

from datetime import UTC, date, datetime

import pytest

from momentum.errors import Permanent
from momentum.providers.zoom.parse import integer, moment, parse_account, parse_page, parse_recording, text

FILE = {
    "id": "f1",
    "meeting_id": "u==",
    "recording_start": "2026-11-16T10:00:04Z",
    "recording_end": "2026-11-16T10:30:00Z",
    "file_type": "M4A",
    "file_extension": "M4A",
    "file_size": 1234,
    "download_url": "https://us06web.zoom.us/rec/download/x",
    "status": "completed",
    "recording_type": "audio_only",
}
MEETING = {
    "uuid": "u==",
    "id": 81234567890,
    "topic": "Weekly",
    "start_time": "2026-11-03T10:00:00Z",
    "timezone": "Europe/Berlin",
    "host_email": "h@example.com",
    "duration": 67,
    "total_size": 310615812,
    "share_url": "https://us06web.zoom.us/rec/share/a.b",
    "recording_files": [FILE],
}


def meeting(**changes):
    return {**MEETING, **changes}


def file(**changes):
    return {key: value for key, value in {**FILE, **changes}.items() if value is not ...}


def only_file(**changes):
    return parse_recording(meeting(recording_files=[file(**changes)])).files[0]


def test_a_recording_as_the_documentation_shows_it():
    recording = parse_recording(meeting(download_access_token="dt"))
    assert (recording.instance_id, recording.meeting_number, recording.topic) == ("u==", "81234567890", "Weekly")
    assert (recording.duration_minutes, recording.size, recording.download_token) == (67, 310615812, "dt")
    assert (only_file().kind, only_file().size, only_file().ready) == ("audio", 1234, True)


def test_the_files_say_when_an_instance_of_a_series_was_recorded():
    assert parse_recording(meeting()).started_at == datetime(2026, 11, 16, 10, 0, 4, tzinfo=UTC)
    assert parse_recording(meeting(recording_files=[])).started_at == datetime(2026, 11, 3, 10, tzinfo=UTC)


def test_numbers_may_be_text():
    recording = parse_recording(meeting(id="81234567890", duration="67", total_size="310615812"))
    assert (recording.meeting_number, recording.duration_minutes, recording.size) == ("81234567890", 67, 310615812)
    assert only_file(file_size="1234").size == 1234


def test_a_duration_that_nobody_can_keep_is_none():
    assert parse_recording(meeting(duration="99999999999")).duration_minutes is None


def test_almost_everything_may_be_missing():
    recording = parse_recording({"uuid": "u=="})
    assert (recording.topic, recording.files, recording.started_at, recording.meeting_number) == ("Untitled meeting", (), None, None)
    bare = parse_recording({"uuid": "u==", "recording_files": [{}, None, "x"]}).files[0]
    assert (bare.kind, bare.ready, bare.size, bare.extension) == ("other", False, None, "")
    assert parse_recording({"topic": "no uuid"}) is None
    assert parse_recording(None) is None


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"file_type": "MP4", "recording_type": "shared_screen_with_speaker_view(CC)"}, "video"),
        ({"file_type": "TRANSCRIPT", "recording_type": "audio_transcript"}, "transcript"),
        ({"file_type": "CC", "recording_type": "closed_caption"}, "captions"),
        ({"file_type": "CC", "recording_type": "cc_transcript"}, "captions"),
        ({"file_type": "CHAT", "recording_type": "chat_file"}, "chat"),
        ({"file_type": "CHAT_MESSAGE", "recording_type": "chat_message"}, "chat"),
        ({"file_type": "TIMELINE", "recording_type": ...}, "timeline"),
        ({"file_type": "M4A", "recording_type": "audio_interpretation"}, "audio"),
        ({"file_type": "M4A", "recording_type": "audio_only_each_participant"}, "participant_audio"),
        ({"file_type": "SUMMARY", "recording_type": "summary_next_steps"}, "other"),
        ({"file_type": "HOLOGRAM", "recording_type": "tomorrow"}, "other"),
        ({"file_type": "m4a"}, "audio"),
    ],
)
def test_the_kind_follows_type_and_recording_type(changes, kind):
    assert only_file(**changes).kind == kind


def test_unknown_words_are_kept():
    unknown = only_file(file_type="HOLOGRAM", recording_type="tomorrow", file_extension="HOL")
    assert (unknown.file_type, unknown.recording_type, unknown.extension) == ("HOLOGRAM", "tomorrow", "hol")


@pytest.mark.parametrize("changes", [{"file_type": ""}, {"status": "processing"}, {"download_url": ...}])
def test_a_file_being_prepared_is_not_ready(changes):
    assert not only_file(**changes).ready


def test_old_answers_have_no_extension_no_status_and_timelines_without_id():
    old = only_file(file_extension=..., status=...)
    assert (old.extension, old.ready) == ("m4a", True)
    timeline = only_file(id=..., file_type="TIMELINE", file_extension=..., recording_type=...)
    assert (timeline.file_id, timeline.extension) == ("TIMELINE@2026-11-16T10:00:04Z", "json")


def test_files_of_one_id_are_told_apart():
    recording = parse_recording(meeting(recording_files=[FILE, FILE, file(id="f2")]))
    assert [one.file_id for one in recording.files] == ["f1", "f1#2", "f2"]


def test_participants_own_audio_carries_the_name():
    own = {**FILE, "id": "p1", "file_name": "Audio only - Jane - R", "recording_type": ""}
    parsed = parse_recording(meeting(participant_audio_files=[own])).files[1]
    assert (parsed.kind, parsed.participant) == ("participant_audio", "Jane - R")


def test_text_the_database_cannot_hold_is_cleaned():
    assert parse_recording(meeting(topic="a\0b\ud800")).topic == "ab?"
    assert text(None) == text(["x"]) == text(True) == ""


def test_a_link_that_is_no_web_address_is_dropped():
    assert parse_recording(meeting(share_url="javascript:alert(1)")).share_url is None


def test_links_and_tokens_do_not_show_in_a_repr():
    shown = repr(parse_recording(meeting(download_access_token="S3CRET", recording_files=[file(download_url="https://zoom.us/S3CRET")])))
    assert "S3CRET" not in shown


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), ("5", 5), (5.0, 5), (0, 0), (True, None), (-1, None), ("x", None), ("", None), (None, None), (2**63, None), (1e400, None)],
)
def test_integers(value, number):
    assert integer(value) == number


@pytest.mark.parametrize("value", ["", None, "soon", 5, "0001-01-01T00:00:00+14:00"])
def test_no_moment(value):
    assert moment(value) is None


def test_a_page_tells_its_successor_and_the_day_zoom_began_with():
    body = {"from": "2026-10-18", "to": "2026-11-18", "next_page_token": "t", "meetings": [MEETING, {"topic": "no uuid"}, None]}
    found, token, since = parse_page(body)
    assert ([one.instance_id for one in found], token, since) == (["u=="], "t", date(2026, 10, 18))
    assert parse_page({}) == ((), "", None)


def test_an_account_relies_on_four_fields():
    account = parse_account({"id": "u", "email": "a@example.org", "account_id": "acc", "type": 2, "timezone": ""})
    assert (account.user_id, account.email, account.account_id, account.can_record) == ("u", "a@example.org", "acc", True)
    assert account.timezone is None


def test_a_basic_account_cannot_record_and_an_unknown_type_is_unknown():
    assert parse_account({"id": "u", "type": "1"}).can_record is False
    assert parse_account({"id": "u", "type": 99}).can_record is None
    assert parse_account({"id": "u", "created_at": "2019-01-01T00:00:00Z"}).created_at == datetime(2019, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("body", [None, [], {}, {"id": ""}])
def test_an_account_without_id_is_refused(body):
    with pytest.raises(Permanent):
        parse_account(body)


def test_an_absurd_id_costs_one_entry_and_not_the_page():
    long = "x" * 5_000
    page = {"meetings": [{"uuid": long, "id": 1}, {"uuid": "good==", "id": long, "recording_files": [{"id": long, "file_type": "MP4"}]}]}
    (recording,), _, _ = parse_page(page)
    assert (recording.instance_id, len(recording.meeting_number), len(recording.files[0].file_id)) == ("good==", 128, 128)
