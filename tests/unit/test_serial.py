import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.model import Coverage, Gap, GapReason, Heard, Options, Segment, Tokens, Usage, Word
from momentum.store import serial

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
SECONDS = st.floats(0, 1e6)
CHANCE = st.floats(0, 1)
WORDS = st.builds(Word, TEXT, SECONDS, SECONDS, st.none() | CHANCE)
SEGMENTS = st.builds(
    Segment,
    st.integers(0, 99999),
    SECONDS,
    SECONDS,
    TEXT,
    st.none() | TEXT,
    st.lists(WORDS, max_size=3).map(tuple),
    st.tuples() | st.tuples(TEXT),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)
IDS = st.lists(st.integers(0, 50)).map(tuple)


def stored(value):
    """What comes back from a jsonb column."""
    return json.loads(serial.compact(value))


@given(st.lists(SEGMENTS, max_size=4).map(tuple))
def test_segments_come_back_as_they_were(segments):
    assert serial.load_segments(stored(serial.dump_segments(segments))) == segments


@given(
    st.builds(
        Heard, st.lists(SEGMENTS, max_size=2).map(tuple), st.none() | TEXT, st.none() | SECONDS, st.none() | st.dictionaries(TEXT, JSON)
    )
)
def test_what_an_engine_heard_comes_back_as_it_was(heard):
    assert serial.load_heard(stored(serial.dump_heard(heard))) == heard


UNREAD = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), TEXT), max_size=2).map(tuple)
COUNTS = st.integers(0, 9**9)


@given(st.builds(Coverage, IDS, IDS, UNREAD, IDS, st.builds(Tokens, COUNTS, COUNTS, COUNTS)))
def test_coverage_comes_back_in_its_order(coverage):
    assert serial.load_coverage(stored(serial.dump_coverage(coverage))) == coverage


@given(st.builds(Usage, st.integers(0, 9**9), st.integers(0, 9**9), st.integers(0, 9), SECONDS))
def test_usage_comes_back(usage):
    assert serial.load_usage(stored(serial.dump_usage(usage))) == usage


MAYBE = st.none() | TEXT


@given(st.builds(Options, st.lists(TEXT).map(tuple), TEXT, MAYBE, MAYBE, MAYBE, MAYBE, st.booleans(), MAYBE))
def test_options_come_back(options):
    assert serial.load_options(stored(serial.dump_options(options))) == options


@given(st.lists(st.builds(Gap, SECONDS, SECONDS, st.sampled_from(GapReason), st.sampled_from(["", "talk.mp4 is incomplete."]))).map(tuple))
def test_gaps_come_back(gaps):
    assert serial.load_gaps(stored(serial.dump_gaps(gaps))) == gaps


def test_a_gap_that_was_stored_without_a_reason_was_not_recorded():
    assert serial.load_gaps([[1.0, 2.0]]) == (Gap(1.0, 2.0, GapReason.NOT_RECORDED),)


def test_a_transcript_is_stored_compactly():
    words = tuple(Word(f"word{n}", n / 2, n / 2 + 0.4) for n in range(10))
    segment = Segment(7, 0.0, 5.0, " ".join(word.text for word in words), words=words)

    assert serial.dump_segments([Segment(7, 0.0, 5.0, "Hello.")]) == [{"i": 7, "s": 0.0, "e": 5.0, "t": "Hello."}]
    assert len(serial.compact(serial.dump_segments([segment]))) < 310


def test_a_whole_transcript_sent_is_one_run():
    assert serial.dump_coverage(Coverage(sent=tuple(range(5000))))["sent"] == [[0, 4999]]


@given(st.text())
def test_cleaned_text_is_what_postgresql_can_store(text):
    cleaned = serial.clean(text)

    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned


@given(TEXT)
def test_good_text_stays_as_it_is(text):
    assert serial.clean(text) == text


def test_a_value_is_cleaned_to_its_leaves():
    assert serial.storable({"a\0": ("b\0", ["\ud800", 1, None])}) == {"a": ["b", ["\ufffd", 1, None]]}


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        serial.compact([math.nan])
