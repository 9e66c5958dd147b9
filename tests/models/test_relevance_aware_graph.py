"""The Relevance-Aware Graph model, against PyG's LightGCN and numbers worked by hand."""

import functools
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.nn.models import LightGCN

from ragx.graph.graph import Graph
from ragx.graph.weights import SymmetricNorm
from ragx.layers.readout import ReadoutName
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph

LIGHT = functools.partial(RelevanceConv, linear=False, bias=False, activation=None)


def model_of(graph: Graph, layer: Any = LIGHT, **options: Any) -> RelevanceAwareGraph:
    torch.manual_seed(0)
    options = {"num_layers": 2, "hidden_dim": 8, **options}
    return RelevanceAwareGraph(num_users=graph.num_users, num_items=graph.num_items, layer=layer, **options)


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_pyg_s_lightgcn_says_the_same(num_layers: int, tiny_graph: Graph) -> None:
    model = model_of(tiny_graph, num_layers=num_layers)
    theirs = LightGCN(tiny_graph.num_nodes, 8, num_layers)
    with torch.no_grad():
        theirs.embedding.weight.copy_(model.embedding)
    expected = theirs.get_embedding(tiny_graph.edge_index)
    torch.testing.assert_close(model(tiny_graph), expected, atol=1e-6, rtol=1e-5)
    factor = torch.randn(tiny_graph.num_nodes, 8)
    (ours,) = torch.autograd.grad((model(tiny_graph) * factor).sum(), model.embedding)
    (of_theirs,) = torch.autograd.grad((expected * factor).sum(), theirs.embedding.weight)
    torch.testing.assert_close(ours, of_theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("readout", ["last", "mean", "mean_of_layers", "concat", "learned"])
def test_one_polynomial_is_the_layers_one_after_the_other(readout: ReadoutName, tiny_graph: Graph) -> None:
    model = model_of(tiny_graph, num_layers=3, readout=readout)
    assert model.is_linear_propagation is (readout in ("last", "mean", "mean_of_layers"))
    outputs: list[Tensor] = [model.embedding]
    for layer in model.layers:
        outputs.append(layer(outputs[-1], tiny_graph.edge_index, tiny_graph.edge_weight))
    joined = {
        "last": outputs[-1],
        "mean": torch.stack(outputs).mean(0),
        "mean_of_layers": torch.stack(outputs[1:]).mean(0),
        "concat": torch.cat(outputs, 1),
        "learned": torch.stack(outputs).mean(0),
    }
    torch.testing.assert_close(model(tiny_graph), joined[readout], atol=1e-6, rtol=1e-5)


def test_without_layers_it_is_matrix_factorisation(tiny_graph: Graph) -> None:
    model = model_of(tiny_graph, num_layers=0)
    torch.testing.assert_close(model(tiny_graph), model.embedding.detach())
    model = model_of(tiny_graph, num_layers=0, readout="mean_of_layers")
    torch.testing.assert_close(model(tiny_graph), model.embedding.detach())
    assert len(model.layers) == 0


def test_messages_flow_both_ways() -> None:
    """User 0 – item 0 – user 1: after a layer each hears its neighbours, after two user 0 hears user 1."""
    graph = Graph.from_pairs(torch.tensor([0, 1]), torch.tensor([0, 0]), 2, 2)
    one, two = (model_of(graph, num_layers=n, readout="last", hidden_dim=3) for n in (1, 2))
    u0, u1, i0, _ = one.embedding.detach()
    torch.testing.assert_close(one(graph).detach(), torch.stack([i0, i0, u0 + u1, torch.zeros(3)]))
    torch.testing.assert_close(two(graph)[0].detach(), u0 + u1)


def test_an_isolated_node_and_a_zero_vector_have_finite_cosines() -> None:
    graph = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 2, 3)
    model = model_of(graph, readout="last", similarity="cosine")
    assert torch.equal(model(graph)[1], torch.zeros(8))
    ranking = model.recommend(graph, torch.tensor([0, 1]), 2)
    assert ranking.scores.isfinite().all()
    assert ranking.scores[1].tolist() == [0.0, 0.0]


def test_recommend_leaves_out_what_is_seen_and_gives_scores(tiny_graph: Graph) -> None:
    model = model_of(tiny_graph, similarity="inner_product")
    users = torch.tensor([5, 0, 17])
    seen = {int(user): set[int]() for user in users}
    for source, target in tiny_graph.edge_index.T.tolist():
        if target in seen:
            seen[target].add(source - tiny_graph.num_users)
    nodes = model(tiny_graph).detach().double()
    scores = nodes[users] @ nodes[tiny_graph.num_users :].T
    for exclude in (True, False):
        masked = scores.clone()
        for row, user in enumerate(users.tolist()):
            masked[row, list(seen[user]) if exclude else []] = -torch.inf
        expected = masked.topk(7)
        ranking = model.recommend(tiny_graph, users, 7, exclude_seen=exclude)
        assert torch.equal(ranking.items, expected.indices)
        torch.testing.assert_close(ranking.scores, expected.values, atol=1e-6, rtol=1e-5)
        assert torch.equal(ranking.users, users)


def test_cosine_ranks_by_the_angle_and_inner_product_by_length_too() -> None:
    empty = torch.zeros(0, dtype=torch.int64)
    graph = Graph.from_pairs(empty, empty, 1, 2)
    for similarity, best, score in (("cosine", 0, 1.0), ("inner_product", 1, 6.0)):
        model = model_of(graph, num_layers=0, hidden_dim=2, similarity=similarity)
        with torch.no_grad():
            model.embedding.copy_(torch.tensor([[2.0, 0.0], [1.0, 0.0], [3.0, 4.0]]))
        ranking = model.recommend(graph, torch.tensor([0]), 1)
        assert ranking.items.item() == best
        assert ranking.scores.item() == pytest.approx(score, rel=1e-6)


def test_the_scorer_has_dropout_off_and_leaves_the_mode_as_it_was(tiny_graph: Graph) -> None:
    model = model_of(tiny_graph, functools.partial(LIGHT, edge_dropout=0.5)).train()
    users = torch.arange(5)
    first, second = (model.recommend(tiny_graph, users, 5) for _ in range(2))
    assert torch.equal(first.scores, second.scores)
    assert model.training
    model.eval().recommend(tiny_graph, users, 5)
    assert not model.training


def test_a_list_of_widths_gives_each_layer_its_own(tiny_graph: Graph) -> None:
    model = model_of(tiny_graph, RelevanceConv, num_layers=3, hidden_dim=[4, 6, 5], readout="last")
    widths = [(layer.in_channels, layer.out_channels) for layer in model.layers if isinstance(layer, RelevanceConv)]
    assert widths == [(4, 4), (4, 6), (6, 5)]
    assert model(tiny_graph).shape == (tiny_graph.num_nodes, 5)
    joined = model_of(tiny_graph, RelevanceConv, num_layers=3, hidden_dim=[4, 6, 5], readout="concat")
    assert joined(tiny_graph).shape == (tiny_graph.num_nodes, 4 + 4 + 6 + 5)


def test_features_are_mapped_and_added_to_the_embeddings_of_known_nodes() -> None:
    """User 0 and item 0 are known; the others are what their features say alone."""
    graph = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 2, 2)
    features = torch.randn(4, 3)
    model = model_of(graph, num_layers=0, features=features)
    assert model.feature_map is not None
    mapped = features @ model.feature_map.weight.T
    expected = torch.stack([mapped[0] + model.embedding[0], mapped[1], mapped[2] + model.embedding[2], mapped[3]])
    torch.testing.assert_close(model(graph), expected)
    assert model.base_embeddings is model.embedding
    assert "features" not in model.state_dict()


@pytest.mark.parametrize(("similarity", "raw"), [("cosine", [1.0, 0.0, 0.0]), ("inner_product", [6.0, 0.0, 0.0])])
def test_scores_are_over_the_temperature_with_the_popularity_prior_added(similarity: str, raw: list[float]) -> None:
    """Items 0, 1 and 2 have 2, 1 and 0 users; one never seen counts half a user."""
    graph = Graph.from_pairs(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), 2, 3)
    model = model_of(graph, num_layers=0, hidden_dim=2, similarity=similarity, temperature=0.5, popularity_prior=2.0)
    with torch.no_grad():
        model.embedding.copy_(torch.tensor([[2.0, 0.0], [1.0, 1.0], [3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]))
    ranking = model.recommend(graph, torch.tensor([0]), 3, exclude_seen=False)
    expected = [score / 0.5 + 2 * math.log(degree) for score, degree in zip(raw, (2, 1, 0.5), strict=True)]
    assert ranking.items.tolist() == [[0, 1, 2]]
    assert ranking.scores[0].tolist() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_layers_of_a_subclass_are_obeyed_within_the_model(tiny_graph: Graph) -> None:
    class Residual(RelevanceConv):
        def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
            out: Tensor = super().forward(x, edge_index, edge_weight) + x
            return out

    class TwiceAsLoud(RelevanceConv):
        def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
            return 2 * super().message(x_j, edge_weight)

    options: dict[str, Any] = {"linear": False, "bias": False, "activation": None}
    light = model_of(tiny_graph, num_layers=1, readout="last")
    loud = model_of(tiny_graph, functools.partial(TwiceAsLoud, **options), num_layers=1, readout="last")
    torch.testing.assert_close(loud(tiny_graph), 2 * light(tiny_graph))
    residual = model_of(tiny_graph, functools.partial(Residual, **options), num_layers=1, readout="last")
    torch.testing.assert_close(residual(tiny_graph), light(tiny_graph) + light.embedding)


def test_any_module_that_takes_x_and_a_graph_is_a_layer(tiny_graph: Graph) -> None:
    class Negate(nn.Module):
        def __init__(self, *, in_channels: int, out_channels: int) -> None:
            super().__init__()

        def forward(self, x: Tensor, graph: Graph) -> Tensor:
            return -x

    model = model_of(tiny_graph, Negate, num_layers=1, readout="last")
    torch.testing.assert_close(model(tiny_graph), -model.embedding)


def test_the_symmetric_norm_is_not_all_zeros(tiny_graph: Graph) -> None:
    """One-way edges make it so, and the model then silently is matrix factorisation."""
    assert torch.equal(tiny_graph.edge_weight, SymmetricNorm()(tiny_graph))
    assert (tiny_graph.edge_weight > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_layers": -1}, "num_layers: expected at least 0, got -1"),
        ({"hidden_dim": 0}, "hidden_dim: expected a width or 2 widths of at least 1, got 0"),
        ({"hidden_dim": [8, 8, 8]}, r"hidden_dim: expected a width or 2 widths of at least 1, got \[8, 8, 8\]"),
        ({"hidden_dim": [8, 4]}, "Without a linear map a layer keeps its width: got 8 in and 4 out"),
        ({"readout": "average"}, "readout: expected one of last, mean, mean_of_layers, concat, learned; got 'average'"),
        ({"similarity": "dot"}, "similarity: expected one of cosine, inner_product; got 'dot'"),
        ({"temperature": 0.0}, "temperature: expected a number greater than 0, got 0.0"),
        ({"popularity_prior": -1.0}, "popularity_prior: expected at least 0, got -1.0"),
        ({"features": torch.ones(3, 2)}, "features: expected 180 rows, users first, got 3"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str, tiny_graph: Graph) -> None:
    with pytest.raises(ValueError, match=message):
        model_of(tiny_graph, **options)


def test_a_graph_of_other_sizes_is_refused(tiny_graph: Graph) -> None:
    other = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 2, 2)
    with pytest.raises(ValueError, match="expected"):
        model_of(tiny_graph)(other)


def test_a_model_without_nodes_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected at least one user and item, got 0, 3"):
        RelevanceAwareGraph(num_users=0, num_items=3, layer=LIGHT)
