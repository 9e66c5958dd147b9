"""ChebyCF: a plateau over the whole spectrum by Chebyshev interpolation, and an ideal low-pass filter."""

import numpy as np
import torch
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray
from scipy import sparse

from ragx.checks import check, check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.graph_filters.item_graph import ItemGraph, normalized, powers_of
from ragx.models.closed_forms.graph_filters.low_pass import low_pass, low_pass_bytes
from ragx.models.closed_forms.graph_filters.polynomials import chebyshev
from ragx.models.closed_forms.graph_filters.scorer import FilteredRows, low_rank_part
from ragx.ranking.scorers import Scorer


class ChebyCF(ClosedForm):
    """S = R D^−β (h(L) + α V Vᵀ) D^β, L = I − 2 R̃ᵀ R̃, V the first right singular vectors of R̃ = D_U^−½ R D^−½.

    R [U, I] is 1 where a user has an item in train, and D holds the degrees of items. h is a polynomial of order K for
    the plateau g(x) = ½ − ½ sign(x) |x|^φ, which is 1 for the lowest frequency, x = −1, 0 for the highest and about ½
    between them. At the Chebyshev nodes x_k = cos((k + ½) π / (K + 1)) it has the values g(cos(k π / K)), from one end
    of g to the other, as in the code that the published values are from.

    Args:
        order: K; a score takes 2 K sparse products.
        flatness: φ; the more, the wider the plateau.
        vectors: number η of singular vectors.
        alpha: weight α of the ideal low-pass filter.
        degree_power: β; the more, the more popular items gain.

    Raises:
        ValueError: an option is out of range, or in a fit there are more vectors than the rank of R.

    Source: Kim et al., "Graph spectral filtering with Chebyshev interpolation for recommendation", SIGIR 2025.
    """

    def __init__(
        self,
        *,
        order: int = 8,
        flatness: float = 1.5,
        vectors: int = 512,
        alpha: float = 0.2,
        degree_power: float = 0.4,
    ) -> None:
        check(order >= 1, f"order: expected at least 1, got {order}.")
        check_positive("flatness", flatness)
        check(vectors >= 1, f"vectors: expected at least 1, got {vectors}.")
        check(alpha >= 0, f"alpha: expected a number from 0, got {alpha}.")
        self.order, self.flatness, self.vectors = order, flatness, vectors
        self.alpha, self.degree_power = alpha, degree_power

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        matrix, degrees = normalized(train, 0.5, 0.5), train.item_counts().astype(float)
        histories = sparse.csr_array(train.matrix() @ sparse.diags_array(powers_of(degrees, -self.degree_power)))
        scale = torch.from_numpy(powers_of(degrees, self.degree_power)).float()
        vectors = low_pass(matrix, self.vectors)
        return FilteredRows(
            histories,
            chebyshev(ItemGraph(matrix), Chebyshev.interpolate(self._at_nodes, self.order).coef.tolist()),
            scale=scale,
            low_rank=low_rank_part(histories, vectors, scale, self.alpha),
        ).scorer()

    def needed_bytes(self, train: Interactions) -> int:
        """Return the bytes of the singular vectors and of what makes them."""
        return low_pass_bytes(train.num_users, train.num_items, self.vectors)

    def _at_nodes(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of h at the nodes."""
        ends = np.cos((np.arccos(x) - np.pi / (2 * self.order + 2)) * (self.order + 1) / self.order)
        return 0.5 - 0.5 * np.sign(ends) * np.abs(ends) ** self.flatness
