"""How a voice sounds, as 256 numbers: the same voice gives vectors that point the same way.

The network is Resemblyzer's speaker encoder (Apache-2.0, https://github.com/resemble-ai/Resemblyzer; Wan et al., "Generalized
end-to-end loss for speaker verification", 2018): three LSTM layers over 40 mel bands. Its weights lie in that package, which is
read as data and never imported; numpy does the counting. Such vectors are biometric data: docs/explanation/data.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from momentum.errors import ErrorCode, Permanent
from momentum.media.torch_file import tensors
from momentum.model import SAMPLE_RATE
from momentum.packaged import installed_file, trusted_bytes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

WEIGHTS_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
WIDTH = 256
_LAYERS, _BANDS = 3, 40
_WINDOW, _HOP = 400, 160
_PARTIAL = 160
"""Frames of 10 ms that the network was trained to hear at once."""
_STEP = 160
_MOST_PARTIALS = 3
"""Of one piece: five seconds tell a voice, more only cost time."""
_LOUDNESS = 10 ** (-30 / 20)
_EPSILON = 1e-6


def installed_weights() -> Path | None:
    """The file of weights, found without running any of its package; None when it is not installed."""
    return installed_file("resemblyzer", "pretrained.pt")


class VoiceEncoder:
    """Sound to vectors. Loads at first use (0.2 s, 6 MB); threads may share it."""

    name = "resemblyzer-0.1.4"

    def __init__(self, weights: Path) -> None:
        self._weights = weights

    def embed(self, pieces: Sequence[bytes]) -> list[Floats]:
        """One vector of length 1 for each piece of one voice (16 kHz mono int16, half a second or more).

        About twenty times as fast as speech on one core. Raises Permanent(WEIGHTS_UNTRUSTED).
        """
        import numpy as np

        partials = [_partials(_mel(piece)) for piece in pieces]
        vectors = _network(self._weights).forward(np.concatenate(partials)) if pieces else np.zeros((0, WIDTH), np.float32)
        ends = np.cumsum([len(one) for one in partials])
        return [_unit(vectors[end - len(one) : end].mean(axis=0)) for one, end in zip(partials, ends, strict=True)]


def _unit(vector: Floats) -> Floats:
    import numpy as np

    length = float(np.linalg.norm(vector))
    return np.asarray(vector / (length or 1.0), dtype=np.float32)


# --- sound --------------------------------------------------------------------------------------------


def _mel(pcm: bytes) -> Floats:
    """The power in 40 bands of each 10 ms, of sound made as loud as the network knows it; quiet sound only becomes louder."""
    import numpy as np

    sound = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float32) / 32768.0
    loudness = float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
    if 0 < loudness < _LOUDNESS:
        sound *= _LOUDNESS / loudness
    padded = np.pad(sound, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    # A Hann window that is periodic, as spectral analysis has it.
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    return np.asarray(power @ _filters().T, dtype=np.float32)


def _partials(mel: Floats) -> Floats:
    """Stretches of 1.6 s, (count, 160, 40); a shorter piece is one, filled up by itself again and again."""
    import numpy as np

    if len(mel) < _PARTIAL:
        mel = np.tile(mel, (-(-_PARTIAL // max(1, len(mel))), 1))[:_PARTIAL]
    starts = range(0, len(mel) - _PARTIAL + 1, _STEP)
    return np.stack([mel[start : start + _PARTIAL] for start in list(starts)[:_MOST_PARTIALS]])


@cache
def _filters() -> Floats:
    """Triangles of equal area on Slaney's mel scale (https://engineering.purdue.edu/~malcolm/interval/1998-010/), (40, 201)."""
    import numpy as np

    edges = _hertz(np.linspace(0.0, _mels(SAMPLE_RATE / 2), _BANDS + 2))
    bins = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    rising = (bins[None, :] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins[None, :]) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None], dtype=np.float32)


_LINEAR_HERTZ, _LINEAR_MELS = 200.0 / 3, 15.0
"""Hertz to a mel below 1 kHz, and the mels of 1 kHz; above it 27 mels are a factor of 6.4."""


def _mels(hertz: float) -> float:
    import math

    return _LINEAR_MELS + math.log(hertz / 1000.0) / (math.log(6.4) / 27.0)


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    above = 1000.0 * np.exp((np.log(6.4) / 27.0) * (mels - _LINEAR_MELS))
    return np.where(mels < _LINEAR_MELS, mels * _LINEAR_HERTZ, above)


# --- the network ----------------------------------------------------------------------------------------


class _Network:
    def __init__(self, weights: dict[str, Floats]) -> None:
        self._layers = [
            (
                weights[f"lstm.weight_ih_l{n}"].T.copy(),
                weights[f"lstm.weight_hh_l{n}"].T.copy(),
                weights[f"lstm.bias_ih_l{n}"] + weights[f"lstm.bias_hh_l{n}"],
            )
            for n in range(_LAYERS)
        ]
        self._out, self._bias = weights["linear.weight"].T.copy(), weights["linear.bias"]

    def forward(self, mels: Floats) -> Floats:
        """(count, frames, 40) to (count, 256), each of length 1."""
        import numpy as np

        heard = mels
        for layer in self._layers:
            heard = _lstm(heard, *layer)
        raw = np.maximum(heard[:, -1] @ self._out + self._bias, 0.0)
        return np.asarray(raw / (np.linalg.norm(raw, axis=1, keepdims=True) + _EPSILON), dtype=np.float32)


def _lstm(inputs: Floats, to_gates: Floats, recurrent: Floats, bias: Floats) -> Floats:
    """All outputs of one layer; gates stand in PyTorch's order: input, forget, cell, output."""
    import numpy as np

    count, frames, _ = inputs.shape
    given = inputs @ to_gates + bias
    hidden, cell = np.zeros((count, WIDTH), np.float32), np.zeros((count, WIDTH), np.float32)
    outputs = np.empty((count, frames, WIDTH), np.float32)
    for frame in range(frames):
        gates = given[:, frame] + hidden @ recurrent
        into, keep, fresh, out = (gates[:, n * WIDTH : (n + 1) * WIDTH] for n in range(4))
        cell = _sigmoid(keep) * cell + _sigmoid(into) * np.tanh(fresh)
        hidden = _sigmoid(out) * np.tanh(cell)
        outputs[:, frame] = hidden
    return outputs


def _sigmoid(values: Floats) -> Floats:
    import numpy as np

    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float32)


@cache
def _network(weights: Path) -> _Network:
    untrusted = Permanent(
        ErrorCode.WEIGHTS_UNTRUSTED,
        "The weights that tell voices apart are not the file we know, so they were not loaded. "
        "Reinstall the packages of requirements.lock, or set ESTIMATE_SPEAKERS=false.",
    )
    return _Network(tensors(trusted_bytes(weights, WEIGHTS_SHA256, otherwise=untrusted), "model_state"))
