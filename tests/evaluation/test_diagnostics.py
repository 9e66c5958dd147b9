"""Over-smoothing, collapse and attention, worked by hand and by independent formulas."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ragx.evaluation.diagnostics import (
    LayerDiagnostics,
    NoDiagnostics,
    attention_entropy,
    dirichlet_energy,
    effective_rank,
)
from ragx.graph.adjacency import Adjacency
from ragx.graph.graph import Graph
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph


def pair_graph() -> Graph:
    """One user, two items; the second item has no edge."""
    return Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 2)


def test_energy_of_two_neighbours_by_hand() -> None:
    """L = [[1, -1], [-1, 1]]: alike 0; orthogonal of norm 1 gives 2 / 2; opposite gives 4 / 2."""
    for other, expected in (([1.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([-1.0, 0.0], 2.0)):
        x = torch.tensor([[1.0, 0.0], other, [7.0, 7.0]])
        assert dirichlet_energy(x, pair_graph()) == pytest.approx(expected, abs=1e-7)


def test_energy_against_a_dense_laplacian(tiny_graph: Graph) -> None:
    x = torch.randn(tiny_graph.num_nodes, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    dense = np.zeros((tiny_graph.num_nodes, tiny_graph.num_nodes))
    dense[tiny_graph.adjacency.target, tiny_graph.adjacency.source] = 1
    degree = dense.sum(1)
    scale = np.divide(1, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    laplacian = np.diag((degree > 0).astype(float)) - scale[:, None] * dense * scale
    rows = x.numpy() * (degree > 0)[:, None]
    expected = np.trace(rows.T @ laplacian @ rows) / np.trace(rows.T @ rows)
    assert dirichlet_energy(x, tiny_graph) == pytest.approx(expected, rel=1e-5)


def test_energy_of_nothing_is_zero() -> None:
    assert dirichlet_energy(torch.zeros(3, 2), pair_graph()) == 0


@given(st.integers(1, 6))
def test_rank_of_orthogonal_directions_is_their_number(rank: int) -> None:
    x = torch.zeros(9, 6)
    x[range(rank), range(rank)] = 3.0
    assert effective_rank(x) == pytest.approx(rank, rel=1e-6)


def test_rank_of_uneven_directions_by_hand() -> None:
    """Shares 3/4 and 1/4: exp(-(3/4 log 3/4 + 1/4 log 1/4))."""
    expected = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert effective_rank(torch.diag(torch.tensor([3.0, 1.0]))) == pytest.approx(expected, rel=1e-6)
    assert effective_rank(torch.zeros(4, 3)) == 0


def test_entropy_of_an_even_and_of_a_single_minded_head() -> None:
    """Node 0 has three neighbours, node 1 one, which says nothing and is left out."""
    target, source = torch.tensor([0, 0, 0, 1]), torch.tensor([1, 2, 3, 0])
    adjacency, _ = Adjacency.from_edges(source, target, 4, 4)
    weight = torch.tensor([[1 / 3, 1.0, 0.5], [1 / 3, 0.0, 0.5], [1 / 3, 0.0, 0.0], [1.0, 1.0, 1.0]])
    expected = [1.0, 0.0, math.log(2) / math.log(3)]
    assert attention_entropy(weight, adjacency).tolist() == pytest.approx(expected)


def test_every_layer_and_head_is_measured(tiny_graph: Graph) -> None:
    model = RelevanceAwareGraph(
        num_users=tiny_graph.num_users,
        num_items=tiny_graph.num_items,
        layer=partial(RelevanceAttentionConv, heads=2),
        num_layers=2,
        hidden_dim=8,
    )
    model.train()
    measures = LayerDiagnostics().measure(model, tiny_graph)
    depths = [f"{name}/layer_{depth}" for depth in range(3) for name in ("dirichlet_energy", "effective_rank")]
    heads = [f"attention_entropy/layer_{depth}/head_{head}" for depth in (1, 2) for head in (1, 2)]
    assert list(measures) == depths + heads
    assert model.training
    assert all(math.isfinite(value) and value >= 0 for value in measures.values())
    assert all(measures[name] <= 1 for name in heads)
    assert NoDiagnostics().measure(model, tiny_graph) == {}


def test_sums_that_hear_the_node_itself_smooth_more_with_every_layer(tiny_graph: Graph) -> None:
    """(I + A)x shrinks every component by its place in the spectrum; without I a bipartite graph need not smooth."""
    model = RelevanceAwareGraph(
        num_users=tiny_graph.num_users,
        num_items=tiny_graph.num_items,
        layer=partial(RelevanceConv, linear=False, bias=False, activation=None, self_term=True),
        num_layers=4,
        hidden_dim=16,
    )
    measures = LayerDiagnostics(effective_rank=False, attention_entropy=False).measure(model, tiny_graph)
    energy = [measures[f"dirichlet_energy/layer_{depth}"] for depth in range(5)]
    assert energy == sorted(energy, reverse=True)
    assert energy[-1] < 0.8 * energy[0]
