"""Alignment and uniformity, against worked numbers and the published form over torch's pairwise distances."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from ragx.data.batches import Batch
from ragx.objectives.direct_au import DirectAU, log_potential

Maker = Callable[..., Batch]


def test_worked_numbers(batch_of: Maker) -> None:
    """Users at (1, 0) and (0, 1), items at (1, 0) and (-1, 0).

    Alignment (0 + 2) / 2; users are √2 apart, l = -4; items are 2 apart, l = -8; with γ = 3 that is 1 + 1.5 · -12.
    """
    users, items = torch.tensor([[5.0, 0.0], [0.0, 2.0]]), torch.tensor([[3.0, 0.0], [-1.0, 0.0]])
    loss = DirectAU(uniformity=3.0).loss(users, items, None, batch_of([0, 1], [0, 1]))
    assert loss.item() == pytest.approx(1 - 18, rel=1e-6)


@pytest.mark.parametrize("most_pairs", [1, 7, 2**22])
@settings(max_examples=10, deadline=None)
@given(rows=st.lists(st.integers(0, 6), min_size=2, max_size=12), seed=st.integers(0, 99))
def test_values_and_gradients_against_pairwise_distances(most_pairs: int, rows: list[int], seed: int) -> None:
    """A row that is in the batch k times counts k times, at distance 0 from itself, whatever the blocks."""
    random = torch.Generator().manual_seed(seed)
    table = torch.randn(7, 3, generator=random, dtype=torch.float64).requires_grad_()
    index = torch.tensor(rows)
    x = functional.normalize(table)[index]
    ours = log_potential(x, index, most_pairs)
    one, other = torch.triu_indices(len(rows), len(rows), 1)
    expected = (x[one] - x[other]).square().sum(1).mul(-2).exp().mean().log()
    assert ours.item() == pytest.approx(expected.item(), rel=1e-9, abs=1e-12)
    assert ours.item() == pytest.approx(torch.pdist(x).square().mul(-2).exp().mean().log().item(), abs=1e-9)
    (of_ours,), (of_theirs,) = (torch.autograd.grad(value, table, retain_graph=True) for value in (ours, expected))
    torch.testing.assert_close(of_ours, of_theirs, atol=1e-10, rtol=1e-8)


def test_one_pair_has_its_alignment_alone(batch_of: Maker) -> None:
    loss = DirectAU().loss(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), None, batch_of([0], [0]))
    assert loss.item() == pytest.approx(2, rel=1e-6)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="uniformity: expected at least 0, got -1"):
        DirectAU(uniformity=-1)
