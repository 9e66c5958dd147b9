"""Matrix factorisation of all pairs, seen and unseen, by alternating least squares."""

import numpy as np
import torch
from scipy import sparse

from ragx.checks import check, check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.least_squares import CHUNK, least_squares
from ragx.models.progress import tell_progress
from ragx.ranking.scorers import InnerProduct, Scorer
from ragx.typing import Float, Tensor

DEVIATION = 0.1
"""Standard deviation of the first inner products, about."""


class ImplicitALS(ClosedForm):
    """s_ui = ⟨p_u, q_i⟩, which minimise Σ_ui c_ui (x_ui − s_ui)² + Σ_u λ_u ‖p_u‖² + Σ_i λ_i ‖q_i‖² by turns.

    x_ui is 1 where user u has item i in train, else 0; c_ui = 1 + α x_ui; λ_u = λ (Σ_i c_ui)^ν, and λ_i alike. Vectors
    of users are drawn; an iteration solves for all items and then for all users, exactly. Without events they are 0.

    Args:
        factors: width of the vectors; more than there are users or items add nothing.
        iterations: how often both sides are solved for.
        alpha: α, how much more a pair that is seen counts than one that is not.
        penalty: λ; the more, the shorter the vectors.
        frequency_scaling: ν; 0 shrinks all vectors alike, 1 in proportion to the confidence, with λ as small as 0.003.

    Raises:
        ValueError: factors, iterations, alpha or penalty is not above 0, or the scaling below 0.

    Source: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008; the scaling is
    that of Rendle et al., "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022, whose
    α₀ is 1 / α and whose λ is the same for ν = 1.
    """

    def __init__(
        self,
        *,
        factors: int = 64,
        iterations: int = 15,
        alpha: float = 40.0,
        penalty: float = 100.0,
        frequency_scaling: float = 0.0,
    ) -> None:
        check_positive("factors", factors)
        check_positive("iterations", iterations)
        check_positive("alpha", alpha)
        check_positive("penalty", penalty)
        check(frequency_scaling >= 0, f"frequency_scaling: expected a number of at least 0, got {frequency_scaling}.")
        self.factors, self.iterations, self.alpha = factors, iterations, alpha
        self.penalty, self.frequency_scaling = penalty, frequency_scaling

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        seen = train.matrix()
        of_items = sparse.csr_array(seen.T)
        users = DEVIATION / self.factors**0.5 * torch.randn(train.num_users, self.factors)
        for iteration in range(self.iterations):
            items = self._solved(of_items, users)
            users = self._solved(seen, items)
            tell_progress("least squares", (iteration + 1) / self.iterations)
        return InnerProduct(users, items)

    def needed_bytes(self, train: Interactions) -> int:
        """Return the bytes of vectors, three times over, of the two matrices, and of a chunk of least squares."""
        vectors = 4 * self.factors * (train.num_users + train.num_items)
        return 3 * vectors + 2 * 16 * len(train) + 5 * 4 * CHUNK

    def _solved(self, rows: sparse.csr_array, other: Float[Tensor, "M D"]) -> Float[Tensor, "N D"]:
        confidence = torch.from_numpy(self.alpha * np.diff(rows.indptr) + rows.shape[1])
        return least_squares(rows, other, self.alpha, self.penalty * confidence**self.frequency_scaling)
