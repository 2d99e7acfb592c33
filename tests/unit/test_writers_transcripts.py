"""Transcripts as text and subtitles: whatever was said, a line stays a line and a cue a cue."""

from momentum.model import Gap, GapReason, Segment, Transcript
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


SPLIT = Transcript(
    (AFTER,), "en", 3800.0, "zoom", "test", (Gap(0.0, 3700.0, GapReason.NO_TRANSCRIPT), Gap(3750.0, 3750.0, GapReason.NO_AUDIO))
)


def test_what_was_recorded_and_has_no_words_is_a_line_and_a_cue():
    told = "(recorded, but without the provider's transcript until 01:01:40)"
    unheard = "(recorded, but no file of it can be heard)"
    assert as_text(SPLIT).splitlines() == [f"[00:00:00] {told}", "[01:01:40] Welcome back.", f"[01:02:30] {unheard}"]
    first, second, third = as_srt(SPLIT).strip().split("\n\n")
    assert first == f"1\n00:00:00,000 --> 01:01:40,000\n{told}"
    assert (second.partition("\n")[0], third) == ("2", f"3\n01:02:30,000 --> 01:02:35,000\n{unheard}")
    assert told in as_vtt(SPLIT)


def test_what_looks_wrong_is_marked_wherever_a_person_reads():
    segments = (
        Segment(0, 0.0, 4.0, "We ship on Friday.", "Ada", marks=("low_confidence", "rate")),
        Segment(1, 4.0, 9.0, "[…]", marks=("gap",)),
        Segment(2, 9.0, 12.0, "Thanks for watching!", marks=("credits",)),
        Segment(3, 12.0, 20.0, "Okay. Okay. Okay. Okay.", marks=("loop",)),
    )
    talk = Transcript(segments, "en", 20.0, "own", "test")
    told = [
        "We ship on Friday. [heard badly] [more words than the time allows]",
        "[…] [not understood]",
        "Thanks for watching! [probably never said]",
        "Okay. Okay. Okay. Okay. [repeats itself]",
    ]
    assert [line[11:].removeprefix("Ada: ") for line in as_text(talk).splitlines()] == told
    assert [cue.splitlines()[2].removeprefix("<v Ada>") for cue in as_vtt(talk).split("\n\n")[1:]] == told
    assert [cue.splitlines()[2].removeprefix("Ada: ") for cue in as_srt(talk).split("\n\n")] == told


def test_a_file_that_breaks_off_is_told_where_it_does():
    known = Transcript((AFTER,), "en", 3702.0, "own", "test", (Gap(3702.0, 4000.0, GapReason.BROKEN_OFF, "talk.mp4 is incomplete."),))
    assert as_text(known).splitlines()[-1] == "[01:01:42] (the end of the file is missing until 01:06:40)"
    unknown = Transcript((), "en", 0.0, "own", "test", (Gap(5.0, 5.0, GapReason.BROKEN_OFF, "talk.mp4 is incomplete."),))
    assert as_text(unknown) == "[00:00:05] (the end of the file is missing)\n"
    assert as_srt(unknown) == "1\n00:00:05,000 --> 00:00:10,000\n(the end of the file is missing)\n"
