"""What layers and heads do to the vectors: over-smoothing, collapse, heads that look at everything alike."""

from dataclasses import dataclass
from typing import Protocol

import torch

from ragx.graph.adjacency import Adjacency
from ragx.graph.graph import Graph
from ragx.graph.weights import SymmetricNorm
from ragx.kernels.segment import segment_sum
from ragx.kernels.weighted_sum import weighted_sum
from ragx.models.node_model import NodeModel
from ragx.typing import Float, Tensor


class Diagnostics(Protocol):
    """Something that measures a model at a validation."""

    def measure(self, model: NodeModel, graph: Graph) -> dict[str, float]:
        """Return the measures by name, such as ``effective_rank/layer_2``; layer 0 is what the first layer is given."""


@dataclass(frozen=True)
class NoDiagnostics:
    """Measures nothing, and costs nothing."""

    def measure(self, model: NodeModel, graph: Graph) -> dict[str, float]:
        """Return nothing."""
        return {}


@dataclass(frozen=True, kw_only=True)
class LayerDiagnostics:
    """Measures the output of every layer, and the attention of every head where a layer has one.

    Args:
        dirichlet_energy: whether to measure over-smoothing, see :func:`dirichlet_energy`.
        effective_rank: whether to measure collapse, see :func:`effective_rank`.
        attention_entropy: whether to measure how evenly heads look, see :func:`attention_entropy`.
    """

    dirichlet_energy: bool = True
    effective_rank: bool = True
    attention_entropy: bool = True

    @torch.no_grad()
    def measure(self, model: NodeModel, graph: Graph) -> dict[str, float]:
        """Return the measures by name, such as ``attention_entropy/layer_1/head_2``."""
        measures: dict[str, float] = {}
        training = model.training
        model.eval()
        graph = graph.to(model.base_embeddings.device)
        outputs = model.layer_outputs(graph)
        for depth, x in enumerate(outputs):
            if self.dirichlet_energy:
                measures[f"dirichlet_energy/layer_{depth}"] = dirichlet_energy(x, graph)
            if self.effective_rank:
                measures[f"effective_rank/layer_{depth}"] = effective_rank(x)
        for depth, (layer, x) in enumerate(zip(getattr(model, "layers", ()), outputs, strict=False), 1):
            attention = getattr(layer, "attention", None)
            if self.attention_entropy and callable(attention):
                weight = attention(x, graph.adjacency, graph.edge_weight)
                for head, value in enumerate(attention_entropy(weight, graph.adjacency).tolist(), 1):
                    measures[f"attention_entropy/layer_{depth}/head_{head}"] = value
        model.train(training)
        return measures


def dirichlet_energy(x: Float[Tensor, "N D"], graph: Graph) -> float:
    """Return tr(Xᵀ L X) / tr(Xᵀ X) with L = I − D^(-1/2) A D^(-1/2): 0 where neighbours agree, at most 2.

    Nodes without neighbours are left out. Divided by the squared norm, layers of other scales can be compared.

    Args:
        x: vectors of the nodes.
        graph: the graph; its own weights are not looked at.

    Source: Cai and Wang, "A Note on Over-Smoothing for Graph Neural Networks", 2020.
    """
    connected = (graph.degree > 0).unsqueeze(1)
    x = torch.where(connected, x, 0).float()
    norm = SymmetricNorm()(graph).to(x)
    squared = float(x.double().square().sum())
    if not squared:
        return 0.0
    return 1 - float((x.double() * weighted_sum(x, norm, graph.adjacency).double()).sum()) / squared


def effective_rank(x: Float[Tensor, "N D"]) -> float:
    """Return exp(−Σ_k p_k log p_k) with p_k the singular values of X over their sum: from 1 up to the width.

    Args:
        x: vectors of the nodes.

    Source: Roy and Vetterli, "The effective rank", EUSIPCO 2007.
    """
    x = x.double()
    values = torch.linalg.eigvalsh(x.T @ x).clamp(min=0).sqrt()
    share = values[values > 0] / values.sum()
    return float(torch.exp(-(share * share.log()).sum())) if share.numel() else 0.0


def attention_entropy(weight: Float[Tensor, "E H"], adjacency: Adjacency) -> Float[Tensor, " H"]:
    """Return −Σ_j p_ij log p_ij / log d_i of every head, p_ij its weights over their sum, as a mean over nodes.

    1 is a head that looks at all neighbours alike, 0 one that looks at a single neighbour. Nodes with fewer than two
    neighbours are left out.

    Args:
        weight: weight of every edge and head, in row order.
        adjacency: the edges.
    """
    weight = weight.detach().abs().double()
    degree = adjacency.row_pointer.diff()
    total = segment_sum(weight, adjacency).clamp(min=torch.finfo(torch.float64).tiny)
    share = weight / total[adjacency.target]
    entropy = segment_sum(-torch.special.xlogy(share, share), adjacency)
    several = degree > 1
    if not several.any():
        return weight.new_zeros(weight.shape[1])
    return (entropy[several] / degree[several].double().log().unsqueeze(1)).mean(0)
