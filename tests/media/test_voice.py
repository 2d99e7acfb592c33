"""The voice gate hears what Silero's own runner hears, however the bytes arrive."""

import random

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model

from momentum.media.voice import FRAME, VoiceGate

SECOND = 16_000 * 2


def gate(pcm, sizes=(10**9,)):
    voice, probabilities, at = VoiceGate(), [], 0
    while at < len(pcm):
        for size in sizes:
            probabilities += voice.feed(pcm[at : at + size])
            at += size
    return probabilities + voice.finish()


def test_it_agrees_with_the_library_that_brings_the_network(read_speech):
    pcm = b"".join(pcm for pcm, _ in read_speech)
    whole = np.frombuffer(pcm[: len(pcm) // (FRAME * 2) * FRAME * 2], dtype="<i2").astype(np.float32) / 32768
    expected = get_vad_model()(whole).reshape(-1)
    assert np.abs(np.array(gate(pcm)[: len(expected) - 1]) - expected[:-1]).max() < 1e-3


def test_speech_is_heard_and_silence_noise_and_tones_are_not(read_speech):
    rng = np.random.default_rng(1)
    noise = (rng.normal(0, 800, 16_000 * 5)).astype("<i2").tobytes()
    tone = (8000 * np.sin(np.arange(16_000 * 5) * 440 * 2 * np.pi / 16_000)).astype("<i2").tobytes()
    assert np.mean(np.array(gate(read_speech[0][0])) > 0.5) > 0.6
    assert max(gate(bytes(SECOND * 5))) < 0.1
    assert np.mean(np.array(gate(noise)) > 0.5) < 0.05
    assert np.mean(np.array(gate(tone)) > 0.5) < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_the_same_audio_gives_the_same_numbers_to_the_last_bit(read_speech, seed):
    pcm = b"".join(pcm for pcm, _ in read_speech[:3])
    sizes = [2 * random.Random(seed).randint(1, 40_000) for _ in range(5)]
    assert gate(pcm, sizes) == gate(pcm)


def test_every_frame_is_judged_once():
    assert len(gate(bytes(FRAME * 2 * 100))) == 100
    assert len(gate(bytes(FRAME * 2 * 100 + 2))) == 101
    assert gate(b"") == []


def test_speech_after_hours_of_silence_is_heard_as_at_the_beginning(read_speech):
    silence = bytes(FRAME * 2 * 64 * 1000)
    assert gate(silence + read_speech[0][0])[64 * 1000 :] == gate(read_speech[0][0])
