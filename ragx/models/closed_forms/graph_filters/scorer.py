"""Scores by a filter of the graph of items, made for a few users at a time."""

import numpy as np
import torch
from scipy import sparse

from ragx.models.closed_forms.graph_filters.item_graph import Filter
from ragx.ranking.scorers import FunctionScorer, Scorer
from ragx.typing import Float, Tensor


class FilteredRows:
    """The scores ``s_u = d ∘ f(h_u) + V w_u`` of a block of users for all items, of which slices are given.

    Args:
        histories: h [U, I], what a user has, weighted.
        graph_filter: f.
        scale: d [I], by which what comes out is multiplied; None for ones.
        low_rank: w [U, K] and V [I, K]; None for none.
    """

    def __init__(
        self,
        histories: sparse.csr_array,
        graph_filter: Filter,
        *,
        scale: Float[Tensor, " I"] | None = None,
        low_rank: tuple[Float[Tensor, "U K"], Float[Tensor, "I K"]] | None = None,
    ) -> None:
        self._histories = sparse.csr_array(histories.astype(np.float32))
        self._filter, self._scale, self._low_rank = graph_filter, scale, low_rank
        self._block, self._rows = (-1, -1), torch.empty(0, 0)

    def scorer(self) -> Scorer:
        """Return the scorer, which asks for one block of users after another, each in slices of items."""
        return FunctionScorer(self, *self._histories.shape)

    def __call__(self, users: Tensor, items: slice) -> Float[Tensor, "B I_block"]:
        """Return the scores of neighbouring users for a slice of items; the rows of the last block are kept."""
        block = int(users[0]), int(users[-1]) + 1
        if block != self._block:
            self._block, self._rows = block, self._scores(slice(*block))
        return self._rows[:, items]

    def _scores(self, users: slice) -> Tensor:
        signals = torch.from_numpy(self._histories[users].T.toarray(order="C"))
        rows = self._filter(signals).T
        if self._scale is not None:
            rows = rows * self._scale
        if self._low_rank is not None:
            user_vectors, item_vectors = self._low_rank
            rows = torch.addmm(rows, user_vectors[users], item_vectors.T)
        return rows.contiguous()


def low_rank_part(
    histories: sparse.csr_array, vectors: Float[Tensor, "I K"], scale: Float[Tensor, " I"], weight: float
) -> tuple[Float[Tensor, "U K"], Float[Tensor, "I K"]]:
    """Return the vectors of users and items whose products are ``weight h V Vᵀ D``.

    Args:
        histories: h [U, I], weighted.
        vectors: V.
        scale: the diagonal of D.
        weight: how much it counts.
    """
    users = torch.from_numpy(histories.astype(np.float32) @ vectors.numpy())
    return users * weight, vectors * scale[:, None]
