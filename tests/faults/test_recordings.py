"""Faults of one meeting's recording: there or not, ripe or not, and all the shapes it may have."""

from datetime import timedelta

import pytest

from momentum.errors import ErrorCode, NotReady, Permanent, Retry
from momentum.sandbox.samples import load

pytestmark = pytest.mark.anyio

PLANNING, CUSTOMER, STANDUP = "pL4n+Spring7Release3Q1==", "/cU5tomer+Call2Northwi==", "sT4nd//Up7Platform9Dly=="
NONE = {
    "work": "fetch",
    "raises": Permanent,
    "code": ErrorCode.RECORDING_NOT_FOUND,
    "says": "Zoom has no recording of this meeting for this account.",
    "calls": 2,
}
NOT_YET = {"work": "fetch", "raises": NotReady, "code": ErrorCode.RECORDING_NOT_READY, "says": "Zoom is still preparing this recording."}
NO_MEDIA = {
    "raises": Permanent,
    "code": ErrorCode.RECORDING_HAS_NO_AUDIO,
    "says": "This recording has neither an audio nor a video file to listen to.",
    "calls": 1,
}
SIZE = len(load("standup").audio)
"""The stand-up without anybody's name."""

CALLS = {"sync": 3, "look": 1, "fetch": 3, "hear": 8}

CASES = {
    "uuid_encoded_twice": [{"work": "look", "meeting": uuid, "calls": 1} for uuid in (CUSTOMER, STANDUP)],
    "no_recording_3301": [
        NONE,
        NOT_YET | {"fresh": True, "calls": 2},
        NONE | {"work": "hear"},
        NOT_YET | {"work": "hear", "fresh": True, "calls": 2},
    ],
    "processing_3301": [NONE, NOT_YET | {"fresh": True, "calls": 2}, {"work": "look", "fresh": True, "calls": 2}],
    "ripening": [
        NOT_YET | {"calls": 1},
        NOT_YET | {"work": "hear", "calls": 1},
        {"work": "look", "calls": 1},
        {"work": "fetch", "on": {"stage": "no_transcript"}, "calls": 3},
        {"work": "hear", "on": {"stage": "no_transcript"}, "calls": 6},
    ],
    "several_sets": [
        {"work": "hear", "gives": lambda heard: (203, 1, *heard[2:]), "calls": 14},
        {"work": "sync", "gives": lambda known: {number: sorted(kinds * 2) for number, kinds in known.items()}, "calls": 3},
    ],
    "participant_audio": [{"work": "look", "calls": 1}, {"work": "hear", "calls": 14}, {"work": "fetch", "calls": 3}],
    "numbers_as_strings": [{"work": work, "calls": CALLS[work]} for work in ("sync", "look", "fetch")],
    "missing_fields": [{"work": work, "calls": CALLS[work]} for work in ("sync", "look", "fetch", "hear")],
    "series_start_time": [{"work": work, "calls": CALLS[work]} for work in ("sync", "look")],
    "wrong_recording_count": [{"work": work, "calls": CALLS[work]} for work in ("sync", "look")],
    "zero_duration": [{"work": work, "calls": CALLS[work]} for work in ("sync", "look", "hear")],
    "no_audio_only_file": [{"work": "hear", "calls": 8}],
    "no_media": [NO_MEDIA | {"work": "hear"}],
    "no_transcript": [{"work": "hear", "calls": 6}],
    "old_timeline": [{"work": work, "calls": CALLS[work]} for work in ("sync", "look", "hear")],
    "unknown_file_type": [{"work": work, "calls": CALLS[work]} for work in ("hear", "fetch")],
    "wrong_file_size": [
        {
            "work": "fetch",
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_FAILED,
            "says": f"audio_only.m4a has another length than announced: {SIZE} bytes instead of {round(SIZE / 2)}.",
            "calls": 6,
        },
        {
            "work": "fetch",
            "on": {"factor": 2},
            "raises": Retry,
            "code": ErrorCode.DOWNLOAD_TRUNCATED,
            "says": f"audio_only.m4a has another length than announced: {SIZE} bytes instead of {2 * SIZE}.",
            "calls": 6,
        },
        {"work": "fetch", "on": {"count": 1}, "calls": 6},
    ],
}
ROWS = [
    pytest.param(name, facts, id=f"{name}-{facts['work']}-{number}") for name, rows in CASES.items() for number, facts in enumerate(rows)
]


@pytest.mark.parametrize(("name", "facts"), ROWS)
async def test_what_becomes_of(stand, name, facts):
    await stand.holds(name, **facts)


@pytest.mark.parametrize("end", [3600, "never"])
async def test_a_recording_ripens_by_the_clock_and_its_transcript_comes_later_or_never(stand, end):
    await stand.connect()
    stand.sandbox.faults.set("ripening_by_clock", transcript=end)
    ended = stand.sandbox.end_meeting("standup")
    stand.meeting, number = ended.uuid, str(ended.number)
    began = stand.time.now

    async def at(minutes):
        """What a list shows of the meeting then, and what becomes of hearing it."""
        stand.time.now = began + timedelta(minutes=minutes)
        listed = (await stand.sync()).get(number)
        if minutes >= 30:
            return listed, await stand.hear()
        with pytest.raises(NotReady) as wait:
            await stand.hear()
        assert (wait.value.code, wait.value.detail) == (ErrorCode.RECORDING_NOT_READY, NOT_YET["says"])
        return listed, None

    kinds = ["audio", "chat", "timeline", "video"]
    assert await at(1) == (None, None)  # unknown: "there is none"
    assert await at(10) == (None, None)  # "still being processed"
    assert await at(20) == ([], None)  # files without a type
    named = (54, 0, ("Lena Ortiz", "Ben Patel"), 1)  # by the timeline
    assert await at(40) == (kinds, named)
    assert await at(70) == (kinds if end == "never" else sorted([*kinds, "transcript"]), named)
    assert await stand.state() == "active"


async def test_what_was_never_listed_is_waited_for_a_day_and_then_not_there(stand):
    await stand.connect()
    stand.meeting = stand.sandbox.end_meeting("short").uuid
    stand.sandbox.faults.set("ripening_by_clock", known="never")
    with pytest.raises(NotReady):
        await stand.look()
    stand.time.now += timedelta(hours=23, minutes=59)
    with pytest.raises(NotReady):
        await stand.look()
    stand.time.now += timedelta(minutes=1)
    with pytest.raises(Permanent) as gone:
        await stand.look()
    assert (gone.value.code, gone.value.detail) == (ErrorCode.RECORDING_NOT_FOUND, NONE["says"])
    stand.sandbox.faults.clear()
    assert (await stand.look())[0] == stand.meeting


APART = {"ripening_by_clock": test_a_recording_ripens_by_the_clock_and_its_transcript_comes_later_or_never}
