"""Matrix factorisation, against numbers worked by hand and a graph model of no layers."""

from typing import Any

import pytest
import torch

from ragx.graph.graph import Graph
from ragx.layers.light_conv import LightConv
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.models.relevance_aware_graph import RelevanceAwareGraph


def test_a_score_is_the_inner_product_of_two_vectors() -> None:
    model = MatrixFactorization(num_users=2, num_items=2, hidden_dim=2)
    with torch.no_grad():
        model.embedding.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0], [0.5, 4.0]]))
    graph = Graph.from_pairs(torch.tensor([0, 1]), torch.tensor([0, 1]), 2, 2)
    scores = model.scorer(graph).scores(torch.tensor([0, 1]), slice(0, 2))
    assert scores.tolist() == [[5.0, 8.5], [-1.0, -4.0]]
    assert model.recommend(graph, torch.tensor([0, 1]), k=1).items.tolist() == [[1], [0]]  # what they have is left out


@pytest.mark.parametrize("options", [{}, {"similarity": "cosine", "temperature": 0.2, "popularity_prior": 1.0}])
def test_it_is_a_graph_model_without_layers(options: dict[str, Any], tiny_graph: Graph) -> None:
    sizes: dict[str, Any] = {"num_users": tiny_graph.num_users, "num_items": tiny_graph.num_items, "hidden_dim": 8}
    torch.manual_seed(0)
    own = MatrixFactorization(**sizes, **options)
    torch.manual_seed(0)
    other = RelevanceAwareGraph(
        **sizes,
        layer=LightConv,
        num_layers=0,
        **{"similarity": "inner_product"} | options,
    )
    users, items = torch.arange(5), slice(0, tiny_graph.num_items)
    scores = [model.scorer(tiny_graph).scores(users, items) for model in (own, other)]
    assert torch.equal(*scores)


def test_initial_values_are_normal_with_deviation_a_tenth() -> None:
    torch.manual_seed(0)
    values = MatrixFactorization(num_users=500, num_items=500).embedding
    assert abs(float(values.detach().mean())) < 0.002
    assert float(values.detach().std()) == pytest.approx(0.1, abs=0.002)


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="hidden_dim: expected a width of at least 1, got 0"):
        MatrixFactorization(num_users=2, num_items=2, hidden_dim=0)
