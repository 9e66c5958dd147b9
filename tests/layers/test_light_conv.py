"""The layer of LightGCN against PyG's."""

import pytest
import torch
from torch_geometric.nn import LGConv

from ragx.graph.graph import Graph
from ragx.graph.weights import SymmetricNorm
from ragx.layers.light_conv import LightConv


def test_with_the_symmetric_norm_it_is_pyg_s_layer(tiny_graph: Graph) -> None:
    graph = tiny_graph.with_weight(SymmetricNorm()(tiny_graph))
    x = torch.randn(graph.num_nodes, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    ours, theirs = LightConv(5, 5)(x, graph), LGConv()(x, graph.edge_index)
    torch.testing.assert_close(ours, theirs)
    (mine,), (other,) = (torch.autograd.grad(out.square().sum(), x) for out in (ours, theirs))
    torch.testing.assert_close(mine, other)


def test_it_has_nothing_to_learn_and_is_linear() -> None:
    layer = LightConv(3, 3)
    assert not list(layer.parameters())
    assert layer.is_linear_propagation
    assert not LightConv(3, 3, edge_dropout=0.5).is_linear_propagation


def test_it_keeps_its_width() -> None:
    with pytest.raises(ValueError, match="Without a linear map a layer keeps its width: got 3 in and 4 out"):
        LightConv(3, 4)
