"""Edge weights: how relevant an interaction is before anything is learned.

A weight is any callable Graph → tensor of size E in row order; these are the usual ones.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

from ragx.checks import check, check_positive, did_you_mean
from ragx.data.seconds import DAY
from ragx.graph.graph import COUNT_OF, Graph
from ragx.typing import Float, Tensor


class EdgeWeight(Protocol):
    """Anything that gives every directed edge of a graph its weight."""

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return the weights in row order."""


@dataclass(frozen=True)
class Uniform:
    """w_ij = 1."""

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return ones."""
        return torch.ones(graph.num_edges, device=graph.edge_weight.device)


@dataclass(frozen=True)
class SymmetricNorm:
    """w_ij = 1 / √(d_i d_j) with degrees d (Kipf and Welling, 2017; without self-loops He et al., 2020)."""

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return the symmetric degree norm."""
        scale = graph.degree.clamp(min=1).double().rsqrt()
        return (scale[graph.adjacency.target] * scale[graph.adjacency.source]).float()


@dataclass(frozen=True)
class RowNorm:
    """w_ij = 1 / d_i: the mean over the neighbours of the target i."""

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return the row norm."""
        return graph.degree.clamp(min=1).double().reciprocal()[graph.adjacency.target].float()


@dataclass(frozen=True, kw_only=True)
class LogCount:
    """w_ij = log(1 + c_ij) with c_ij events between i and j, normed symmetrically by weighted degrees.

    Args:
        normalize: whether to divide by √(s_i s_j), s the sums of weights.
    """

    normalize: bool = True

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return the weights.

        Raises:
            ValueError: the edges have no counts.
        """
        check("count" in graph.edge_attributes, "Edge weight LogCount: the edges have no count; use build_graph.")
        return _finish(graph, graph.edge_attributes["count"].double().log1p(), self.normalize)


@dataclass(frozen=True, kw_only=True)
class Value:
    """w_ij = sum of the values of the events between i and j, normed symmetrically by weighted degrees.

    Args:
        normalize: whether to divide by √(s_i s_j), s the sums of weights.
    """

    normalize: bool = True

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return the weights.

        Raises:
            ValueError: the interactions have no values, or a negative one.
        """
        check(
            "value" in graph.edge_attributes,
            "Edge weight Value: the interactions have no column value; set dataset.columns.value=… or graph=symmetric.",
        )
        value = graph.edge_attributes["value"].double()
        check(bool((value >= 0).all()), "Edge weight Value: expected values of at least 0, got a negative one.")
        return _finish(graph, value, self.normalize)


@dataclass(frozen=True, kw_only=True)
class Recency:
    """w_ij = 2^(-age_ij / half_life) with the age of the newest event, counted from the newest in train.

    Args:
        half_life: days after which a weight has halved.
        normalize: whether to divide by √(s_i s_j), s the sums of weights.
    """

    half_life: float = 90.0
    normalize: bool = True

    def __post_init__(self) -> None:
        check_positive("weight.half_life", self.half_life)

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return the weights.

        Raises:
            ValueError: the interactions have no timestamps.
        """
        check(
            "time" in graph.edge_attributes,
            "Edge weight Recency: the interactions have no column timestamp; "
            "set dataset.columns.time=…, or graph=symmetric.",
        )
        time = graph.edge_attributes["time"].double()
        age_days = (time.max() - time) / DAY
        return _finish(graph, torch.exp(-math.log(2) * age_days / self.half_life), self.normalize)


@dataclass(frozen=True, kw_only=True)
class ByKind:
    """w_ij = Σ_k weight_k c^k_ij with c^k_ij events of kind k between i and j, normed by weighted degrees.

    Args:
        weights: weight of an event of every kind, such as ``{"view": 1, "cart": 3, "buy": 5}``; 0 leaves a kind out.
        normalize: whether to divide by √(s_i s_j), s the sums of weights.
    """

    weights: Mapping[str, float]
    normalize: bool = True

    def __post_init__(self) -> None:
        for kind, weight in self.weights.items():
            check(
                isinstance(weight, (int, float)) and math.isfinite(weight) and weight >= 0,
                f"weight.weights.{kind}: expected a number of at least 0, got {weight}.",
            )

    def __call__(self, graph: Graph) -> Float[Tensor, " E"]:
        """Return the weights.

        Raises:
            ValueError: the interactions have no kinds, or the kinds are not those that have a weight.
        """
        kinds = graph.kinds
        check(bool(kinds), "Edge weight ByKind: the interactions have no column kind.")
        kinds_of_data = f"The kinds of the data are {', '.join(kinds)}."
        for kind in self.weights:
            check(
                kind in kinds, f"Edge weight ByKind: unknown kind {kind!r}.{did_you_mean(kind, kinds)} {kinds_of_data}"
            )
        missing = [kind for kind in kinds if kind not in self.weights]
        check(
            not missing,
            f"Edge weight ByKind: no weight for {', '.join(missing)} (0 leaves a kind out). {kinds_of_data}",
        )
        weight = torch.zeros(graph.num_edges, dtype=torch.float64, device=graph.edge_weight.device)
        for kind, factor in self.weights.items():
            weight += factor * graph.edge_attributes[COUNT_OF + kind]
        return _finish(graph, weight, self.normalize)


def _finish(graph: Graph, weight: Tensor, normalize: bool) -> Tensor:
    if normalize:
        # Both directions of a pair weigh the same, so sums by target serve as sums by source.
        total = weight.new_zeros(graph.num_nodes).index_add_(0, graph.adjacency.target, weight)
        scale = torch.where(total > 0, total, 1).rsqrt()
        weight = weight * scale[graph.adjacency.target] * scale[graph.adjacency.source]
    return weight.float()
