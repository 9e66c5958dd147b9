"""Nearest neighbours of items by the users they share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ragx.checks import check, check_choice, check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.strongest import BLOCK, strongest_of_product, with_sums_of_one
from ragx.ranking.item_similarity import ItemSimilarity
from ragx.ranking.scorers import Scorer

WEIGHTINGS = ("none", "idf")


class ItemKNN(ClosedForm):
    """s_ui = m_i + Σ_j s_ij (x_uj − m_j) over the k nearest items j of i, by s_ij = ⟨x_i, x_j⟩ / (‖x_i‖ ‖x_j‖ + h).

    x_uj is 1 where user u has item j in train, else 0, m_j its mean over users, and s_ij are divided by their sum over
    the neighbours of i. Of items equally near those with the smallest hash of their outside id are neighbours; items
    without a common user are none.

    Args:
        neighbours: k; beyond the catalogue all items are neighbours.
        shrinkage: h; the more, the less count items that few users have.
        weighting: what a user counts in the inner products and norms: ``"none"`` 1, ``"idf"`` log²(I / d_u), d_u the
            number of items of the user, so that who has all of them says nothing.
        normalise: whether the s_ij are divided by their sum.
        centre: whether the means m are taken into account; else they are 0.

    Raises:
        ValueError: there are no neighbours, the shrinkage is below 0, or the weighting is not known.

    Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001; the shrinkage is
    that of Ferrari Dacrema et al., TOIS 2021.
    """

    def __init__(
        self,
        *,
        neighbours: int = 100,
        shrinkage: float = 0.0,
        weighting: str = "none",
        normalise: bool = True,
        centre: bool = True,
    ) -> None:
        check_positive("neighbours", neighbours)
        check(shrinkage >= 0, f"shrinkage: expected a number of at least 0, got {shrinkage}.")
        check_choice("weighting", weighting, WEIGHTINGS)
        self.neighbours, self.shrinkage = neighbours, shrinkage
        self.weighting, self.normalise, self.centre = weighting, normalise, centre

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        seen = train.matrix()
        weight, items = self._weights(seen), sparse.csr_array(seen.T)
        squared_norm = items @ weight

        def cosine(row: NDArray[Any], column: NDArray[Any], product: NDArray[np.float64]) -> NDArray[np.float64]:
            # One square root of the product: of equal norms it gives the norm itself, so that ties stay ties.
            norms = np.sqrt(squared_norm[row] * squared_norm[column])
            similarity: NDArray[np.float64] = product / (norms + self.shrinkage)
            return similarity

        weighted = sparse.csr_array(sparse.diags_array(weight) @ seen)
        nearest = strongest_of_product(items, weighted, self.neighbours, keys=train.items.tie_keys, values=cosine)
        if self.normalise:
            nearest = with_sums_of_one(nearest)
        mean = seen.mean(axis=0)
        return ItemSimilarity(seen, nearest.T, mean - nearest @ mean if self.centre else None)

    def needed_bytes(self, train: Interactions) -> int:
        """Return the bytes of the neighbours, twice over, and of a block of products."""
        return 2 * 8 * train.num_items * min(self.neighbours, train.num_items) + 64 * BLOCK

    def _weights(self, seen: sparse.csr_array) -> NDArray[np.float64]:
        """Return what every user counts."""
        if self.weighting == "none":
            return np.ones(seen.shape[0])
        items = np.maximum(np.diff(seen.indptr), 1)
        weights: NDArray[np.float64] = np.log(seen.shape[1] / items) ** 2
        return weights
