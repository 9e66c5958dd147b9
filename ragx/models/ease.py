"""A linear model of items by items, in one matrix inversion."""

import numpy as np
import torch

from ragx.checks import check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.ranking.scorers import FunctionScorer, Scorer


class EASE(ClosedForm):
    """S = X B with B = I − P / diag(P), P = (Xᵀ X + λ I)⁻¹, whose diagonal is 0.

    X [U, I] is 1 where a user has an item in train.

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
        """Return the bytes of three matrices of items by items in double precision."""
        return 3 * 8 * train.num_items**2
