"""Reads the tensors of a PyTorch checkpoint in its first format (before 1.6) without PyTorch and without running anything in it.

The file is five pickles (magic number, protocol, machine, the object, keys of the storages) and behind them the storages, each
a count and its numbers. Only the few names that a dictionary of tensors needs are known here; any other is refused.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_MAGIC = 0x1950A86A20F9469CFC6C


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: str
    offset: int
    shape: tuple[int, ...]


def tensors(data: bytes, of: str) -> dict[str, Floats]:
    """The tensors by name in the dictionary `of` of a checkpoint. Raises ValueError for what is no such file."""
    file = io.BytesIO(data)
    try:
        if _Plain(file).load() != _MAGIC:
            raise ValueError("not a PyTorch checkpoint of the first format")
        for _ in range(2):
            _Plain(file).load()
        found: dict[str, _Tensor] = _Plain(file).load()[of]
        keys: list[str] = _Plain(file).load()
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, IndexError) as error:
        raise ValueError("not a checkpoint of plain tensors") from error
    storages = {key: _storage(file) for key in keys}
    return {name: _shaped(tensor, storages) for name, tensor in found.items()}


def _storage(file: io.BytesIO) -> Floats:
    import numpy as np

    (count,) = np.frombuffer(file.read(8), dtype="<i8")
    return np.frombuffer(file.read(4 * int(count)), dtype="<f4")


def _shaped(tensor: _Tensor, storages: dict[str, Floats]) -> Floats:
    import numpy as np

    count = int(np.prod(tensor.shape))
    return storages[tensor.storage][tensor.offset : tensor.offset + count].reshape(tensor.shape)


def _rebuilt(storage: str, offset: int, shape: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape))


_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
    ("torch", "FloatStorage"): "FloatStorage",
}


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} is not known here")
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> str:
        return str(pid[2])
