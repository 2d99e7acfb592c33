"""Names from the provider's captions, words from ours."""

from momentum.model import Segment
from momentum.pipeline.attribute import attribute


def said(start, end, text="words", speaker=None, number=0):
    return Segment(number, start, end, text, speaker)


def names(segments, captions):
    return [s.speaker for s in attribute(segments, captions)]


def test_the_longest_overlap_names_the_speaker():
    captions = [said(0, 4, speaker="Ada"), said(4, 10, speaker="Ben")]
    assert names([said(0, 4), said(3, 9), said(9.5, 10)], captions) == ["Ada", "Ben", "Ben"]


def test_several_short_captions_count_together():
    captions = [said(0, 1, speaker="Ada"), said(1, 2.5, speaker="Ben"), said(2.5, 4, speaker="Ada")]
    assert names([said(0, 4)], captions) == ["Ada"]


def test_where_nobody_is_captioned_nobody_is_named():
    assert names([said(20, 22)], [said(0, 4, speaker="Ada")]) == [None]


def test_a_brush_with_a_caption_is_no_evidence():
    assert names([said(0, 10)], [said(9, 20, speaker="Ada")]) == [None]


def test_captions_without_names_name_nobody():
    assert names([said(0, 4)], [said(0, 4)]) == [None]


def test_a_long_caption_that_began_early_is_found():
    captions = [said(0, 30, speaker="Ada"), said(1, 2, speaker="Ben")]
    assert names([said(20, 25)], captions) == ["Ada"]
