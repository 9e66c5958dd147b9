"""The penalty that every objective shares."""

import math
from collections.abc import Callable

import pytest
import torch
from torch_geometric.nn.models.lightgcn import BPRLoss

from ragx.data.batches import Batch
from ragx.data.negatives import TrainPairs
from ragx.graph.graph import Graph
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.objectives.base import Objective
from ragx.objectives.bilateral_softmax import BilateralSoftmax
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.sampled_softmax import SampledSoftmax
from ragx.objectives.views import Views
from ragx.training.step import OnGraph


@pytest.mark.parametrize("kind", [BayesianPersonalizedRanking, SampledSoftmax, InBatchSoftmax, BilateralSoftmax])
def test_worked_penalty(kind: Callable[..., Objective], batch_of: Callable[..., Batch]) -> None:
    """λ/2 · Σ ‖e‖² / B with λ = 0.5, Σ ‖e‖² = 1 + 4 + 9 + 16 = 30 and B = 2."""
    base = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert kind(l2=0.5).penalty(base, batch_of([0, 1], [2, 3])).item() == pytest.approx(0.25 * 30 / 2)


def test_vectors_of_another_view_are_compared_and_the_models_own_embeddings_penalised(tiny_graph: Graph) -> None:
    """Item 0 of user 0 is twice as good as item 1 in what is given: softplus(2 - 4), and λ/2 · 3 rows of length 1."""
    model = MatrixFactorization(num_users=tiny_graph.num_users, num_items=tiny_graph.num_items, hidden_dim=1)
    torch.nn.init.ones_(model.embedding)
    pairs = TrainPairs(torch.tensor([0]), torch.tensor([0]), tiny_graph.num_users, tiny_graph.num_items)
    batch = Batch(torch.tensor([0]), torch.tensor([0]), torch.tensor([[1]]), pairs)
    nodes = torch.zeros_like(model.embedding)
    nodes[[0, tiny_graph.num_users, tiny_graph.num_users + 1]] = torch.tensor([[1.0], [4.0], [2.0]])
    views = Views(OnGraph(model, tiny_graph))
    objective = BayesianPersonalizedRanking(l2=0.5)
    assert objective.of_vectors(nodes, views, batch).item() == pytest.approx(math.log1p(math.exp(-2)) + 0.75)
    assert objective.of_batch(views, batch).item() == pytest.approx(math.log(2) + 0.75)


def test_the_penalty_of_bpr_is_half_of_pygs(batch_of: Callable[..., Batch]) -> None:
    torch.manual_seed(0)
    base = torch.randn(6, 4)
    batch = batch_of([0, 1], [2, 3])
    theirs = BPRLoss(lambda_reg=0.3)(torch.zeros(2), torch.zeros(2), base) - BPRLoss()(torch.zeros(2), torch.zeros(2))
    ours = BayesianPersonalizedRanking(l2=0.3).penalty(base, batch)
    assert ours.item() == pytest.approx(float(theirs) / 2, rel=1e-5)
