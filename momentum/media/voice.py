"""Where somebody speaks: Silero's voice activity network over a stream of PCM.

The network is the ONNX file inside faster-whisper's wheel (Silero VAD v6, MIT, https://github.com/snakers4/silero-vad); it
hears frames of 512 samples, each with the 64 samples before it, and carries two state vectors from frame to frame.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentum.packaged import installed_folder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

FRAME = 512
"""Samples of one frame at 16 kHz: 32 ms."""

_CONTEXT = 64
# Frames are always evaluated in the same groups, however the bytes arrive: the same audio then gives the same probabilities
# to the last bit, the same cuts, and so the same keys in the ledger.
_GROUP = 64
_GROUP_BYTES = _GROUP * FRAME * 2


class VoiceGate:
    """Speech probabilities (0..1), one for each 512 samples fed, with at most two seconds held back. One gate per stream."""

    def __init__(self) -> None:
        self._network = _network()
        self._pending = bytearray()
        self._tail, self._h, self._c = _at_rest()

    def feed(self, pcm: bytes) -> list[float]:
        """Probabilities of the frames that are complete now. `pcm` is 16 kHz mono int16, any length."""
        self._pending += pcm
        probabilities: list[float] = []
        whole = len(self._pending) // _GROUP_BYTES * _GROUP_BYTES
        for at in range(0, whole, _GROUP_BYTES):
            probabilities += self._group(bytes(self._pending[at : at + _GROUP_BYTES]))
        del self._pending[:whole]
        return probabilities

    def finish(self) -> list[float]:
        """Probabilities of what is left; a last half frame counts as one, filled up with silence."""
        missing = -len(self._pending) % (FRAME * 2)
        left, self._pending = bytes(self._pending) + bytes(missing), bytearray()
        return self._group(left) if left else []

    def _group(self, pcm: bytes) -> list[float]:
        if not pcm.strip(b"\0"):  # digital silence: hours of it cost nothing
            self._tail, self._h, self._c = _at_rest()
            return [0.0] * (len(pcm) // 2 // FRAME)
        import numpy as np  # here, since a worker that waits does well without its 15 MB

        frames = np.frombuffer(pcm, dtype="<i2").astype(np.float32).reshape(-1, FRAME) / 32768.0
        before = np.concatenate([self._tail[None, :], frames[:-1, -_CONTEXT:]])
        inputs = {"input": np.concatenate([before, frames], axis=1), "h": self._h, "c": self._c}
        output, self._h, self._c = self._network.run(None, inputs)
        self._tail = frames[-1, -_CONTEXT:]
        return [float(p) for p in np.asarray(output).reshape(-1)]


def _at_rest() -> tuple[Floats, Floats, Floats]:
    """The samples before the first frame and the network's two state vectors, as at the beginning of a stream."""
    import numpy as np

    return np.zeros(_CONTEXT, np.float32), np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)


@cache
def _network() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1  # frames depend on each other: more threads only wait
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(_onnx_file()), providers=["CPUExecutionProvider"], sess_options=options)


def _onnx_file() -> Path:
    # Not imported: faster_whisper itself takes half a second to load, and the OpenAI engine never needs it.
    folder = installed_folder("faster_whisper")
    if folder is None:
        raise ModuleNotFoundError("faster_whisper", name="faster_whisper")
    return next((folder / "assets").glob("silero_vad_v6*.onnx"))
