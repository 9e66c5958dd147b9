"""ChebyCF against its formula on the eigenvalues of a dense graph, and bad input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.interpolate import BarycentricInterpolator

from ragx.data.interactions import Interactions
from ragx.models import ChebyCF


def test_the_plateau_is_interpolated_on_the_spectrum(
    train: Interactions,
    dense: Callable[[Interactions, float, float], np.ndarray],
    degree_power: Callable[[np.ndarray, float], np.ndarray],
) -> None:
    """The interpolation of scipy through the nodes cos((k + ½) π / (K + 1)) knows no recurrence."""
    order, flatness, alpha, power = 5, 3.0, 0.4, 0.3
    matrix, seen = dense(train, 0.5, 0.5), train.matrix().toarray()
    values, vectors = np.linalg.eigh(matrix.T @ matrix)
    nodes = np.cos((np.arange(order + 1) + 0.5) * np.pi / (order + 1))
    points = np.cos(np.arange(order + 1) * np.pi / order)
    plateau = np.where(points < 0, 0.5 + 0.5 * np.abs(points) ** flatness, 0.5 - 0.5 * np.abs(points) ** flatness)
    response = BarycentricInterpolator(nodes, plateau)(1 - 2 * values)
    response[-4:] += alpha
    degrees = seen.sum(0)
    filtered = degree_power(degrees, -power)[:, None] * ((vectors * response) @ vectors.T)
    expected = seen @ filtered * degree_power(degrees, power)
    model = ChebyCF(order=order, flatness=flatness, vectors=4, alpha=alpha, degree_power=power)
    scores = model.fit(train).scores(torch.arange(train.num_users), slice(0, train.num_items)).numpy()
    assert scores == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 0}, "order: expected at least 1, got 0."),
        ({"flatness": 0.0}, "flatness: expected a number greater than 0, got 0.0."),
        ({"vectors": 0}, "vectors: expected at least 1, got 0."),
        ({"alpha": -0.1}, "alpha: expected a number from 0, got -0.1."),
    ],
)
def test_bad_options_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        ChebyCF(**options)


def test_more_vectors_than_the_rank_are_refused(train: Interactions) -> None:
    with pytest.raises(ValueError, match=r"^vectors: expected at most 11, the rank of .*, got 512.$"):
        ChebyCF().fit(train)
