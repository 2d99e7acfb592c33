"""Vectors that point the same way belong together."""

import numpy as np
import pytest

from momentum.media.clusters import clustered


def around(count, *, people, seed=1, noise=0.25):
    """Unit vectors of so many people in turn, with noise, in 32 dimensions."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(32, people)))[0].T
    vectors = np.stack([centres[i % people] + rng.normal(scale=noise / 6, size=32) for i in range(count)])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("people", [1, 2, 3, 6])
def test_people_are_found_without_knowing_how_many(people):
    labels = clustered(around(60, people=people), distance=0.3)
    assert labels == [i % people for i in range(60)]


def test_no_more_people_than_took_part():
    vectors = around(40, people=4)
    assert len(set(clustered(vectors, distance=0.3, most=2))) == 2
    assert len(set(clustered(vectors, distance=0.3, most=9))) == 4
    assert len(set(clustered(vectors, distance=0.3, exactly=6))) == 6
    assert len(set(clustered(vectors[:3], distance=0.3, exactly=6))) == 3


def test_one_and_equal_vectors():
    assert clustered(around(1, people=1), distance=0.3) == [0]
    assert clustered(np.repeat(around(1, people=1), 9, axis=0), distance=0.3) == [0] * 9


def test_the_mean_distance_decides_and_not_the_nearest():
    """Average linkage: a chain of neighbours is no group."""
    angles = np.radians([0, 40, 80, 120])
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert clustered(chain, distance=0.3) == [0, 0, 1, 1]
