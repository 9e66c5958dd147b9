"""The contract of models: vectors of users and items, an encoder that makes the final ones, and a head that ranks."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ragx.checks import check
from ragx.graph.graph import Graph
from ragx.models.heads import Head
from ragx.models.mixture import Mixture
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking, rank
from ragx.ranking.scorers import Scorer
from ragx.typing import Float, Int, Tensor


class NodeModel(nn.Module):
    """A model that gives every user and item a vector; all that training, evaluation and serving ask of a model.

    A subclass makes ``self.embedding`` [N, D], users first, or overrides :attr:`base_embeddings`; it overrides
    :meth:`forward` where the final vectors are others, and :meth:`scorer` where no head ranks as it does. It is made
    with ``num_users`` and ``num_items``, with ``layer`` (see :class:`ragx.models.LayerFactory`) and ``features``
    where its constructor names them, and with the options of its YAML.

    Args:
        num_users: number of users U.
        num_items: number of items I.
        head: what ranking makes of the final vectors; by default their cosine.
        mixture: closed forms whose scores are added to the head's, as much as validation chooses; None adds none.

    Raises:
        ValueError: there is no user or no item.
    """

    embedding: Tensor
    mixture_weights: Tensor | None

    def __init__(
        self, *, num_users: int, num_items: int, head: Head | None = None, mixture: Mixture | None = None
    ) -> None:
        super().__init__()
        check(num_users >= 1 and num_items >= 1, f"Expected at least one user and item, got {num_users}, {num_items}.")
        self.num_users, self.num_items, self.head = num_users, num_items, head or Head()
        self.features: Tensor | None
        self.register_buffer("features", None, persistent=False)
        self.mixture = mixture
        weights = None if mixture is None else torch.zeros(len(mixture.names), dtype=torch.float64)
        self.register_buffer("mixture_weights", weights)

    @property
    def base_embeddings(self) -> Float[Tensor, "N D"]:
        """The embeddings before any layer, which penalties look at."""
        return self.embedding

    def forward(self, graph: Graph) -> Float[Tensor, "N D"]:
        """Return the final vector of every node, users first: by default the embeddings, matrix factorisation."""
        return self.base_embeddings

    def vectors_of(self, graph: Graph, nodes: Int[Tensor, " R"]) -> Float[Tensor, "R D"] | None:
        """Return the final vectors of some nodes where they cost less than those of all; None, by default, where not.

        A training step, which asks for the nodes of its batches, then takes :meth:`forward` for all. Vectors and
        gradients must be those of :meth:`forward`.

        Args:
            graph: the graph.
            nodes: which, ascending, each once.
        """
        return None

    def layer_outputs(
        self, graph: Graph, after: Callable[[Tensor], Tensor] | None = None
    ) -> list[Float[Tensor, "N D"]]:
        """Return what the first layer is given and the output of every layer; without layers, the final vectors.

        Args:
            graph: the graph.
            after: changes the output of every layer before the next one is given it.
        """
        return [self(graph)]

    @torch.no_grad()
    def scorer(self, graph: Graph) -> Scorer:
        """Return what ranking asks for scores, with the model as in evaluation."""
        training = self.training
        self.eval()
        nodes = self(graph.to(self.base_embeddings.device))
        self.train(training)
        own = self.head.scorer(nodes.to("cpu", torch.float32, copy=True), graph)  # which stays as the model learns on
        if self.mixture is None or self.mixture_weights is None:
            return own
        return self.mixture.scorer(own, graph, self.mixture_weights.cpu())

    def recommend(
        self,
        graph: Graph,
        users: Int[Tensor, " B"],
        k: int = 20,
        *,
        exclude_seen: bool = True,
        item_ids: Int[Tensor, " I"] | NDArray[np.int64] | None = None,
    ) -> Ranking:
        """Return the best items of each user with their scores, best first.

        Args:
            graph: train graph; the neighbours of a user are what the user has seen.
            users: user rows.
            k: number of items K.
            exclude_seen: whether items the user has in the graph are left out.
            item_ids: keys that settle ties, such as ``IdMap.tie_keys``; the item's row by default.
        """
        seen = None
        if exclude_seen:
            of_user = graph.adjacency.target < self.num_users
            pairs = graph.adjacency.target[of_user].cpu(), graph.adjacency.source[of_user].cpu() - self.num_users
            seen = ItemLists.from_pairs(*pairs, self.num_users)
        return rank(self.scorer(graph), users, k=k, seen=seen, item_ids=item_ids)
