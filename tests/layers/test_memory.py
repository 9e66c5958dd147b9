"""What layers hold in memory, forward and backward: numbers of edges and vectors of nodes, no vectors of edges."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ragx.graph.graph import Graph
from ragx.layers.light_conv import LightConv
from ragx.layers.ngcf_conv import NGCFConv
from ragx.layers.pyg_adapter import PyGConv
from ragx.layers.relational_conv import RelationalConv
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.layers.relevance_conv import RelevanceConv
from ragx.layers.time_decay_conv import TimeDecayConv

Peak = Callable[[Callable[[], object]], int]
WIDTH, USERS, ITEMS = 64, 300, 200
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "relevance": lambda: RelevanceConv(WIDTH, WIDTH),
    "light": lambda: LightConv(WIDTH, WIDTH, edge_dropout=0.1),
    "ngcf": lambda: NGCFConv(WIDTH, WIDTH),
    "time decay": lambda: TimeDecayConv(WIDTH, WIDTH),
    "time decay by kind": lambda: TimeDecayConv(WIDTH, WIDTH, kinds=["view", "buy"]),
    "relational": lambda: RelationalConv(WIDTH, WIDTH, kinds=["view", "buy"]),
    "attention": lambda: RelevanceAttentionConv(WIDTH, WIDTH, heads=2),
    "attention by cosine": lambda: RelevanceAttentionConv(WIDTH, WIDTH, heads=2, relevance="cosine"),
    "additive attention": lambda: RelevanceAttentionConv(WIDTH, WIDTH, heads=2, relevance="additive"),
    "attention with a prior": lambda: RelevanceAttentionConv(WIDTH, WIDTH, heads=2, edge_weight_role="log_prior"),
}


def large_graph() -> Graph:
    random = torch.Generator().manual_seed(0)
    user, item = (torch.rand(USERS, ITEMS, generator=random) < 0.7).nonzero(as_tuple=True)
    edge = torch.arange(len(user))
    attributes = {"time": 86_400 * (edge % 50), "time_of_view": 86_400 * (edge % 50), "time_of_buy": 0 * edge}
    attributes |= {"count_of_view": 1 + edge % 2, "count_of_buy": edge % 3}
    weight = torch.rand(len(user), generator=random) + 0.1
    return Graph.from_pairs(user, item, USERS, ITEMS, weight=weight, attributes=attributes)


def step_of(
    layer: nn.Module, graph: Graph, dtype: torch.dtype = torch.float32, width: int = WIDTH
) -> Callable[[], None]:
    x = torch.randn(graph.num_nodes, width, generator=torch.Generator().manual_seed(0)).to(dtype).requires_grad_()
    layer = layer.to(dtype)

    def step() -> None:
        out = layer(x, graph)
        torch.autograd.grad(out, [x, *layer.parameters()], torch.ones_like(out))

    return step


@pytest.mark.parametrize("name", LAYERS)
def test_no_vectors_of_edges_are_held(name: str, peak: Peak) -> None:
    graph = large_graph()
    vectors_of_edges = 4 * graph.num_edges * WIDTH
    assert graph.num_edges > 80_000
    assert 0 < peak(step_of(LAYERS[name](), graph)) < vectors_of_edges / 2


@pytest.mark.parametrize("name", ["relevance", "ngcf"])
def test_the_messages_of_the_plain_form_would_be_seen(name: str, peak: Peak) -> None:
    graph, layer = large_graph(), LAYERS[name]()
    layer.register_message_forward_hook(lambda module, inputs, output: None)  # type: ignore[operator]
    assert peak(step_of(layer, graph)) > 4 * graph.num_edges * WIDTH


@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 2), (torch.bfloat16, 5)])
@pytest.mark.parametrize("kind", [RelevanceConv, NGCFConv, partial(RelationalConv, kinds=["view", "buy"])])
def test_a_repeated_step_makes_nothing_of_the_size_of_the_edges_anew(
    kind: Callable[..., nn.Module], dtype: torch.dtype, most: int, peak: Peak
) -> None:
    graph, narrow = large_graph(), 8
    step = step_of(kind(narrow, narrow), graph, dtype, narrow)
    assert peak(step) < most * graph.num_edges  # in half precision torch itself takes 4 bytes an edge
    kept = graph._kept.values
    step()
    assert all(now is before for now, before in zip(graph._kept.values, kept, strict=True))


@pytest.mark.parametrize("smallest", [0.0, 0.5])
def test_a_repeated_step_of_a_pyg_layer_takes_the_edges_that_are_kept(smallest: float) -> None:
    graph = large_graph()
    graph = graph.with_weight(torch.where(graph.edge_weight < smallest, 0.0, graph.edge_weight))
    layer, seen = PyGConv(WIDTH, WIDTH, conv="torch_geometric.nn.GraphConv").bfloat16(), list[list[Tensor]]()

    def note(module: nn.Module, inputs: Any, options: Any) -> None:
        seen.append([inputs[1], options["edge_weight"]])

    layer.conv.register_forward_pre_hook(note, with_kwargs=True)
    x = torch.randn(graph.num_nodes, WIDTH).bfloat16()
    layer(x, graph)
    layer(x, graph)
    assert all(one is other for one, other in zip(*seen, strict=True))
    assert seen[0][1].dtype == torch.bfloat16
