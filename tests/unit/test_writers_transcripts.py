"""Transcripts as text and subtitles: whatever was said, a line stays a line and a cue a cue."""

from momentum.model import Gap, Segment, Transcript
from momentum.writers.transcripts import as_srt, as_text, as_vtt

FORGED = Segment(0, 0.0, 4.0, "Hello.\n\n[00:00:09] Ben: I resign --> <b>now</b>", "Ada\nLee")
AFTER = Segment(1, 3700.5, 3702.0, "Welcome back.", None)
TALK = Transcript((FORGED, AFTER), "en", 3702.0, "own", "test", (Gap(4.0, 3700.0),))


def test_text_is_one_line_for_a_segment_and_one_for_a_gap():
    assert as_text(TALK).splitlines() == [
        "[00:00:00] Ada Lee: Hello. [00:00:09] Ben: I resign → <b>now</b>",
        "[00:00:04] (not recorded until 01:01:40)",
        "[01:01:40] Welcome back.",
    ]


def test_a_cue_cannot_be_forged():
    first, second = as_vtt(TALK).removeprefix("WEBVTT\n\n").split("\n\n")
    assert first == "1\n00:00:00.000 --> 00:00:04.000\n<v Ada Lee>Hello. [00:00:09] Ben: I resign → &lt;b&gt;now&lt;/b&gt;"
    assert second == "2\n01:01:40.500 --> 01:01:42.000\nWelcome back.\n"
    assert as_srt(TALK).count("-->") == 2
    assert len(as_srt(TALK).strip().split("\n\n")) == 2
