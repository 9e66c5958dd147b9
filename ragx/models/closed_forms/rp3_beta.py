"""Random walks of three steps, from a user over an item and another user to an item."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ragx.checks import check, check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.strongest import BLOCK, strongest, strongest_of_product, with_sums_of_one
from ragx.ranking.item_similarity import ItemSimilarity
from ragx.ranking.scorers import Scorer


class RP3Beta(ClosedForm):
    """s_uj = Σ w_ij over the items i of user u, with w_ij = Σ_v (1 / d_i)^α (1 / d_v)^α / d_j^β over their users v.

    d is the number of users of an item and of items of a user in train: for α = 1 and β = 0, w_ij is the probability of
    a walk from i to j. Of every row of w, its diagonal left out, the k largest are kept and divided by their sum, then
    of every column the k largest; of equal ones those with the smallest hash of the outside id.

    Args:
        neighbours: k; beyond the catalogue all are kept.
        alpha: α; below 1, users of many items count more than in a walk.
        beta: β; the more, the less count items of many users.
        normalise: whether rows are divided by their sums.

    Raises:
        ValueError: there are no neighbours, or alpha or beta is below 0.

    Source: Paudel et al., "Updatable, accurate, diverse, and scalable recommendations for interactive applications",
    ACM TiiS 7 (1), 2017; what is kept follows Ferrari Dacrema et al., "A troubling analysis of reproducibility and
    progress in recommender systems research", ACM TOIS 39 (2), 2021.
    """

    def __init__(self, *, neighbours: int = 100, alpha: float = 0.6, beta: float = 0.3, normalise: bool = True) -> None:
        check_positive("neighbours", neighbours)
        check(alpha >= 0, f"alpha: expected a number of at least 0, got {alpha}.")
        check(beta >= 0, f"beta: expected a number of at least 0, got {beta}.")
        self.neighbours, self.alpha, self.beta, self.normalise = neighbours, alpha, beta, normalise

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        seen = train.matrix()
        of_user, of_item = (np.maximum(seen.sum(axis=axis), 1.0) for axis in (1, 0))
        left = sparse.csr_array(sparse.diags_array(of_item**-self.alpha) @ seen.T)
        right = sparse.csr_array(sparse.diags_array(of_user**-self.alpha) @ seen)

        def damped(row: NDArray[Any], column: NDArray[Any], walks: NDArray[np.float64]) -> NDArray[np.float64]:
            weight: NDArray[np.float64] = walks * of_item[column] ** -self.beta
            return weight

        keys = train.items.tie_keys
        weights = strongest_of_product(left, right, self.neighbours, keys=keys, values=damped)
        if self.normalise:
            weights = with_sums_of_one(weights)
        return ItemSimilarity(seen, strongest(sparse.csr_array(weights.T), self.neighbours, keys).T)

    def needed_bytes(self, train: Interactions) -> int:
        """Return the bytes of what is kept, twice over, and of a block of products."""
        return 2 * 8 * train.num_items * min(self.neighbours, train.num_items) + 64 * BLOCK
