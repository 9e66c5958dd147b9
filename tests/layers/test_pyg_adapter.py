"""PyG's convolutions by config alone: the same values as calling them, and wrong pairings that are said."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric.nn import GATv2Conv, GCNConv, GraphConv, SAGEConv, TransformerConv

from ragx.graph.graph import Graph
from ragx.layers.pyg_adapter import PyGConv

GRAPH = Graph.from_pairs(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2, 3, weight=torch.tensor([0.5, 2.0, 1.0]))
PYG = "torch_geometric.nn."


def drawn() -> Tensor:
    return torch.randn(5, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "options", "direct", "keywords"),
    [
        ("SAGEConv", {"aggr": "max"}, lambda: SAGEConv(8, 4, aggr="max"), {}),
        ("GCNConv", {}, lambda: GCNConv(8, 4), {"edge_weight": GRAPH.edge_weight}),
        ("GraphConv", {}, lambda: GraphConv(8, 4), {"edge_weight": GRAPH.edge_weight}),
        ("TransformerConv", {"heads": 2}, lambda: TransformerConv(8, 2, heads=2), {}),
        ("GATv2Conv", {"heads": 2, "concat": False}, lambda: GATv2Conv(8, 4, heads=2, concat=False), {}),
        (
            "GATv2Conv",
            {"heads": 4, "edge_dim": 1},
            lambda: GATv2Conv(8, 1, heads=4, edge_dim=1),
            {"edge_attr": GRAPH.edge_weight.unsqueeze(1)},
        ),
    ],
)
def test_it_is_the_convolution_called_on_the_graph(name: str, options: Any, direct: Any, keywords: Any) -> None:
    layer, conv = PyGConv(8, 4, conv=PYG + name, options=options).eval(), direct().eval()
    conv.load_state_dict(layer.conv.state_dict())
    out = layer(drawn(), GRAPH)
    assert out.shape == (5, 4)
    torch.testing.assert_close(out, conv(drawn(), GRAPH.edge_index, **keywords))


def test_weights_are_withheld_where_asked() -> None:
    layer = PyGConv(8, 4, conv=PYG + "GraphConv", edge_weight="none")
    torch.testing.assert_close(layer(drawn(), GRAPH), layer.conv(drawn(), GRAPH.edge_index))


@pytest.mark.parametrize("options", [{"conv": PYG + "SAGEConv"}, {"conv": PYG + "GraphConv"}])
def test_an_edge_of_weight_zero_is_left_out(options: Any) -> None:
    layer, heard = PyGConv(8, 4, **options), GRAPH.edge_weight != 2.0
    silent = GRAPH.with_weight(GRAPH.edge_weight * heard)
    weight = (GRAPH.edge_weight[heard],) if layer.weight_name else ()
    torch.testing.assert_close(layer(drawn(), silent), layer.conv(drawn(), GRAPH.edge_index[:, heard], *weight))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"conv": "SAGEConv"}, "conv: expected a dotted path such as torch_geometric.nn.SAGEConv, got 'SAGEConv'"),
        ({"conv": "no_such.Conv"}, "conv: expected a dotted path .*got 'no_such.Conv' .No module named 'no_such'"),
        ({"conv": PYG + "SAGEConf"}, r"conv: torch_geometric.nn has no 'SAGEConf'. Did you mean 'SAGEConv'\?"),
        ({"conv": PYG + "LGConv"}, "conv: expected a module made with in_channels and out_channels, got torch_geo"),
        (
            {"conv": PYG + "SAGEConv", "edge_weight": "required"},
            "edge_weight=required: torch_geometric.nn.SAGEConv takes no edge weights; use edge_weight=auto to go with",
        ),
        (
            {"conv": PYG + "TransformerConv", "edge_weight": "required"},
            "edge_weight=required: torch_geometric.nn.TransformerConv takes no edge weights unless options.edge_dim is",
        ),
        ({"conv": PYG + "GATv2Conv", "options": {"edge_dim": 3}}, "options.edge_dim: .*expected 1 or null, got 3"),
        ({"conv": PYG + "SAGEConv", "options": {"agr": "max"}}, r"options.agr: unknown option.*Did you mean 'aggr'\?"),
        ({"conv": PYG + "SAGEConv", "options": {"out_channels": 3}}, "options.out_channels: comes from the model's"),
        ({"conv": PYG + "GATv2Conv", "options": {"heads": 3}}, "heads: 3 heads do not divide the width 4"),
        ({"conv": PYG + "SAGEConv", "edge_weight": "needed"}, "edge_weight: expected one of auto, required, none; got"),
    ],
)
def test_a_wrong_pairing_is_said(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PyGConv(8, 4, **arguments)
