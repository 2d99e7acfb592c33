"""Which files belong together, and which of them is heard."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from momentum.model import Gap, RecordingFile
from momentum.providers.filesets import best_source, file_sets, gaps

T0 = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)


def a_file(file_id, kind="audio", *, start=0, end=600, ready=True, size=100, recording_type="audio_only"):
    started = None if start is None else T0 + timedelta(seconds=start)
    ended = None if end is None else T0 + timedelta(seconds=end)
    return RecordingFile(file_id, kind, "X", recording_type, "x", size, started, ended, ready)


def test_files_that_begin_together_are_one_set():
    sets = file_sets([a_file("v", "video", start=1), a_file("a"), a_file("t", "transcript")])
    assert [[file.file_id for file in one.files] for one in sets] == [["a", "t", "v"]]
    assert (sets[0].offset, sets[0].started_at, sets[0].ended_at, gaps(sets)) == (0.0, T0, T0 + timedelta(seconds=600), ())


def test_the_last_second_of_the_calendar_is_a_start():
    end_of_time = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    sets = file_sets([replace(a_file("a"), started_at=end_of_time), replace(a_file("t", "transcript"), started_at=end_of_time)])
    assert [[file.file_id for file in one.files] for one in sets] == [["a", "t"]]


def test_stop_and_start_make_sets_in_time_with_the_gap_between():
    sets = file_sets([a_file("b", start=700, end=1000), a_file("a", end=600), a_file("bt", "transcript", start=700)])
    assert [[file.file_id for file in one.files] for one in sets] == [["a"], ["b", "bt"]]
    assert [(one.offset, one.end) for one in sets] == [(0.0, 600.0), (700.0, 1000.0)]
    assert gaps(sets) == (Gap(600.0, 700.0),)


def test_what_accompanies_joins_the_set_it_began_in():
    late = [a_file("p", "participant_audio", start=300), a_file("chat", "chat", start=800), a_file("early", "timeline", start=-5)]
    sets = file_sets([a_file("a"), a_file("b", start=700), *late, a_file("when", "chat", start=None)])
    assert [sorted(file.file_id for file in one.files) for one in sets] == [["a", "early", "p", "when"], ["b", "chat"]]


def test_a_set_still_being_prepared_is_a_set():
    sets = file_sets([a_file("a"), a_file("b", "other", start=700, end=None, ready=False)])
    assert [one.offset for one in sets] == [0.0, 700.0]
    assert sets[1].end is None


def test_no_gap_is_made_up_where_an_end_is_unknown_or_lies():
    assert gaps(file_sets([a_file("a", end=None), a_file("b", start=700)])) == ()
    assert gaps(file_sets([a_file("a", end=-10), a_file("b", start=700)])) == ()
    assert gaps(file_sets([a_file("a", end=900), a_file("b", start=700)])) == ()


def test_files_without_audio_or_any_time_are_sets_too():
    assert len(file_sets([a_file("t", "transcript"), a_file("u", "transcript", start=700)])) == 2
    assert [one.offset for one in file_sets([a_file("a", start=None)])] == [0.0]
    assert file_sets([]) == ()


@pytest.mark.parametrize(
    ("files", "best"),
    [
        ([a_file("v", "video", size=1), a_file("a", size=9)], "a"),
        ([a_file("v", "video", size=1), a_file("x", recording_type="")], "x"),
        ([a_file("i", recording_type="audio_interpretation"), a_file("v", "video")], "v"),
        ([a_file("i", recording_type="audio_interpretation")], "i"),
        ([a_file("big", "video", size=9), a_file("small", "video", size=1), a_file("unknown", "video", size=None)], "small"),
        ([a_file("a", ready=False), a_file("v", "video")], "v"),
        ([a_file("t", "transcript"), a_file("p", "participant_audio")], None),
        ([], None),
    ],
)
def test_audio_of_all_before_other_audio_before_the_smallest_video(files, best):
    found = best_source(files)
    assert (found and found.file_id) == best
