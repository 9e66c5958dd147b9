"""InfoNCE, worked by hand."""

import math
from collections.abc import Callable

import pytest
import torch

from ragx.data.batches import Batch
from ragx.objectives.info_nce import batch_info_nce, info_nce


def test_worked_numbers() -> None:
    """Cosines [[1, 0], [.6, .8]] at τ = 1/2: the mean of log(1 + e^-2) and log(1 + e^(-.2 · 2))."""
    one, other = torch.tensor([[2.0, 0.0], [3.0, 4.0]]), torch.tensor([[5.0, 0.0], [0.0, 1.0]])
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-0.4))) / 2
    assert info_nce(one, other, 0.5).item() == pytest.approx(expected, rel=1e-6)


def test_users_are_contrasted_with_users_and_items_with_items_each_once(batch_of: Callable[..., Batch]) -> None:
    """Two users along two axes and one item: log(1 + e^-1) + 0, however often they occur."""
    nodes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    batch = batch_of([0, 1, 1], [1, 1, 1])
    loss = batch_info_nce(nodes, nodes, batch, num_users=2, temperature=1.0)
    assert loss.item() == pytest.approx(math.log1p(math.exp(-1)), rel=1e-6)
