"""The sample files are what Zoom would hand out: decodable, of the length they claim, in Zoom's text formats."""

import io
import json
import re

import av
import pytest

from momentum.sandbox.samples import load

KEYS = ["planning", "customer", "standup", "short"]


def decoded_seconds(content, kind="audio"):
    with av.open(io.BytesIO(content)) as container:
        stream = getattr(container.streams, kind)[0]
        return sum(frame.samples for frame in container.decode(stream)) / stream.rate


@pytest.mark.parametrize("key", KEYS)
def test_audio_is_mono_aac_with_its_index_in_front(key):
    sample = load(key)
    assert sample.audio[4:12] == b"ftypM4A "
    assert sample.audio.index(b"moov") < sample.audio.index(b"mdat")
    assert decoded_seconds(sample.audio) == pytest.approx(sample.seconds, abs=0.2)
    with av.open(io.BytesIO(sample.audio)) as container:
        assert (len(container.streams.video), container.streams.audio[0].channels) == (0, 1)


@pytest.mark.parametrize("key", KEYS)
def test_video_has_a_picture_and_the_same_words(key):
    sample = load(key)
    assert decoded_seconds(sample.video) == pytest.approx(sample.seconds, abs=0.2)
    with av.open(io.BytesIO(sample.video)) as container:
        assert len(container.streams.video) == 1


def test_the_demo_stays_quick_and_the_repository_small():
    assert load("planning").seconds < 90
    assert sum(len(getattr(load(key), part)) for key in KEYS for part in ("audio", "video")) < 1_500_000


@pytest.mark.parametrize(("key", "newline"), [("planning", "\n"), ("customer", "\r\n"), ("standup", "\n")])
def test_vtt_as_zoom_writes_it(key, newline):
    sample = load(key)
    text = sample.transcript.decode()
    assert text.startswith(f"WEBVTT{newline}{newline}1{newline}00:00:00.600 --> 00:00:")
    assert ("\r" in text) == (newline == "\r\n")
    cues = text.split(newline * 2)[1:]
    assert len(cues) == len(sample.lines)
    pattern = rf"\d+{newline}\d\d:\d\d:\d\d\.\d{{3}} --> \d\d:\d\d:\d\d\.\d{{3}}{newline}[^\r\n]+"
    assert all(re.fullmatch(pattern, cue.strip("\r\n")) for cue in cues)
    named = [cue for cue in cues if any(f"{name}: " in cue for name, _ in sample.participants)]
    assert len(named) == len(cues) - 1


@pytest.mark.parametrize("key", ["planning", "customer", "standup"])
def test_timeline_and_chat_as_zoom_writes_them(key):
    sample = load(key)
    timeline = json.loads(sample.timeline)
    assert (timeline["version"], set(timeline)) == (1, {"version", "timeline", "timeline_refine"})
    assert {len(change["users"]) for change in timeline["timeline"]} == {0, 1}
    assert {user["username"] for change in timeline["timeline"] for user in change["users"]} == {name for name, _ in sample.participants}
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\t[^\t]+:\t[^\t]+", line) for line in sample.chat.decode().strip().split("\r\n"))


def test_the_planning_meeting_says_what_minutes_must_get_right():
    words = load("planning").text
    for fact in ("fifteen thousand dollars", "by Wednesday", "We will not release on the twelfth", "the nineteenth of March"):
        assert fact in words
