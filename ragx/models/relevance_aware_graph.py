"""The Relevance-Aware Graph model."""

import itertools
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import nn

from ragx.checks import check
from ragx.graph.graph import Graph
from ragx.kernels.linear_propagation import linear_propagation
from ragx.layers.fusion import runs_as
from ragx.layers.readout import Readout, ReadoutName
from ragx.models.heads import Head
from ragx.models.mixture import Mixture
from ragx.models.node_model import NodeModel
from ragx.objectives.similarity import SimilarityName
from ragx.typing import Float, Int, Tensor

FEW = 0.75  # share of the edges up to which rows of a product are made by themselves


class LayerFactory(Protocol):
    """Makes a layer of given widths: a layer class, or ``functools.partial`` of one with its options."""

    def __call__(self, *, in_channels: int, out_channels: int) -> nn.Module:
        """Return a layer that maps [N, in_channels] and a graph to [N, out_channels]."""


class RelevanceAwareGraph(NodeModel):
    """Embeddings of users and items → layers over the weighted graph → read-out → scores of users for items.

    s_ui = cos(x_u, x_i) / τ + β log d_i, or ⟨x_u, x_i⟩ / τ + β log d_i, with d_i the degree of item i in train. A loss
    over negatives drawn by popularity learns how much more u wants i than others do, log P(i|u) / P(i); β = 1 gives
    the P(i) back. What training compares by is the objective's choice.

    With ``num_layers`` plain sums and the mean as read-out it is LightGCN (He et al., 2020); such a stack is computed
    as one polynomial of the adjacency.

    Args:
        num_users: number of users U.
        num_items: number of items I.
        layer: makes each layer, see :class:`LayerFactory`.
        num_layers: number of layers L; 0 is matrix factorisation.
        hidden_dim: width of embeddings and layers, or a list of L widths, the first also that of the embeddings.
        readout: ``"last"``, ``"mean"``, ``"mean_of_layers"``, ``"concat"`` or ``"learned"``.
        similarity: what ranking compares by, ``"cosine"`` or ``"inner_product"``.
        temperature: τ of the ranking; the objective's own where ``popularity_prior`` is to be on its scale.
        popularity_prior: weight β of log d_i in the ranking; 0 leaves popularity out.
        mixture: closed forms whose scores are added in the ranking, see :class:`ragx.models.Mixture`; None adds none.
        features: node features [N, F], users first, whose linear map is added to the embeddings; a node without
            edges is scored by its features alone.

    Raises:
        ValueError: sizes or widths are out of range or do not fit the layer or the read-out.
    """

    def __init__(
        self,
        *,
        num_users: int,
        num_items: int,
        layer: LayerFactory,
        num_layers: int = 2,
        hidden_dim: int | Sequence[int] = 64,
        readout: ReadoutName = "mean",
        similarity: SimilarityName = "cosine",
        temperature: float = 1.0,
        popularity_prior: float = 0.0,
        mixture: Mixture | None = None,
        features: Float[Tensor, "N F"] | None = None,
    ) -> None:
        head = Head(similarity=similarity, temperature=temperature, popularity_prior=popularity_prior)
        super().__init__(num_users=num_users, num_items=num_items, head=head, mixture=mixture)
        widths = self._widths(num_layers, hidden_dim)
        self.embedding = nn.Parameter(torch.empty(num_users + num_items, widths[0]))
        self.features = features
        self.feature_map: nn.Linear | None = None
        if features is not None:
            nodes = num_users + num_items
            check(len(features) == nodes, f"features: expected {nodes} rows, users first, got {len(features)}.")
            self.feature_map = nn.Linear(features.shape[1], widths[0], bias=False)
        self.layers = nn.ModuleList(layer(in_channels=a, out_channels=b) for a, b in itertools.pairwise(widths))
        self.readout = Readout(readout, widths)
        nn.init.normal_(self.embedding, std=0.1)

    @staticmethod
    def _widths(num_layers: int, hidden_dim: int | Sequence[int]) -> list[int]:
        check(num_layers >= 0, f"num_layers: expected at least 0, got {num_layers}.")
        widths = [hidden_dim] * max(num_layers, 1) if isinstance(hidden_dim, int) else list(hidden_dim)
        check(
            len(widths) == max(num_layers, 1) and all(isinstance(width, int) and width >= 1 for width in widths),
            f"hidden_dim: expected a width or {max(num_layers, 1)} widths of at least 1, got {hidden_dim}.",
        )
        return [widths[0], *widths] if num_layers else widths[:1]

    def forward(self, graph: Graph) -> Float[Tensor, "N D"]:
        """Return the final vector of every node, users first."""
        if not self.is_linear_propagation:
            return self.readout(self.layer_outputs(graph))  # type: ignore[no-any-return]
        return self._propagate(graph)

    def vectors_of(self, graph: Graph, nodes: Int[Tensor, " R"]) -> Float[Tensor, "R D"] | None:
        """Return the final vectors of some nodes, to the bit, where layers are linear and few edges lead to the nodes.

        None where that would not save much, or where :meth:`forward` is not the one written here or is watched.
        """
        few = int(graph.degree[nodes].sum()) < FEW * graph.num_edges
        if few and self.is_linear_propagation and runs_as(self, RelevanceAwareGraph):
            return self._propagate(graph, nodes)
        return None

    def _propagate(self, graph: Graph, nodes: Tensor | None = None) -> Tensor:
        x, coefficients = self._input(graph), self._coefficients()
        weight = graph.weight_in(x.dtype)
        transposed = graph.transposed_of(weight)
        return linear_propagation(x, weight, graph.adjacency, coefficients, transposed_weight=transposed, nodes=nodes)

    def _coefficients(self) -> list[float]:
        """Return the share of each power of the adjacency in the read-out of a linear stack."""
        depth = len(self.layers)
        if self.readout.name == "last" or depth == 0:
            return [0.0] * depth + [1.0]
        if self.readout.name == "mean_of_layers":
            return [0.0] + [1 / depth] * depth
        return [1 / (depth + 1)] * (depth + 1)

    def layer_outputs(
        self, graph: Graph, after: Callable[[Tensor], Tensor] | None = None
    ) -> list[Float[Tensor, "N D"]]:
        """Return what the first layer is given and the output of every layer, without the read-out.

        Args:
            graph: the graph.
            after: changes the output of every layer before the next one is given it.
        """
        outputs = [self._input(graph)]
        for layer in self.layers:
            output = layer(outputs[-1], graph)
            outputs.append(output if after is None else after(output))
        return outputs

    def _input(self, graph: Graph) -> Tensor:
        if self.feature_map is None:
            return self.embedding
        known = (graph.degree > 0).unsqueeze(1)  # what train does not know has an embedding that nothing shaped
        features: Tensor = self.feature_map(self.features)
        return torch.where(known, self.embedding, 0) + features

    @property
    def is_linear_propagation(self) -> bool:
        """Whether outputs of layers come to one polynomial of the adjacency."""
        return self.readout.name in ("last", "mean", "mean_of_layers") and all(
            getattr(layer, "is_linear_propagation", False) for layer in self.layers
        )
