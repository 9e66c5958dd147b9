"""The contract of layers: every layer here keeps it, and a layer broken in one way fails that clause."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import MessagePassing

from ragx.graph.graph import Graph
from ragx.kernels.weighted_sum import weighted_sum
from ragx.layers.light_conv import LightConv
from ragx.layers.ngcf_conv import NGCFConv
from ragx.layers.pyg_adapter import PyGConv
from ragx.layers.relational_conv import RelationalConv
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.layers.relevance_conv import RelevanceConv
from ragx.layers.time_decay_conv import TimeDecayConv
from ragx.parts import bind
from ragx.testing import check_layer

LAYERS = Path(__file__).resolve().parents[2] / "conf" / "layer"
WITHOUT_A_CLASS = ("custom",)


@pytest.mark.parametrize("name", sorted(path.stem for path in LAYERS.glob("*.yaml")))
def test_every_layer_that_has_a_yaml_keeps_the_contract(name: str) -> None:
    if name in WITHOUT_A_CLASS:
        pytest.skip("names no layer")
    config: Any = OmegaConf.to_container(OmegaConf.load(LAYERS / f"{name}.yaml"))
    check_layer(bind({"layer": config}, {"layer": ("in_channels", "out_channels")})["layer"].factory())


class NearTheNode(RelevanceConv):
    """An own layer with only ``message``: what is near the node counts more."""

    def message(self, x_i: Tensor, x_j: Tensor, edge_weight: Tensor) -> Tensor:  # type: ignore[override]
        return (edge_weight / (1 + (x_i - x_j).square().sum(-1))).unsqueeze(-1) * x_j


class OwnMaximum(MessagePassing):  # type: ignore[misc]
    """A layer that owes nothing to ragx but the graph, with a maximum over neighbours."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(aggr="max")
        self.linear = nn.Linear(in_channels, out_channels)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        weighted = graph.edge_weight != 0
        out: Tensor = self.propagate(graph.edge_index[:, weighted], x=self.linear(x))
        return out


class OwnValues(RelevanceAttentionConv):
    """Derived from a layer that has been used before: an explainer is heeded all the same."""

    def message(self, value_i: Tensor, value_j: Tensor, edge_weight: Tensor) -> Tensor:  # type: ignore[override]
        return edge_weight.unsqueeze(-1) * torch.tanh(value_j - value_i)


@pytest.mark.parametrize("kind", [NearTheNode, OwnValues, OwnMaximum])
def test_a_user_s_own_layer_keeps_the_contract(kind: Callable[..., nn.Module]) -> None:
    for parent in (RelevanceConv, RelevanceAttentionConv):
        parent(8, 8)
    check_layer(kind)


def test_layers_with_options_keep_the_contract() -> None:
    check_layer(partial(TimeDecayConv, kinds=["view", "cart", "buy"]))
    check_layer(partial(RelationalConv, kinds=["buy"], edge_dropout=0.5))
    check_layer(partial(NGCFConv, dropout=0.5, edge_dropout=0.5))
    check_layer(partial(RelevanceAttentionConv, relevance="additive", edge_weight_role="log_prior", edge_dropout=0.5))
    check_layer(partial(PyGConv, conv="torch_geometric.nn.ChebConv", options={"K": 2}))


def test_a_check_leaves_torch_s_generator_as_it_was() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    check_layer(LightConv)
    with pytest.raises(AssertionError, match=r"^shapes"):
        check_layer(TooNarrow)
    assert torch.equal(torch.rand(3), expected)


def test_a_layer_is_checked_on_the_device_that_is_asked_for() -> None:
    check_layer(LightConv, device="cpu")
    if torch.cuda.is_available():
        check_layer(RelevanceAttentionConv, device="cuda")
    with pytest.raises(AssertionError, match=r"^shapes: the layer raised "):  # its own numbers lie on the CPU
        check_layer(KnowsItsPlace, device="meta")


class Frozen(RelevanceConv):
    """Its first parameter is not learned; its message disagrees with the fused form by a gradient alone."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        assert self.bias is not None
        self.bias.requires_grad_(False)
        self.gain = nn.Parameter(torch.ones(1))

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        message: Tensor = super().message(x_j, edge_weight) * self.gain.detach()
        return message

    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        return super().message_and_aggregate(graph, x, edge_weight) * self.gain


class Sum(LightConv):
    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        return self.changed(x, edge_index, super().forward(x, edge_index, edge_weight))

    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        raise NotImplementedError


class TooNarrow(Sum):
    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        return out[:, 1:]


class KnowsItsPlace(Sum):
    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        return out + torch.arange(len(out)).unsqueeze(1)


class Unweighted(RelevanceConv):
    def message(self, x_j: Tensor) -> Tensor:  # type: ignore[override]
        return x_j


class FusedRegardless(LightConv):
    """Takes the fused form of its parent, and never asks who is watching."""

    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        assert isinstance(edge_index, Graph)
        return self.message_and_aggregate(edge_index, x, edge_index.edge_weight)

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return 2 * edge_weight.unsqueeze(-1) * x_j


class FusedOtherwise(RelevanceConv):
    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        return 2 * super().message_and_aggregate(graph, x, edge_weight)


class FusedWithAnotherGradient(RelevanceConv):
    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        return weighted_sum(x.detach(), edge_weight, graph.adjacency) + 0 * x


class FusedOtherwiseInTraining(RelevanceConv):
    def message_and_aggregate(self, graph: Graph, x: Tensor, edge_weight: Tensor) -> Tensor:
        total: Tensor = super().message_and_aggregate(graph, x, edge_weight)
        return total * (2 if self.training else 1)


class AssertsWithin(Sum):
    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        assert self.training
        return out


class WeightsAsTheyAre(Sum):
    """Hears the weights in the dtype that they have."""

    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        assert isinstance(edge_index, Graph)
        size = (len(x), len(x))
        out: Tensor = self.propagate(edge_index.edge_index, x=x, edge_weight=edge_index.edge_weight, size=size)
        return out


class CutGradient(Sum):
    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        return out + x.detach()


class SingleOnly(Sum):
    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        return functional.linear(out, torch.eye(out.shape[1]))


class Forgetful(Sum):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.hidden = [torch.rand(())]

    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        return out * self.hidden[0].to(out.dtype)


class DividesByDegree(Sum):
    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        assert isinstance(graph, Graph)
        total = torch.zeros(graph.num_nodes, dtype=x.dtype)
        total.index_add_(0, graph.adjacency.target, graph.edge_weight.to(x.dtype))
        return out / total.unsqueeze(1)


class Unmasked(Sum):
    """Passes what it hears by a way that an explainer cannot mask."""

    def changed(self, x: Tensor, graph: Graph | Tensor, out: Tensor) -> Tensor:
        assert isinstance(graph, Graph)
        return weighted_sum(x, graph.edge_weight.to(x.dtype), graph.adjacency) + 0 * out


class NoMessages(nn.Linear):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)

    def forward(self, x: Tensor, graph: Graph | None = None) -> Tensor:
        return super().forward(x)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (TooNarrow, r"shapes: expected \[9, 8\], got \[9, 7\]"),
        (partial(RelevanceConv, activation="nothing"), "shapes: the layer cannot be made with widths 8 and 8: activ"),
        (KnowsItsPlace, "permutation of nodes: nodes in another order do not give the same vectors: they differ by "),
        (Unweighted, "weight 0 = no edge: an edge of weight 0 is heard: they differ by up to "),
        (FusedRegardless, "both paths agree: message is not called though a hook watches it"),
        (FusedOtherwise, "both paths agree: the output differs between the fused form and the one through message"),
        (FusedWithAnotherGradient, "both paths agree: the gradient of x differs between the fused form"),
        (FusedOtherwiseInTraining, "both paths agree: the output differs between .* through message in training: they"),
        (Frozen, "both paths agree: the gradient of gain differs between the fused form and the one through message"),
        (AssertsWithin, "shapes: the layer raised AssertionError: "),
        (WeightsAsTheyAre, "dtype of x: vectors in torch.bfloat16 over weights in float32 become torch.float32; cast"),
        (CutGradient, "gradcheck in float64: the gradient is not that of the output"),
        (SingleOnly, "gradcheck in float64: the layer raised RuntimeError: "),
        (Forgetful, "state round trip: a layer loaded from the state says something else: they differ"),
        (DividesByDegree, "isolated nodes: with isolated nodes the output is not finite"),
        (Unmasked, "edge masks of an explainer: a mask of zeros on the edges into items changes nothing"),
        (NoMessages, "both paths agree: no part of the layer is a torch_geometric.nn.MessagePassing"),
    ],
)
def test_a_broken_layer_fails_with_its_clause_named(factory: Any, message: str) -> None:
    with pytest.raises(AssertionError, match="^" + message):
        check_layer(factory)
