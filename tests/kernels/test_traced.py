"""What ``torch.compile`` and ``torch.export`` see of the kernels: operations of tensors, equal to the eager ones."""

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from ragx.data.split import Split
from ragx.graph.adjacency import Adjacency
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph
from ragx.kernels.edge_product import edge_product
from ragx.kernels.linear_propagation import linear_propagation
from ragx.kernels.weighted_sum import weighted_sum
from ragx.layers.light_conv import LightConv
from ragx.layers.ngcf_conv import NGCFConv
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph

GraphOf = Callable[[str, int], Adjacency]
compiled = partial(torch.compile, backend="aot_eager", fullgraph=True)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()


def _random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("heads", [(), (3,)])
def test_the_operations_pass_torchs_own_check(graph_of: GraphOf, heads: tuple[int, ...]) -> None:
    adjacency = graph_of("square", 1)
    edges, nodes, number = adjacency.packed, adjacency.num_targets, adjacency.num_edges
    x, other, weight = _random(nodes, *heads, 4), _random(nodes, *heads, 4), _random(number, *heads)

    torch.library.opcheck(torch.ops.ragx.weighted_sum.default, (x, weight, None, edges))
    torch.library.opcheck(torch.ops.ragx.edge_product.default, (x, other, edges))
    if not heads:
        constant = weight.detach()
        arguments = (x, constant, constant[adjacency.permutation], edges, [0.5, 0.25, 0.25])
        torch.library.opcheck(torch.ops.ragx.linear_propagation.default, arguments)


@pytest.mark.parametrize("kind", ["random", "no edges", "square"])
def test_compiled_values_and_gradients_are_the_eager_ones(graph_of: GraphOf, kind: str) -> None:
    adjacency = graph_of(kind, 2)
    x, weight = _random(adjacency.num_sources, 4), _random(adjacency.num_edges)
    query = _random(adjacency.num_targets, 4)

    def loss(x: torch.Tensor, weight: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
        score = edge_product(query, x, adjacency)
        return weighted_sum(x, weight * score, adjacency).square().sum()

    expected = torch.autograd.grad(loss(x, weight, query), (x, weight, query))
    gradients = torch.autograd.grad(compiled(loss)(x, weight, query), (x, weight, query))

    for one, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("nodes", [None, [0, 7, 3]])
def test_a_compiled_polynomial_and_its_gradient_are_the_eager_ones(graph_of: GraphOf, nodes: list[int] | None) -> None:
    adjacency = graph_of("square", 3)
    x, weight = _random(adjacency.num_sources, 4), _random(adjacency.num_edges).detach()
    call = partial(linear_propagation, weight=weight, adjacency=adjacency, coefficients=[0.5, 0.25, 0.25])
    call = partial(call, nodes=None if nodes is None else torch.tensor(nodes, device=weight.device))

    output = compiled(lambda x: call(x))(x)

    assert torch.equal(output, call(x))
    upstream = torch.randn_like(output)
    assert torch.equal(*(torch.autograd.grad(y, x, upstream)[0] for y in (output, call(x))))


@pytest.mark.parametrize("layer", [RelevanceConv, LightConv, NGCFConv])
def test_a_layer_compiles_whole_on_a_graph_that_nothing_was_computed_of(
    tiny_split: Split, layer: type[nn.Module]
) -> None:
    graph, module = build_graph(tiny_split.train), layer(8, 8).eval()
    x = torch.randn(graph.num_nodes, 8, requires_grad=True)

    output = compiled(module)(x, graph)

    assert torch.equal(output, module(x, graph))
    upstream = torch.randn_like(output)
    assert torch.equal(*(torch.autograd.grad(y, x, upstream)[0] for y in (output, module(x, graph))))


class _Vectors(nn.Module):
    """The final vectors of some nodes, with the graph inside, as an exported program has it."""

    def __init__(self, model: RelevanceAwareGraph, graph: Graph) -> None:
        super().__init__()
        self.model, self.graph = model, graph

    def forward(self, nodes: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.model(self.graph)
        return vectors[nodes]


@pytest.mark.parametrize("layer", [LightConv, RelevanceConv])
def test_a_model_compiles_and_an_exported_one_gives_the_same_vectors(
    tiny_split: Split, layer: type[nn.Module], tmp_path: Path
) -> None:
    graph, nodes = build_graph(tiny_split.train), torch.arange(7)
    model = RelevanceAwareGraph(num_users=graph.num_users, num_items=graph.num_items, layer=layer, num_layers=2).eval()
    vectors = _Vectors(model, build_graph(tiny_split.train))
    expected = vectors(nodes)

    assert torch.equal(compiled(model)(graph)[nodes], expected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own
        torch.export.save(torch.export.export(vectors, (nodes,)), tmp_path / "vectors.pt2")
        exported = torch.export.load(tmp_path / "vectors.pt2").module()
    assert torch.equal(exported(nodes), expected)
