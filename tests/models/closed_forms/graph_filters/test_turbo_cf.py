"""Turbo-CF against dense powers of its graph, with and without a power of its entries, and bad input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from ragx.data.interactions import Interactions
from ragx.models import TurboCF


@pytest.mark.parametrize("power", [1, 0.7])
@pytest.mark.parametrize("coefficients", [[1.0], [2.0, -1.0], [0.5, 0.3, -0.2]])
def test_the_dense_formula_holds(
    power: float,
    coefficients: list[float],
    train: Interactions,
    dense: Callable[[Interactions, float, float], np.ndarray],
) -> None:
    matrix = dense(train, 0.6, 0.4)
    graph = (matrix.T @ matrix) ** power
    expected = train.matrix().toarray() @ sum(
        coefficient * np.linalg.matrix_power(graph, order) for order, coefficient in enumerate(coefficients, 1)
    )
    scorer = TurboCF(normalization=0.6, power=power, coefficients=coefficients).fit(train)
    scores = scorer.scores(torch.arange(train.num_users), slice(0, train.num_items)).numpy()
    assert scores == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_only_a_graph_that_is_made_takes_memory(train: Interactions) -> None:
    assert TurboCF(power=1).needed_bytes(train) == 0
    assert TurboCF(power=0.7).needed_bytes(train) == 8 * 12**2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalization": 1.1}, "normalization: expected a number from 0 to 1, got 1.1."),
        ({"power": 0}, "power: expected a number greater than 0, got 0."),
        ({"coefficients": []}, "coefficients: expected one at least, the order of the filter, got none."),
    ],
)
def test_bad_options_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        TurboCF(**options)
