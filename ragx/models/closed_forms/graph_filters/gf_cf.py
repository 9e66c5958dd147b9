"""GF-CF: the linear filter and an ideal low-pass filter."""

import torch
from scipy import sparse

from ragx.checks import check
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.graph_filters.item_graph import ItemGraph, normalized, powers_of
from ragx.models.closed_forms.graph_filters.low_pass import low_pass, low_pass_bytes
from ragx.models.closed_forms.graph_filters.scorer import FilteredRows, low_rank_part
from ragx.ranking.scorers import Scorer
from ragx.typing import Tensor


class GFCF(ClosedForm):
    """S = R (P + α D^−½ V Vᵀ D^½) with P = R̃ᵀ R̃ and V the first right singular vectors of R̃ = D_U^−½ R D^−½.

    R [U, I] is 1 where a user has an item in train, and D holds the degrees of items.

    Args:
        alpha: weight α of the ideal low-pass filter; 0 leaves the linear filter.
        vectors: number of singular vectors.

    Raises:
        ValueError: alpha is below 0, or there are fewer than one vector, or in a fit more than the rank of R.

    Source: Shen et al., "How powerful is graph convolution for recommendation?", CIKM 2021.
    """

    def __init__(self, *, alpha: float = 0.3, vectors: int = 256) -> None:
        check(alpha >= 0, f"alpha: expected a number from 0, got {alpha}.")
        check(vectors >= 1, f"vectors: expected at least 1, got {vectors}.")
        self.alpha, self.vectors = alpha, vectors

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        seen, matrix = train.matrix(), normalized(train, 0.5, 0.5)
        part = self._low_rank(train, matrix) if self.alpha else None
        return FilteredRows(seen, ItemGraph(matrix), low_rank=part).scorer()

    def _low_rank(self, train: Interactions, matrix: sparse.csr_array) -> tuple[Tensor, Tensor]:
        vectors, degrees = low_pass(matrix, self.vectors), train.item_counts().astype(float)
        weighted = sparse.csr_array(train.matrix() @ sparse.diags_array(powers_of(degrees, -0.5)))
        return low_rank_part(weighted, vectors, torch.from_numpy(powers_of(degrees, 0.5)).float(), self.alpha)

    def needed_bytes(self, train: Interactions) -> int:
        """Return the bytes of the singular vectors and of what makes them."""
        return low_pass_bytes(train.num_users, train.num_items, self.vectors)
