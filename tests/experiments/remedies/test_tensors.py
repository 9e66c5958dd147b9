"""Advice about tensors, graphs, layers and kernels."""

import dataclasses
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import polars as pl
import pytest
import torch
from torch_geometric.data import Data, HeteroData
from torch_geometric.explain.algorithm.utils import set_masks
from torch_geometric.nn import DNAConv, RGCNConv
from torch_geometric.transforms import ToUndirected
from torch_geometric.utils import coalesce, to_edge_index

from ragx.data.interactions import Interactions
from ragx.graph.adjacency import Adjacency
from ragx.graph.build import build_graph
from ragx.graph.from_data import graph_from_data
from ragx.graph.graph import Graph
from ragx.graph.weights import LogCount
from ragx.kernels import forms
from ragx.kernels.edge_attention import edge_attention
from ragx.kernels.forms import use_form
from ragx.kernels.linear_propagation import linear_propagation
from ragx.kernels.weighted_sum import weighted_sum
from ragx.layers.fusion import check_edge_index, graph_of
from ragx.layers.light_conv import LightConv
from ragx.layers.pyg_adapter import PyGConv
from ragx.layers.readout import Readout
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.layers.relevance_conv import RelevanceConv

PYG = "torch_geometric.nn."
PAIRS = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])
GRAPH = Graph.from_pairs(*PAIRS, 2, 2)
EDGES, X = GRAPH.adjacency, torch.ones(4, 8)
WEIGHT = torch.ones(GRAPH.num_edges)
LEARNT = torch.ones(GRAPH.num_edges, requires_grad=True)
QUERY = torch.ones(4, 2, 4)


def data(edges: list[list[int]], **fields: Any) -> Data:
    return Data(edge_index=torch.tensor(edges), num_nodes=4, num_users=2, **fields)


def hetero(reverse: bool = True, **back: Any) -> HeteroData:
    """Return two users, two items and two pairs, the reverse with a pair less or what is given."""
    made = HeteroData()
    made["user"].num_nodes = made["item"].num_nodes = 2
    made["user", "buys", "item"].edge_index = torch.tensor([[0, 1], [0, 1]])
    if reverse:
        made["item", "rev_buys", "user"].edge_index = torch.tensor([[0, 1], [0, 1]] if back else [[0], [0]])
        made["item", "rev_buys", "user"].update(back)
    return made


def on_both() -> HeteroData:
    made = hetero(seen=torch.ones(2))
    made["user", "buys", "item"].seen = torch.ones(2)
    return made


def events(**columns: Any) -> Interactions:
    return Interactions.from_events(pl.DataFrame({"user": ["u", "u"], "item": ["a", "a"], **columns}))


def form(operation: str, name: str, x: torch.Tensor = X) -> None:
    with use_form(operation, name):
        weighted_sum(x, None, EDGES)


def attention(**options: Any) -> Callable[[], object]:
    return lambda: edge_attention(QUERY, QUERY, QUERY, EDGES, **options)


def propagation(weight: torch.Tensor, x: torch.Tensor = X, **options: Any) -> Callable[[], object]:
    return lambda: linear_propagation(x, weight, EDGES, [1.0], **options)


def conv(name: str, *widths: int, **options: Any) -> Callable[[], object]:
    return lambda: PyGConv(*widths, conv=PYG + name, **options)


class OwnLayer(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = RGCNConv(8, 8, num_relations=2)

    def forward(self, x: torch.Tensor, graph: Graph) -> torch.Tensor:
        out: torch.Tensor = self.conv(x, graph.edge_index, (graph.edge_index[0] < graph.num_users).long())
        return out


def explained(edge_index: torch.Tensor) -> torch.Tensor:
    """Call a convolution under the mask of an explainer that was shown these edges."""
    layer = PyGConv(8, 8, conv=f"{PYG}GraphConv")
    set_masks(layer, torch.ones(edge_index.shape[1]), edge_index)
    out: torch.Tensor = layer(X, GRAPH)
    return out


TWICE, ONCE = [[0, 0, 2], [2, 2, 0]], coalesce(torch.tensor([[0, 0, 2], [2, 2, 0]])).tolist()
WEIGHTED_BOTH_WAYS = {"edge_weight": torch.tensor([1.0, 2.0])}
SPARSE = torch.eye(3).to_sparse()
DOUBLE = torch.ones(4, 8, dtype=torch.float64)
HALF = torch.ones(4, 8, dtype=torch.float16)
Row = tuple[Callable[[], object], ...]
ROWS: dict[str, Row] = {
    "torch_geometric.utils.coalesce merges them": (
        lambda: graph_from_data(data(TWICE)),
        lambda: graph_from_data(data(ONCE)),
    ),
    "put it on both": (lambda: graph_from_data(hetero(seen=torch.ones(2))), lambda: graph_from_data(on_both())),
    "torch_geometric.transforms.ToUndirected makes the reverse": (
        lambda: graph_from_data(hetero()),
        lambda: graph_from_data(ToUndirected()(hetero(reverse=False))),
    ),
    "weights; set them": (
        lambda: graph_from_data(data([[0, 2], [2, 0]], **WEIGHTED_BOTH_WAYS)),
        lambda: graph_from_data(data([[0, 2], [2, 0]])).with_weight(torch.tensor([1.0, 2.0])),
    ),
    "values of …; leave it out, and set weights": (
        lambda: graph_from_data(data([[0, 2], [2, 0]], edge_age=torch.tensor([1, 2]))),
        lambda: graph_from_data(data([[0, 2], [2, 0]])).with_weight(torch.tensor([1.0, 2.0])),
    ),
    "build_graph merges repeated interactions": (
        lambda: Graph.from_pairs(torch.tensor([0, 0]), torch.tensor([1, 1]), 2, 2),
        lambda: build_graph(events()),
    ),
    "make graphs with Adjacency.from_edges": (
        lambda: dataclasses.replace(EDGES, source=EDGES.source.int()),
        lambda: Adjacency.from_edges(EDGES.source, EDGES.target, 4, 4),
    ),
    "give the interactions a column timestamp": (
        lambda: build_graph(events()).age(),
        lambda: build_graph(events(timestamp=[1, 2])).age(),
    ),
    "the edges have no count; use build_graph": (lambda: LogCount()(GRAPH), lambda: LogCount()(build_graph(events()))),
    "multiply query by what is learnt": (
        attention(scale=torch.tensor(2.0)),
        lambda: edge_attention(QUERY * torch.tensor(2.0, requires_grad=True), QUERY, QUERY, EDGES),
    ),
    "expected operation=form, separated by commas, such as weighted_sum=csr": (
        lambda: forms._from_environment("csr"),
        lambda: forms._from_environment("weighted_sum=csr"),
    ),
    "in which torch has no such product; take the form embedding_bag": (
        lambda: form("weighted_sum", "csr", HALF),
        lambda: form("weighted_sum", "embedding_bag", HALF),
    ),
    "weight: expected the dtype of x, …, got …; cast it.": (
        propagation(WEIGHT, DOUBLE),
        propagation(WEIGHT.double(), DOUBLE),
    ),
    "to hold weight[permutation]": (
        propagation(WEIGHT, transposed_weight=WEIGHT[1:]),
        propagation(WEIGHT, transposed_weight=WEIGHT[EDGES.permutation]),
    ),
    "call weighted_sum once a layer to learn edge weights, or pass weight.detach()": (
        propagation(LEARNT),
        lambda: weighted_sum(X, LEARNT, EDGES),
        propagation(LEARNT.detach()),
    ),
    "leave it out for a weight to be learnt": (
        lambda: weighted_sum(X, LEARNT, EDGES, transposed_weight=WEIGHT),
        lambda: weighted_sum(X, LEARNT, EDGES),
    ),
    "cast it with .to(x.dtype)": (
        lambda: weighted_sum(DOUBLE, WEIGHT, EDGES),
        lambda: weighted_sum(DOUBLE, WEIGHT.to(DOUBLE.dtype), EDGES),
    ),
    "make one with ragx.graph.build_graph, or use another layer": (
        lambda: graph_of(LightConv(8, 8), GRAPH.edge_index, None),
        lambda: graph_of(LightConv(8, 8), build_graph(events()), None),
        lambda: LightConv(8, 8)(X, GRAPH.edge_index),
    ),
    "Make a graph with Graph.from_pairs, or pass what torch_geometric.utils.to_edge_index returns": (
        lambda: LightConv(8, 8)(torch.ones(3, 8), SPARSE),
        lambda: LightConv(8, 8)(X, Graph.from_pairs(*PAIRS, 2, 2)),
        lambda: LightConv(8, 8)(torch.ones(3, 8), *to_edge_index(SPARSE)),
        lambda: check_edge_index(to_edge_index(SPARSE)[0]),
    ),
    "choose options or a width that fit": (
        conv("MixHopConv", 8, 4),
        conv("MixHopConv", 8, 4, options={"powers": [1]}),
    ),
    "got …; change layer.options or the widths": (
        conv("EGConv", 8, 4),
        conv("EGConv", 8, 4, options={"num_heads": 2}),
        conv("EGConv", 8, 8),
    ),
    "to run on a graph of two nodes, got …; change layer.options": (
        conv("GCNConv", 8, 4, options={"aggr": ["mean", "max"]}),
        conv("GCNConv", 8, 4, options={"aggr": "max"}),
    ),
    "options, or write a layer of your own": (conv("DNAConv", 8, 8), lambda: DNAConv(8)(X[:, None], GRAPH.edge_index)),
    "takes no edge weights": (conv("SAGEConv", 8, 8, edge_weight="required"), conv("SAGEConv", 8, 8)),
    " unless layer.options.edge_dim=1": (
        conv("GATConv", 8, 8, edge_weight="required"),
        conv("GATConv", 8, 8, edge_weight="required", options={"edge_dim": 1}),
    ),
    "write a layer of your own around it (layer=custom)": (
        conv("PointTransformerConv", 8, 8),
        lambda: OwnLayer()(X, GRAPH),
    ),
    "explain with graph.edge_index": (lambda: explained(GRAPH.edge_index[:, 1:]), lambda: explained(GRAPH.edge_index)),
    "set equal widths": (conv("LGConv", 8, 4), conv("LGConv", 8, 8)),
    "use model.readout=last or concat": (
        lambda: Readout("mean", [8, 4]),
        lambda: Readout("last", [8, 4]),
        lambda: Readout("concat", [8, 4]),
    ),
    "layer.edge_weight_role=log_prior needs weights of at least 0": (
        lambda: RelevanceAttentionConv(8, 8, edge_weight_role="log_prior")(X, GRAPH.with_weight(-WEIGHT)),
        lambda: RelevanceAttentionConv(8, 8, edge_weight_role="log_prior")(X, GRAPH.with_weight(WEIGHT)),
    ),
    "Set layer.linear=true or equal widths": (
        lambda: RelevanceConv(8, 4, linear=False),
        lambda: RelevanceConv(8, 4, linear=True),
        lambda: RelevanceConv(8, 8, linear=False),
    ),
}
TOOL_ROWS = {
    "pip install --no-build-isolation torch-scatter, or take the form torch": ("has_scatter", "segment_max", "scatter"),
    "install one, or take the form …": ("has_compiler", "edge_attention", "native"),
}


@pytest.mark.parametrize("advice", TOOL_ROWS)
def test_a_form_whose_tool_is_missing(
    advice: str, follow: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    has_tool, operation, missing = TOOL_ROWS[advice]

    def force(name: str) -> None:
        with use_form(operation, name):
            forms.form_of(operation, torch.device("cpu"))

    monkeypatch.setattr(forms, has_tool, lambda: False)
    follow(advice, lambda: force(missing), lambda: force(forms.FORMS[operation][1]))


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(advice: str, follow: Callable[..., None]) -> None:
    with torch.no_grad() if "learn" not in advice else nullcontext():
        follow(advice, *ROWS[advice])
