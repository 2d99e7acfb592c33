"""Chunks begin where they say, hold all speech once, and end at silences."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentum.media.cuts import FIRST_SECONDS, PAD, SKIPPED_SILENCE, Cutter
from momentum.media.voice import FRAME

FPS = 16_000 / FRAME


def frames(*stretches):
    """Probabilities from (seconds, probability) stretches."""
    return [p for seconds, p in stretches for _ in range(round(seconds * FPS))]


def numbered(count):
    """PCM in which every sample tells its position."""
    return (np.arange(count * FRAME) % 32_000).astype("<i2").tobytes()


def cut(probabilities, target=20.0, longest=30.0, step=None, **options):
    pcm, cutter = numbered(len(probabilities)), Cutter(target, longest, **options)
    step = step or len(probabilities) or 1
    chunks = []
    for at in range(0, len(probabilities), step):
        chunks += cutter.feed(pcm[at * FRAME * 2 : (at + step) * FRAME * 2], probabilities[at : at + step])
    return chunks + cutter.finish()


def test_silence_is_no_chunk():
    assert cut(frames((3600, 0.02))) == []
    assert Cutter(20, 30).finish() == []


def test_a_chunk_knows_its_start_by_the_sample():
    (chunk,) = cut(frames((7, 0.0), (3, 0.9), (20, 0.0)))
    start = round(chunk.start * 16_000)
    assert chunk.pcm == numbered(30 * 32)[start * 2 : start * 2 + len(chunk.pcm)]
    assert chunk.start == pytest.approx(7 - PAD, abs=0.04)
    assert chunk.seconds == pytest.approx(3 + 2 * PAD, abs=0.08)
    assert chunk.speech[0] == pytest.approx((PAD, PAD + 3), abs=0.04)
    assert chunk.digest == hashlib.sha256(chunk.pcm).hexdigest()


def test_long_silence_is_skipped_and_a_short_pause_is_kept():
    talk = (3, 0.9)
    assert len(cut(frames(talk, (SKIPPED_SILENCE - 2, 0.0), talk))) == 1
    first, second = cut(frames(talk, (SKIPPED_SILENCE + 2, 0.0), talk))
    assert second.start - (first.start + first.seconds) > SKIPPED_SILENCE - 1
    assert (first.index, second.index) == (0, 1)


def test_after_the_target_it_ends_at_the_next_pause():
    chunks = cut(frames((18, 0.9), (0.5, 0.0), (4, 0.9), (0.5, 0.0), (5, 0.9)))
    assert [round(c.start + c.seconds) for c in chunks] == [23, 28]
    assert not any(c.forced_cut for c in chunks)


def test_the_first_chunks_come_early():
    sentences = frames(*((8, 0.9), (0.5, 0.0)) * 180)
    lengths = [chunk.seconds for chunk in cut(sentences, target=300.0, longest=600.0)]
    assert [round(seconds / FIRST_SECONDS) for seconds in lengths[:5]] == [1, 2, 3, 4, 5]
    assert lengths[5] == pytest.approx(300, abs=10)
    assert cut(sentences, target=300.0, longest=600.0, early=False)[0].seconds == pytest.approx(300, abs=10)


def test_at_the_maximum_it_ends_at_the_longest_pause_of_its_second_half():
    before_target = frames((10, 0.9), (3, 0.0), (7, 0.9), (0.5, 0.0), (14, 0.9))
    first, second = cut(before_target, target=29, longest=30)
    assert (round(first.seconds), first.forced_cut) == (20, False)
    assert second.start == pytest.approx(first.start + first.seconds)


def test_without_any_pause_it_is_forced_at_the_frame_least_like_speech_and_says_so():
    speech = frames((28.5, 0.95), (0.1, 0.6), (20, 0.95))
    first, second = cut(speech, longest=30)
    assert first.forced_cut
    assert first.seconds == pytest.approx(28.5, abs=0.15)
    assert second.start == first.start + first.seconds
    assert first.speech[-1][1] == pytest.approx(first.seconds)


def test_a_hesitant_gate_does_not_break_a_word():
    (chunk,) = cut(frames((2, 0.9), (1, 0.4), (2, 0.9)))
    assert len(chunk.speech) == 1


stretches = st.lists(st.tuples(st.floats(0.05, 12), st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.95])), max_size=25)


@settings(max_examples=60, deadline=None)
@given(stretches, st.integers(1, 400))
def test_all_speech_is_in_exactly_one_chunk(parts, step):
    probabilities = frames(*parts)
    pcm, chunks = numbered(len(probabilities)), cut(probabilities, 5, 8, step)
    assert chunks == cut(probabilities, 5, 8)
    held = []
    for chunk in chunks:
        first = round(chunk.start * FPS)
        assert chunk.start == first / FPS
        assert chunk.pcm == pcm[first * FRAME * 2 : first * FRAME * 2 + len(chunk.pcm)]
        assert 0 < chunk.seconds <= 8
        edges = [edge for span in chunk.speech for edge in span]
        assert edges == sorted(edges)
        assert edges[0] >= 0
        assert edges[-1] <= chunk.seconds + 1e-9
        held += range(first, first + len(chunk.pcm) // 2 // FRAME)
    assert held == sorted(set(held))
    assert {i for i, p in enumerate(probabilities) if p >= 0.5} <= set(held)


def test_memory_is_bounded_by_the_longest_chunk_and_what_was_fed():
    cutter, block = Cutter(20, 30), numbered(32)
    for part in ([0.9] * 32, [0.0] * 32):
        for _ in range(300):
            cutter.feed(block, part)
            assert len(cutter._pcm) <= 31 * 32_000 + len(block)
