"""PyG's convolutions by config alone: the same values as calling them, and wrong pairings that are said."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric.explain import Explainer, GNNExplainer
from torch_geometric.explain.algorithm.utils import clear_masks, set_masks
from torch_geometric.nn import GATConv, GATv2Conv, GCNConv, GraphConv, SAGEConv, TransformerConv

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
    layer, weighted = PyGConv(8, 4, **options), GRAPH.edge_weight != 2.0
    silent = GRAPH.with_weight(GRAPH.edge_weight * weighted)
    weight = (GRAPH.edge_weight[weighted],) if layer.weight_name else ()
    torch.testing.assert_close(layer(drawn(), silent), layer.conv(drawn(), GRAPH.edge_index[:, weighted], *weight))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"conv": "SAGEConv"}, "conv: expected a dotted path such as torch_geometric.nn.SAGEConv, got 'SAGEConv'"),
        ({"conv": "no_such.Conv"}, "conv: expected a dotted path .*got 'no_such.Conv' .No module named 'no_such'"),
        ({"conv": PYG + "SAGEConf"}, r"conv: torch_geometric.nn has no 'SAGEConf'. Did you mean 'SAGEConv'\?"),
        (
            {"conv": PYG + "LGConv"},
            "conv: .*LGConv is not told two widths and keeps the one it gets: got 8 in and 4",
        ),
        ({"conv": PYG + "is_debug_enabled"}, "conv: torch_geometric.nn has no 'is_debug_enabled'"),
        (
            {"conv": "torch_geometric.utils.softmax"},
            "conv: expected a class of torch.nn.Module such as .*got torch_geo",
        ),
        (
            {"conv": PYG + "HypergraphConv"},
            "conv: expected a convolution that is called with x, edge_index and optional arguments, got "
            "torch_geometric.nn.HypergraphConv, which is called with x, hyperedge_index, hyperedge_weight.*layer=cust",
        ),
        (
            {"conv": PYG + "PointTransformerConv"},
            "PointTransformerConv, which is called with x, pos, edge_index; write",
        ),
        ({"conv": PYG + "HEATConv"}, "HEATConv, which is called with x, edge_index, node_type, edge_type, edge_attr;"),
        ({"conv": PYG + "ChebConv"}, "options: torch_geometric.nn.ChebConv requires K; set .layer.options.K=…"),
        ({"conv": PYG + "SSGConv"}, "options: torch_geometric.nn.SSGConv requires alpha; set .layer.options.alpha=…"),
        (
            {"conv": PYG + "PDNConv"},
            "options: .*PDNConv requires edge_dim, hidden_channels; set .layer.options.edge_dim=… .layer.options.hid",
        ),
        (
            {"conv": PYG + "MixHopConv"},
            r"conv: expected torch_geometric.nn.MixHopConv to give \[2, 4\] on two nodes of width 8, got \[2, 12\];",
        ),
        (
            {"conv": PYG + "EGConv"},
            r"conv: expected .*EGConv to be made with .* widths 8 and 4, got ValueError\(.*divisible.*; change",
        ),
        (
            {"conv": PYG + "MeshCNNConv"},
            r"conv: expected .*MeshCNNConv with these options to run on a graph of two nodes, got Runtime.*; change",
        ),
        (
            {"conv": PYG + "SAGEConv", "edge_weight": "required"},
            "edge_weight=required: torch_geometric.nn.SAGEConv takes no edge weights; use layer.edge_weight=auto",
        ),
        (
            {"conv": PYG + "TransformerConv", "edge_weight": "required"},
            "edge_weight=required: torch_geometric.nn.TransformerConv takes no edge weights unless layer.options",
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


@pytest.mark.parametrize(
    ("name", "options", "keywords"),
    [
        ("SAGEConv", {"aggr": "lstm"}, {}),
        ("LGConv", {}, {"edge_weight": GRAPH.edge_weight}),
        ("APPNP", {"K": 2, "alpha": 0.1}, {"edge_weight": GRAPH.edge_weight}),
        ("AGNNConv", {}, {}),
        ("CGConv", {}, {}),
        ("GatedGraphConv", {"num_layers": 2}, {"edge_weight": GRAPH.edge_weight}),
        ("ChebConv", {"K": 2}, {"edge_weight": GRAPH.edge_weight}),
        ("SSGConv", {"alpha": 0.1}, {"edge_weight": GRAPH.edge_weight}),
    ],
)
def test_convolutions_that_keep_the_width_or_need_options(name: str, options: Any, keywords: Any) -> None:
    layer = PyGConv(8, 8, conv=PYG + name, options=options).eval()
    out = layer(drawn(), GRAPH)
    assert out.shape == (5, 8)
    torch.testing.assert_close(out, layer.conv(drawn(), GRAPH.edge_index, **keywords))


def test_trying_it_out_leaves_no_trace() -> None:
    made, states = [], []
    with torch.random.fork_rng():
        for make in (lambda: PyGConv(8, 4, conv=PYG + "GATConv", options={"dropout": 0.5}), lambda: GATConv(8, 4)):
            torch.manual_seed(0)
            made.append(make())
            states.append(torch.random.get_rng_state())
    assert torch.equal(*states)
    layer = PyGConv(8, 4, conv=PYG + "GCNConv", options={"cached": True})
    assert layer.conv._cached_edge_index is None


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-5), (torch.bfloat16, 0.05)])
@pytest.mark.parametrize(
    ("name", "options"),
    [("GCNConv", {}), ("GraphConv", {}), ("GATv2Conv", {"heads": 2, "edge_dim": 1}), ("SAGEConv", {"aggr": "max"})],
)
def test_weights_come_in_the_dtype_of_the_vectors(name: str, options: Any, dtype: torch.dtype, error: float) -> None:
    layer = PyGConv(8, 4, conv=PYG + name, options=options).eval()
    expected = layer(drawn(), GRAPH)
    out = layer.to(dtype)(drawn().to(dtype), GRAPH)
    assert out.dtype == dtype
    torch.testing.assert_close(out.float(), expected, atol=error, rtol=error)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("name", ["GraphConv", "SAGEConv", "GCNConv"])
def test_an_explainer_masks_edges_where_others_are_silent(name: str, learned: bool) -> None:
    layer, weighted = PyGConv(8, 8, conv=PYG + name).eval(), GRAPH.edge_weight != 2.0
    silent = GRAPH.with_weight(GRAPH.edge_weight * weighted)
    free = layer(drawn(), silent)
    mask = torch.ones(GRAPH.num_edges)
    mask[silent.adjacency.target == 0] = 0
    mask = torch.nn.Parameter(mask) if learned else mask
    set_masks(layer, mask, silent.edge_index, apply_sigmoid=False)
    masked = layer(drawn(), silent)
    assert layer.conv._edge_mask is mask
    loops: Any = layer.conv._loop_mask
    assert len(loops) == GRAPH.num_edges
    torch.testing.assert_close(masked[1:], free[1:])
    assert not torch.allclose(masked[0], free[0])
    if learned:
        (gradient,) = torch.autograd.grad(masked.sum(), mask)
        assert not gradient[~weighted].any()
        assert gradient[weighted].all()
    clear_masks(layer)
    torch.testing.assert_close(layer(drawn(), silent), free)


def test_a_mask_of_another_graph_is_said() -> None:
    layer = PyGConv(8, 8, conv=PYG + "GraphConv")
    set_masks(layer, torch.ones(4), torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]]), apply_sigmoid=False)
    with pytest.raises(
        ValueError, match=r"edge mask of an explainer: expected one number for each of .* 6 edges, got 4"
    ):
        layer(drawn(), GRAPH)


def test_pyg_s_explainer_explains_a_layer_of_pyg_on_a_graph_with_silent_edges() -> None:
    """The model is called with PyG's edges; the graph that they are of has an edge of weight 0."""
    layer = PyGConv(8, 8, conv=PYG + "GraphConv")
    silent = GRAPH.with_weight(torch.where(GRAPH.edge_weight == 2.0, 0.0, GRAPH.edge_weight))

    class OnEdges(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            assert edge_index is silent.edge_index
            out: Tensor = self.layer(x, silent)
            return out

    config = {"mode": "regression", "task_level": "node", "return_type": "raw"}
    explainer = Explainer(
        OnEdges(), GNNExplainer(epochs=3), explanation_type="model", edge_mask_type="object", model_config=config
    )
    explanation = explainer(drawn(), silent.edge_index, index=0)
    assert explanation.edge_mask.shape == (GRAPH.num_edges,)
    assert not explanation.edge_mask[silent.edge_weight == 0].any()
