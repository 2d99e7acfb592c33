"""Voices as vectors: the same voice points the same way, and only the weights we know are loaded."""

import io
import pickle
from io import BytesIO

import av
import numpy as np
import pytest

from momentum import packaged
from momentum.errors import ErrorCode, Permanent
from momentum.media.torch_file import tensors
from momentum.media.voiceprint import VoiceEncoder, installed_weights
from momentum.sandbox.samples import load


@pytest.fixture(scope="module")
def encoder():
    return VoiceEncoder(installed_weights())


@pytest.fixture(scope="module")
def sentences():
    """(speaker, sound) of every long sentence of a sample."""
    sample, resampler = load("customer"), av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(BytesIO(sample.audio)) as container:
        pcm = b"".join(f.to_ndarray().tobytes() for d in [*container.decode(audio=0), None] for f in resampler.resample(d))
    return [(who, pcm[round(a * 16_000) * 2 : round(b * 16_000) * 2]) for who, a, b, _ in sample.lines if b - a > 1.2]


def test_a_voice_is_nearer_to_itself_than_to_others(encoder, sentences):
    vectors = np.stack(encoder.embed([sound for _, sound in sentences]))
    alike = vectors @ vectors.T
    same = np.equal.outer([who for who, _ in sentences], [who for who, _ in sentences])
    others = ~np.eye(len(vectors), dtype=bool)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(vectors)), abs=1e-4)
    assert alike[same & others].mean() > 0.75
    assert alike[~same].mean() < 0.7
    nearest = np.where(others, alike, -1).argmax(axis=1)
    assert np.mean([sentences[i][0] == sentences[n][0] for i, n in enumerate(nearest)]) > 0.95


def test_a_vector_does_not_depend_on_its_company(encoder, sentences):
    together = encoder.embed([sound for _, sound in sentences[:4]])
    alone = [encoder.embed([sound])[0] for _, sound in sentences[:4]]
    assert np.abs(np.stack(together) - np.stack(alone)).max() < 1e-4


def test_quiet_sound_is_made_louder(encoder, sentences):
    sound = np.frombuffer(sentences[0][1], dtype="<i2")
    quiet, quieter = encoder.embed([(sound // 5).astype("<i2").tobytes(), (sound // 20).astype("<i2").tobytes()])
    assert float(quiet @ quieter) > 0.97


def test_silence_and_scraps_are_vectors_too(encoder):
    assert [len(v) for v in encoder.embed([b"", bytes(100), bytes(32_000)])] == [256] * 3
    assert encoder.embed([]) == []


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "pretrained.pt"
    path.write_bytes(installed_weights().read_bytes()[:-1] + b"x")
    with pytest.raises(Permanent) as caught:
        VoiceEncoder(path).embed([bytes(32_000)])
    assert caught.value.code == ErrorCode.WEIGHTS_UNTRUSTED


def test_missing_weights_are_no_error(monkeypatch):
    monkeypatch.setattr(packaged, "find_spec", lambda _: None)
    assert installed_weights() is None


class Payload:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", pickle.dumps(1), pickle.dumps(Payload())])
def test_what_is_no_checkpoint_is_refused_and_not_run(content, capsys):
    with pytest.raises(ValueError, match="checkpoint"):
        tensors(content, "model_state")
    assert capsys.readouterr().out == ""


def test_a_checkpoint_that_holds_more_than_tensors_is_refused(capsys):
    file = io.BytesIO()
    for item in (0x1950A86A20F9469CFC6C, 1001, {}, {"model_state": Payload()}):
        pickle.dump(item, file)
    with pytest.raises(ValueError, match="plain tensors"):
        tensors(file.getvalue(), "model_state")
    assert capsys.readouterr().out == ""
