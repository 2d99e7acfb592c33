"""Which of many vectors belong together: agglomerative clustering by average linkage. Pure; quadratic in what is clustered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


def clustered(vectors: Floats, *, distance: float, most: int | None = None, exactly: int | None = None) -> list[int]:
    """A label from 0 for each of `vectors` (rows of length 1), in order of first appearance.

    Groups are joined while their mean cosine distance is below `distance` and while there are more than `most`; `exactly` fixes
    their number, as far as there are so many vectors.
    """
    count = len(vectors)
    merges = _merges(vectors)
    joined = sum(height < distance for height, _, _ in merges)
    joined = max(joined, count - most) if most else joined
    joined = count - min(exactly, count) if exactly else joined
    return _labels(count, [(a, b) for _, a, b in merges[: max(0, joined)]])


def _merges(vectors: Floats) -> list[tuple[float, int, int]]:
    """All joins as (distance, one, other), nearest first, by chains of nearest neighbours (Murtagh, 1983)."""
    import numpy as np

    count = len(vectors)
    distances = (1.0 - vectors @ vectors.T).astype(np.float32)
    np.fill_diagonal(distances, np.inf)
    sizes, alive = np.ones(count, dtype=np.float32), np.ones(count, dtype=bool)
    merges: list[tuple[float, int, int]] = []
    chain: list[int] = []
    while len(merges) < count - 1:
        if not chain:
            chain.append(int(np.flatnonzero(alive)[0]))
        last = chain[-1]
        nearest = int(np.argmin(distances[last]))
        if len(chain) > 1 and distances[last, nearest] >= distances[last, chain[-2]]:
            nearest = chain[-2]  # ties go to where the chain came from, else it would never end
        if len(chain) > 1 and nearest == chain[-2]:
            merges.append((float(distances[last, nearest]), nearest, last))
            _join(distances, sizes, alive, nearest, last)
            del chain[-2:]
        else:
            chain.append(nearest)
    return sorted(merges, key=lambda merge: merge[0])


def _join(distances: Floats, sizes: Floats, alive: npt.NDArray[np.bool_], kept: int, gone: int) -> None:
    import numpy as np

    both = sizes[kept] + sizes[gone]
    mean = (sizes[kept] * distances[kept] + sizes[gone] * distances[gone]) / both
    distances[kept], distances[:, kept] = mean, mean
    distances[kept, kept] = np.inf
    distances[gone], distances[:, gone] = np.inf, np.inf
    sizes[kept], alive[gone] = both, False


def _labels(count: int, joins: list[tuple[int, int]]) -> list[int]:
    parent = list(range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for a, b in joins:
        parent[root(b)] = root(a)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(one), len(numbers)) for one in range(count)]
