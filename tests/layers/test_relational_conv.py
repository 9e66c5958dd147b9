"""The relational layer: worked numbers, a dense oracle and what it refuses."""

import pytest
import torch

from ragx.graph.graph import Graph
from ragx.layers.relational_conv import RelationalConv

KINDS = ["buy", "view"]


def graph_of_kinds(seed: int = 0, users: int = 7, items: int = 5) -> Graph:
    random = torch.Generator().manual_seed(seed)
    user, item = (torch.rand(users, items, generator=random) < 0.5).nonzero(as_tuple=True)
    views = torch.randint(0, 3, (len(user),), generator=random)
    attributes = {"count_of_view": views, "count_of_buy": (views == 0).int() + (views == 2).int()}
    return Graph.from_pairs(user, item, users, items, attributes=attributes)


def dense(graph: Graph, kind: str) -> torch.Tensor:
    """Return the symmetrically normed adjacency of one kind, made entry by entry."""
    matrix = torch.zeros(graph.num_nodes, graph.num_nodes, dtype=torch.float64)
    count = graph.edge_attributes[f"count_of_{kind}"]
    for edge, (source, target) in enumerate(graph.edge_index.T.tolist()):
        matrix[target, source] = float(count[edge] > 0)
    degree = matrix.sum(1).clamp(min=1)
    return matrix / (degree[:, None] * degree).sqrt()


def test_worked_sums() -> None:
    """User 0 viewed item 0 and bought item 1: each kind is one edge of weight 1, with a map of its own."""
    attributes = {"count_of_view": torch.tensor([3, 0]), "count_of_buy": torch.tensor([0, 1])}
    graph = Graph.from_pairs(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2, attributes=attributes)
    layer = RelationalConv(1, 1, kinds=["view", "buy"], activation=None)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[2.0]], [[10.0]]]))
        layer.bias.fill_(0.5)
    x = torch.tensor([[1.0], [3.0], [-1.0]])
    torch.testing.assert_close(layer(x, graph), torch.tensor([[6.0 - 10 + 0.5], [2.5], [10.5]]))


def test_a_dense_computation_gives_the_same_values_and_gradients() -> None:
    torch.manual_seed(0)
    graph = graph_of_kinds()
    layer = RelationalConv(4, 3, kinds=KINDS, activation="tanh")
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(graph.num_nodes, 4, requires_grad=True)
    expected = torch.tanh(
        sum((dense(graph, kind) @ x.double() @ layer.weight[k].double() for k, kind in enumerate(KINDS)), layer.bias)
    )
    output = layer(x, graph)
    torch.testing.assert_close(output, expected.float())
    inputs = (x, layer.weight, layer.bias)
    oracle = torch.autograd.grad(expected.square().sum(), inputs)
    torch.testing.assert_close(torch.autograd.grad(output.square().sum(), inputs), oracle)


def test_edges_are_silent_in_training_only_and_a_kind_left_out_is_not_heard() -> None:
    torch.manual_seed(0)
    graph = graph_of_kinds()
    x = torch.randn(graph.num_nodes, 4)
    layer = RelationalConv(4, 3, kinds=["buy"], activation=None, edge_dropout=0.5)
    assert not torch.allclose(layer(x, graph), layer(x, graph))
    layer.eval()
    torch.testing.assert_close(layer(x, graph), (dense(graph, "buy").float() @ x @ layer.weight[0]))


class Louder(RelationalConv):
    """Writes ``message`` alone."""

    def message(self, x_j: torch.Tensor, edge_weight: torch.Tensor) -> torch.Tensor:
        return 10 * super().message(x_j, edge_weight)


def test_it_passes_messages_that_a_subclass_and_hooks_may_change() -> None:
    graph, x = graph_of_kinds(), torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
    layers = [kind(4, 3, kinds=KINDS, activation=None) for kind in (RelationalConv, Louder)]
    layers[1].load_state_dict(layers[0].state_dict())
    torch.testing.assert_close(layers[1](x, graph), 10 * layers[0](x, graph))
    seen: list[str] = []
    expected = layers[0](x, graph)
    layers[0].register_message_forward_hook(lambda module, inputs, output: seen.append("message"))
    torch.testing.assert_close(layers[0](x, graph), expected)
    assert seen == ["message"] * len(KINDS)


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-5), (torch.bfloat16, 0.05)])
def test_other_precisions_of_the_vectors(dtype: torch.dtype, error: float) -> None:
    graph, layer = graph_of_kinds(), RelationalConv(4, 3, kinds=KINDS)
    x = torch.randn(graph.num_nodes, 4)
    expected, out = layer(x, graph), layer.to(dtype)(x.to(dtype), graph)
    assert out.dtype == dtype
    torch.testing.assert_close(out.float(), expected, atol=error, rtol=error)


def test_an_edge_of_weight_zero_is_in_no_relation() -> None:
    graph, layer = graph_of_kinds(), RelationalConv(4, 3, kinds=KINDS)
    x = torch.randn(graph.num_nodes, 4)
    quiet = graph.with_weight(((graph.adjacency.source + graph.adjacency.target) % 3 != 0).float())
    kept = (quiet.edge_weight != 0) & (graph.adjacency.target >= graph.num_users)
    source, target = graph.edge_index[:, kept]
    attributes = {name: value[kept] for name, value in graph.edge_attributes.items()}
    less = Graph.from_pairs(source, target - graph.num_users, graph.num_users, graph.num_items, attributes=attributes)
    torch.testing.assert_close(layer(x, quiet), layer(x, less))


def test_what_does_not_fit_is_refused() -> None:
    layer = RelationalConv(2, 2, kinds=["buy", "viw"])
    bare = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 1)
    with pytest.raises(ValueError, match="RelationalConv: the interactions of this graph have no column kind"):
        layer(torch.zeros(2, 2), bare)
    with pytest.raises(ValueError, match=r"RelationalConv: expected a ragx.graph.Graph, .* got Tensor; make one"):
        layer(torch.zeros(2, 2), bare.edge_index)
    with pytest.raises(ValueError, match=r"relation: expected one of buy, view; got 'viw'\. Did you mean 'view'"):
        layer(torch.zeros(12, 2), graph_of_kinds())
    for kinds in ([], ["buy", "buy"]):
        with pytest.raises(ValueError, match="kinds: expected at least one kind of event, each once"):
            RelationalConv(2, 2, kinds=kinds)
    with pytest.raises(ValueError, match=r"edge_dropout: expected a number from 0 up to .* 1, got 1\.0"):
        RelationalConv(2, 2, kinds=KINDS, edge_dropout=1.0)
