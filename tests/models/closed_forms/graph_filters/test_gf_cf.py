"""GF-CF against the dense formula with numpy's singular vectors, and bad input."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from ragx.data.interactions import Interactions
from ragx.models import GFCF, LinearFilter


def scores_of(model: GFCF | LinearFilter, train: Interactions) -> np.ndarray:
    return np.asarray(model.fit(train).scores(torch.arange(train.num_users), slice(0, train.num_items)))


def test_the_dense_formula_holds(
    train: Interactions,
    dense: Callable[[Interactions, float, float], np.ndarray],
    degree_power: Callable[[np.ndarray, float], np.ndarray],
) -> None:
    matrix, seen = dense(train, 0.5, 0.5), train.matrix().toarray()
    vectors, degrees = np.linalg.svd(matrix)[2][:4].T, seen.sum(0)
    ideal = degree_power(degrees, -0.5)[:, None] * (vectors @ vectors.T) * degree_power(degrees, 0.5)
    expected = seen @ (matrix.T @ matrix + 0.7 * ideal)
    assert scores_of(GFCF(alpha=0.7, vectors=4), train) == pytest.approx(expected, abs=1e-5)


def test_without_a_weight_it_is_the_linear_filter(train: Interactions) -> None:
    assert np.array_equal(scores_of(GFCF(alpha=0, vectors=400), train), scores_of(LinearFilter(), train))


def test_its_memory_grows_with_its_vectors(train: Interactions) -> None:
    more = GFCF(vectors=9).needed_bytes(train) - GFCF(vectors=4).needed_bytes(train)
    assert more == 5 * 4 * train.num_users


def test_bad_options_are_told(train: Interactions) -> None:
    with pytest.raises(ValueError, match=r"^alpha: expected a number from 0, got -1.$"):
        GFCF(alpha=-1)
    with pytest.raises(ValueError, match=r"^vectors: expected at least 1, got 0.$"):
        GFCF(vectors=0)
    expected = r"^vectors: expected at most 11, the rank of the matrix of users by items, got 12.$"
    with pytest.raises(ValueError, match=expected):
        GFCF(vectors=12).fit(train)
