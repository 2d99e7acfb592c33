"""Sentences from words, windows from speech, times for texts without any."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.model import Word
from momentum.transcribers.sentences import sentences, whole
from momentum.transcribers.spread import split, spread
from momentum.transcribers.windows import LONGEST, PAD, windows


def words(text, step=0.4):
    return [Word(f" {w}", i * step, i * step + 0.3) for i, w in enumerate(text.split())]


def texts(segments):
    return [segment.text for segment in segments]


def test_a_sentence_ends_at_its_mark_and_not_at_an_abbreviation():
    found = sentences(words("Ask Dr. Roe, please. Will J. Doe come? Yes"), seconds=60)
    assert texts(found) == ["Ask Dr. Roe, please.", "Will J. Doe come?", "Yes"]
    assert (found[1].start, found[1].end) == (pytest.approx(1.6), pytest.approx(3.1))


def test_a_long_pause_ends_a_segment_without_a_mark():
    assert texts(sentences([Word(" well", 0, 1), Word(" then", 4, 5)], seconds=9)) == ["well", "then"]


def test_endless_speech_is_parted():
    found = sentences(words("word " * 400, 0.5), seconds=300)
    assert all(len(s.words) <= 101 for s in found)
    assert sum(len(s.words) for s in found) == 400


def test_tokens_without_a_blank_belong_to_the_word_before_them():
    pieces = [Word(" spend", 0, 0.4), Word(" $15", 0.5, 0.9), Word(",000", 0.9, 1.4), Word(" on", 1.5, 1.6)]
    assert [(w.text, w.start, w.end) for w in whole(pieces)] == [(" spend", 0, 0.4), (" $15,000", 0.5, 1.4), (" on", 1.5, 1.6)]


def test_languages_without_spaces_stay_without():
    found = sentences([Word("これは", 0, 1), Word("本。", 1, 2), Word("はい", 2, 3)], seconds=3)
    assert texts(found) == ["これは本。", "はい"]


@given(st.lists(st.tuples(st.floats(-5, 100), st.floats(-5, 100), st.sampled_from(["a", "b.", "c,", " "])), max_size=40))
def test_times_are_inside_and_in_order_whatever_an_engine_says(items):
    found = sentences([Word(f" {text}", start, end) for start, end, text in items], seconds=30)
    starts = [w.start for s in found for w in s.words]
    assert starts == sorted(starts)
    assert all(0 <= s.start <= s.end <= 30 for s in found)
    assert sum(len(s.words) for s in found) == sum(1 for *_, text in items if text.strip())


spans = st.lists(st.tuples(st.floats(0.1, 40), st.floats(0.35, 9)), min_size=1, max_size=8).map(
    lambda parts: [
        (sum(a + b for a, b in parts[:i]) + gap, sum(a + b for a, b in parts[:i]) + gap + length) for i, (length, gap) in enumerate(parts)
    ]
)


@given(spans)
def test_windows_hold_all_speech_within_what_whisper_hears(speech):
    pcm = np.zeros(int((speech[-1][1] + 1) * 16_000), dtype="<i2").tobytes()
    found = windows(pcm, speech)
    assert all(0 <= start < end <= len(pcm) / 32_000 + 1e-6 and end - start <= 30 for start, end in found)
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(found))
    covered = sum(min(e, end) - max(s, start) for s, e in speech for start, end in found if min(e, end) > max(s, start))
    assert covered == pytest.approx(sum(e - s for s, e in speech), abs=1e-3)


def test_a_span_longer_than_a_window_is_cut_where_it_is_quiet():
    samples = np.full(16_000 * 40, 5000, dtype="<i2")
    samples[int(26.5 * 16_000) : 27 * 16_000] = 0
    first, second = windows(samples.tobytes(), [(0, 40)])
    assert 26.5 <= first[1] <= 27
    assert first[1] == second[0]
    assert LONGEST + 2 * PAD < 30


def test_sentences_without_times_lie_in_speech_and_break_at_its_pauses():
    found = spread("Hello there. I am Dr. Roe, at 3.5 percent! Fine.", [(1, 2), (4, 6.5), (10, 10.5)])
    assert [(s.text, s.start, s.end) for s in found] == [
        ("Hello there.", 1, 2),
        ("I am Dr. Roe, at 3.5 percent!", 4, 6.5),
        ("Fine.", 10, 10.5),
    ]


@given(st.text("abc .!?,。", max_size=300), st.lists(st.floats(0.2, 9), min_size=2, max_size=12))
def test_no_character_is_lost_and_no_time_runs_backwards(text, edges):
    moments = [sum(edges[: i + 1]) for i in range(len(edges) // 2 * 2)]
    speech = list(zip(moments[::2], moments[1::2], strict=True))
    found = spread(text, speech)
    assert "".join("".join(texts(found)).split()) == "".join(text.split())
    starts = [s.start for s in found]
    assert starts == sorted(starts)
    assert all(speech[0][0] <= s.start <= s.end <= speech[-1][1] + 1e-9 for s in found)


def test_a_text_without_marks_is_parted_at_spaces():
    parts = split("word " * 200)
    assert " ".join(parts).split() == ["word"] * 200
    assert max(map(len, parts)) <= 240
