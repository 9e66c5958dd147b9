"""One way to call every layer: ``layer(x, edges, edge_weight)``, with a graph or with PyG's edge index."""

from functools import partial

import pytest
import torch
from torch import nn

from ragx.layers.light_conv import LightConv
from ragx.layers.ngcf_conv import NGCFConv
from ragx.layers.pyg_adapter import PyGConv
from ragx.layers.relational_conv import RelationalConv
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.layers.relevance_conv import RelevanceConv
from ragx.layers.time_decay_conv import TimeDecayConv
from ragx.models.relevance_aware_graph import LayerFactory
from ragx.testing.subject import WIDTH, Subject

BARE: dict[str, LayerFactory] = {
    "relevance": RelevanceConv,
    "light": LightConv,
    "ngcf": NGCFConv,
    "attention": partial(RelevanceAttentionConv, edge_weight_role="factor"),
    "pyg": partial(PyGConv, conv="torch_geometric.nn.GraphConv"),
}
OF_GRAPHS: dict[str, LayerFactory] = {
    "time_decay": TimeDecayConv,
    "relational": partial(RelationalConv, kinds=["view", "cart"]),
}
LAYERS = BARE | OF_GRAPHS


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Subject:
    """Return what a layer is called on."""
    return Subject(LAYERS[request.param], torch.device("cpu"))


def _layer(subject: Subject) -> nn.Module:
    torch.manual_seed(0)
    return subject.made(WIDTH).eval()


@pytest.mark.parametrize("subject", LAYERS, indirect=True)
def test_weights_that_are_given_stand_in_for_the_graph_s_own(subject: Subject) -> None:
    layer, graph, x = _layer(subject), subject.graph(), subject.x()
    weight = torch.where(torch.arange(graph.num_edges) % 5 == 0, 0.0, graph.edge_weight.flip(0))

    out = layer(x, graph, weight)

    torch.testing.assert_close(out, layer(x, graph.with_weight(weight)))
    assert not torch.allclose(out, layer(x, graph))


@pytest.mark.parametrize("subject", BARE, indirect=True)
def test_an_edge_index_with_weights_says_what_the_graph_says(subject: Subject) -> None:
    layer, graph, x = _layer(subject), subject.graph(), subject.x()
    weight = torch.where(torch.arange(graph.num_edges) % 5 == 0, 0.0, graph.edge_weight)

    out = layer(x, graph.edge_index, weight)

    torch.testing.assert_close(out, layer(x, graph.with_weight(weight)))
    torch.testing.assert_close(
        layer(x, graph.edge_index), layer(x, graph.with_weight(torch.ones_like(graph.edge_weight)))
    )


@pytest.mark.parametrize("subject", OF_GRAPHS, indirect=True)
def test_a_layer_that_looks_at_events_asks_for_a_graph(subject: Subject) -> None:
    message = r"expected a ragx.graph.Graph, whose edges have times and kinds, got Tensor; make one"
    with pytest.raises(ValueError, match=message):
        _layer(subject)(subject.x(), subject.graph().edge_index)
