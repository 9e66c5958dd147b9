"""Attention over neighbours: torch's dense attention and PyG's layer as oracles, and worked weights."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional
from torch_geometric.nn import GATv2Conv, TransformerConv

from ragx.graph.graph import Graph
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.random import seed_modules


class OwnValues(RelevanceAttentionConv):
    """Writes ``message`` alone."""

    def message(self, value_j: Tensor, edge_weight: Tensor) -> Tensor:
        return 3 * super().message(value_j, edge_weight)


def random_graph(seed: int, users: int = 6, items: int = 5, *, isolated: bool = True) -> Graph:
    random = torch.Generator().manual_seed(seed)
    joined = torch.rand(users, items, generator=random) < 0.4
    if not isolated:
        joined[:, 0] = joined[0, :] = True
    user, item = joined.nonzero(as_tuple=True)
    return Graph.from_pairs(user, item, users, items, weight=torch.rand(len(user), generator=random) + 0.1)


def inputs_of(graph: Graph, width: int = 8) -> Tensor:
    return torch.randn(graph.num_nodes, width, generator=torch.Generator().manual_seed(0))


def dense_attention(layer: RelevanceAttentionConv, x: Tensor, graph: Graph, mask: Tensor) -> Tensor:
    """Return torch's own attention among all nodes under a mask, [N, H, d]."""
    query, key, value = (
        part(x).view(len(x), layer.heads, -1).transpose(0, 1) for part in (layer.query, layer.key, layer.value)
    )
    if layer.scale is not None:  # torch divides by √d, cosine relevance does not
        factor = layer.scale.exp().view(-1, 1, 1) * math.sqrt(layer.head_channels)
        query, key = factor * functional.normalize(query, dim=-1), functional.normalize(key, dim=-1)
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(0, 1)


def adjacency_mask(graph: Graph) -> Tensor:
    mask = torch.zeros(graph.num_nodes, graph.num_nodes, dtype=torch.bool)
    mask[graph.adjacency.target, graph.adjacency.source] = True
    return mask


@pytest.mark.parametrize("relevance", ["dot", "cosine"])
@pytest.mark.parametrize("concat", [True, False])
def test_torch_s_dense_attention_says_the_same(relevance: Any, concat: bool) -> None:
    graph = random_graph(0, isolated=False)
    layer = RelevanceAttentionConv(8, 8, heads=2, concat=concat, relevance=relevance, residual=False)
    x = inputs_of(graph).requires_grad_()
    heads = dense_attention(layer, x, graph, adjacency_mask(graph))
    dense = heads.flatten(1) if concat else heads.mean(1)
    ours = layer(x, graph)
    torch.testing.assert_close(ours, dense)
    wanted = [x, *layer.parameters()]
    for one, other in zip(*(torch.autograd.grad(y.square().sum(), wanted) for y in (ours, dense)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_pyg_s_transformer_layer_says_the_same() -> None:
    graph = random_graph(2)
    ours, theirs = RelevanceAttentionConv(8, 12, heads=3), TransformerConv(8, 4, heads=3)
    with torch.no_grad():
        for mine, other in ((ours.query, theirs.lin_query), (ours.key, theirs.lin_key), (ours.value, theirs.lin_value)):
            other.weight.copy_(mine.weight)
            other.bias.copy_(mine.bias)
        theirs.lin_skip.bias.zero_()
        theirs.lin_skip.weight.copy_(ours.get_parameter("skip.weight"))
    x = inputs_of(graph)
    torch.testing.assert_close(ours(x, graph), theirs(x, graph.edge_index))


def test_pyg_s_gatv2_layer_says_the_same() -> None:
    """It has one map for keys and values."""
    graph = random_graph(2)
    ours = RelevanceAttentionConv(8, 12, heads=3, relevance="additive", residual=False)
    theirs = GATv2Conv(8, 4, heads=3, add_self_loops=False)
    assert ours.factor is not None
    with torch.no_grad():
        ours.value.load_state_dict(ours.key.state_dict())
        for mine, other in ((ours.query, theirs.lin_r), (ours.key, theirs.lin_l)):
            other.weight.copy_(mine.weight)
            other.bias.copy_(mine.bias)
        theirs.att.copy_(ours.factor)
        theirs.bias.zero_()
    x = inputs_of(graph).requires_grad_()
    one, other = ours(x, graph), theirs(x, graph.edge_index)
    torch.testing.assert_close(one, other)
    for mine, their in zip(*(torch.autograd.grad(y.square().sum(), x) for y in (one, other)), strict=True):
        torch.testing.assert_close(mine, their, atol=1e-5, rtol=1e-4)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 999),
    role=st.sampled_from(["none", "factor", "log_prior"]),
    concat=st.booleans(),
    relevance=st.sampled_from(["dot", "cosine", "additive"]),
    silent=st.booleans(),
)
def test_both_forms_agree_with_their_gradients(
    seed: int, role: Any, concat: bool, relevance: Any, silent: bool
) -> None:
    graph = random_graph(seed)
    if silent:
        graph = graph.with_weight(torch.where(graph.edge_weight < 0.5, 0.0, graph.edge_weight))
    options = {"heads": 2, "concat": concat, "relevance": relevance, "edge_weight_role": role}
    torch.manual_seed(seed)
    layer, order = RelevanceAttentionConv(8, 4, **options).double(), torch.randperm(graph.num_edges)
    results = []
    for edges in (graph, graph.edge_index[:, order]):
        inputs, weight = inputs_of(graph).double().requires_grad_(), graph.edge_weight.double().requires_grad_()
        out = layer(inputs, edges, weight if edges is graph else weight[order])
        wanted = [inputs, weight, *layer.parameters()]
        results.append([out, *torch.autograd.grad(out.square().sum(), wanted, materialize_grads=True)])
    for one, other in zip(*results, strict=True):
        assert one.isfinite().all()
        torch.testing.assert_close(one, other, atol=1e-11, rtol=1e-9)


def test_heads_stand_beside_each_other_or_are_averaged() -> None:
    graph = random_graph(1)
    x = inputs_of(graph)
    averaged = RelevanceAttentionConv(8, 6, heads=2, concat=False, residual=False)
    beside = RelevanceAttentionConv(8, 12, heads=2, concat=True, residual=False)
    beside.load_state_dict(averaged.state_dict())
    both = beside(x, graph)
    torch.testing.assert_close(averaged(x, graph), (both[:, :6] + both[:, 6:]) / 2)


def test_a_subclass_that_writes_message_alone_is_obeyed() -> None:
    graph = random_graph(4)
    own, plain = (kind(8, 8, heads=2, residual=False) for kind in (OwnValues, RelevanceAttentionConv))
    plain.load_state_dict(own.state_dict())
    torch.testing.assert_close(own(inputs_of(graph), graph), 3 * plain(inputs_of(graph), graph))


@pytest.mark.parametrize("relevance", ["dot", "cosine", "additive"])
@pytest.mark.parametrize("role", ["none", "factor", "log_prior"])
def test_other_precisions_of_the_vectors(relevance: Any, role: Any) -> None:
    graph = random_graph(6)
    layer, x = RelevanceAttentionConv(8, 8, relevance=relevance, edge_weight_role=role), inputs_of(graph)
    expected = layer(x, graph)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = layer(x, graph)
        torch.autograd.grad(mixed.float().sum(), list(layer.parameters()))
    torch.testing.assert_close(mixed.float(), expected, atol=0.1, rtol=0.05)
    double = layer.double()(x.double(), graph)
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), expected, atol=1e-5, rtol=1e-4)


def test_without_neighbours_only_the_node_itself_is_heard() -> None:
    empty = torch.zeros(0, dtype=torch.int64)
    graph = Graph.from_pairs(empty, empty, 1, 2)
    x = inputs_of(graph)
    assert torch.equal(RelevanceAttentionConv(8, 8)(x, graph), x)
    assert torch.equal(RelevanceAttentionConv(8, 8, residual=False)(x, graph), torch.zeros(3, 8))


def test_dropout_is_keyed_and_alike_in_both_forms() -> None:
    graph = random_graph(5)
    layer, x = RelevanceAttentionConv(8, 8, edge_dropout=0.5), inputs_of(graph)
    draws = []
    for key, edges in ((1, graph), (1, graph.edge_index), (2, graph)):
        seed_modules(0, "test", key)
        draws.append(layer(x, edges, graph.edge_weight))
    torch.testing.assert_close(draws[0], draws[1])
    assert not torch.allclose(draws[0], draws[2])
    assert torch.equal(layer.eval()(x, graph), layer(x, graph))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 3}, "heads: 3 heads do not divide the width 8. Nearest that fit: heads 2 or 4, or width 6 or 9."),
        ({"relevance": "dott"}, r"relevance: expected one of dot, cosine, additive; got 'dott'. Did you mean 'dot'\?"),
        ({"edge_weight_role": "prior"}, "edge_weight_role: expected one of none, factor, log_prior; got 'prior'"),
        ({"edge_dropout": -0.1}, "edge_dropout: expected a number from 0"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RelevanceAttentionConv(8, 8, **options)
