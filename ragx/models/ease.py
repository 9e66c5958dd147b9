"""A linear model of items by items, in one matrix inversion."""

import numpy as np
import torch

from ragx.checks import check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.inverse import ROWS, gram_matrix, inverted_in_place
from ragx.ranking.item_similarity import ItemSimilarity
from ragx.ranking.scorers import FunctionScorer, Scorer

DOUBLE = 8192
"""Most items for which all is done in double precision, in three matrices; beyond, in one of single precision."""


class EASE(ClosedForm):
    """S = X B with B = I − P / diag(P), P = (Xᵀ X + λ I)⁻¹, whose diagonal is 0.

    X [U, I] is 1 where a user has an item in train. Up to 8,192 items it is calculated in double precision; of more,
    P takes the place of Xᵀ X + λ I in single precision, block by block.

    Args:
        penalty: λ; the more, the more the items' weights shrink.

    Raises:
        ValueError: the penalty is not above 0.

    Source: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.
    """

    def __init__(self, *, penalty: float = 250.0) -> None:
        check_positive("penalty", penalty)
        self.penalty = penalty

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        if train.num_items > DOUBLE:
            return self._fit_in_place(train)
        seen = train.matrix()
        gram = (seen.T @ seen).toarray()
        gram[np.diag_indices_from(gram)] += self.penalty
        inverse = np.linalg.inv(gram)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0.0)

        def scores(users: torch.Tensor, items: slice) -> torch.Tensor:
            return torch.from_numpy(seen[users.numpy()] @ weights[:, items])

        return FunctionScorer(scores, *seen.shape)

    def needed_bytes(self, train: Interactions) -> int:
        """Return the bytes of three matrices of items by items in double precision, or of one in single precision."""
        if train.num_items > DOUBLE:
            return 4 * train.num_items**2 + 2 * 4 * ROWS * train.num_items
        return 3 * 8 * train.num_items**2

    def _fit_in_place(self, train: Interactions) -> Scorer:
        seen = train.matrix().astype(np.float32)
        weights = gram_matrix(seen)
        weights[np.diag_indices_from(weights)] += self.penalty
        inverted_in_place(weights)
        weights /= -np.diag(weights).copy()
        np.fill_diagonal(weights, 0.0)
        return ItemSimilarity(seen, weights)
