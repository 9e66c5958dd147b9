"""The penalty that every objective shares."""

from collections.abc import Callable

import pytest
import torch
from torch_geometric.nn.models.lightgcn import BPRLoss

from ragx.data.batches import Batch
from ragx.objectives.base import Objective
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.sampled_softmax import SampledSoftmax


@pytest.mark.parametrize("kind", [BayesianPersonalizedRanking, SampledSoftmax, InBatchSoftmax])
def test_worked_penalty(kind: Callable[..., Objective], batch_of: Callable[..., Batch]) -> None:
    """λ/2 · Σ ‖e‖² / B with λ = 0.5, Σ ‖e‖² = 1 + 4 + 9 + 16 = 30 and B = 2."""
    base = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert kind(l2=0.5).penalty(base, batch_of([0, 1], [2, 3])).item() == pytest.approx(0.25 * 30 / 2)


def test_the_penalty_of_bpr_is_half_of_pygs(batch_of: Callable[..., Batch]) -> None:
    torch.manual_seed(0)
    base = torch.randn(6, 4)
    batch = batch_of([0, 1], [2, 3])
    theirs = BPRLoss(lambda_reg=0.3)(torch.zeros(2), torch.zeros(2), base) - BPRLoss()(torch.zeros(2), torch.zeros(2))
    ours = BayesianPersonalizedRanking(l2=0.3).penalty(base, batch)
    assert ours.item() == pytest.approx(float(theirs) / 2, rel=1e-5)
