"""What a text means, as numbers: texts that mean nearly the same have vectors that point nearly the same way.

minilm.py    a small model that comes along, for English
remote.py    any server that speaks OpenAI's embeddings API
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Texts to vectors of length 1."""

    @property
    def name(self) -> str:
        """Of the model and whatever else decides what comes out: vectors of two names cannot be compared."""
        ...

    @property
    def host(self) -> str | None:
        """Who gets the texts; None where they stay in this process."""
        ...

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1 codes of what it was trained on; None: all. To others everything means the same."""
        ...

    @property
    def floor(self) -> float:
        """Cosine below which two texts have nothing to do with each other."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector for each text, in order; the end of a long one is not read. Raises the words of `errors`."""
        ...

    async def aclose(self) -> None: ...
