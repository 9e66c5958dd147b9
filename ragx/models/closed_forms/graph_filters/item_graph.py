"""The graph of items that users share, which is multiplied with and never made."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from ragx.checks import check
from ragx.data.interactions import Interactions
from ragx.graph.adjacency import Adjacency
from ragx.kernels.weighted_sum import weighted_sum
from ragx.typing import Float, Tensor

WIDTH = 64
"""Columns that are multiplied at once: compiled code knows one width, and what it reads stays near the processor."""

Filter = Callable[[Float[Tensor, "I B"]], Float[Tensor, "I B"]]
"""What gives signals over items, one a column, a new form; of a linear one every column goes its own way."""


def powers_of(degrees: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return ``degree ** exponent``, and 0 where the degree is 0."""
    return np.where(degrees > 0, np.maximum(degrees, 1.0) ** exponent, 0.0)


def normalized(train: Interactions, user_power: float, item_power: float) -> sparse.csr_array:
    """Return ``D_U^−a R D_I^−b`` [U, I], R being 1 where a user has an item and D the degrees of its two sides.

    Args:
        train: the events; whoever has none has a row or column of zeros.
        user_power: a.
        item_power: b.

    Raises:
        ValueError: there is no event.
    """
    check(len(train) > 0, "train: expected events to make a graph of items of, got none.")
    seen = train.matrix()
    users, items = seen.sum(axis=1).astype(float), seen.sum(axis=0).astype(float)
    scaled = (
        sparse.diags_array(powers_of(users, -user_power)) @ seen @ sparse.diags_array(powers_of(items, -item_power))
    )
    return sparse.csr_array(scaled)


class ItemGraph:
    """The product with P = R̃ᵀ R̃ as two sparse products, in single precision; P itself [I, I] is never made.

    Where R̃ is normalised by the square roots of both degrees, the eigenvalues of P lie from 0 to 1.

    Args:
        matrix: R̃ [U, I].
    """

    def __init__(self, matrix: sparse.csr_array) -> None:
        entries = matrix.tocoo()
        users, items = (torch.from_numpy(index.astype(np.int64)) for index in entries.coords)
        num_users, self.num_items = matrix.shape
        self._to_users, order = Adjacency.from_edges(items, users, self.num_items, num_users)
        self._weight = torch.from_numpy(entries.data.astype(np.float32))[order]
        self._to_items, self._transposed_weight = self._to_users.transposed, self._weight[self._to_users.permutation]

    def __call__(self, signals: Float[Tensor, "I B"]) -> Float[Tensor, "I B"]:
        """Return ``P signals``."""
        columns = [self._product(part.contiguous()) for part in torch.split(signals, WIDTH, dim=1)]
        return columns[0] if len(columns) == 1 else torch.cat(columns, dim=1)

    def _product(self, signals: Tensor) -> Tensor:
        return weighted_sum(
            weighted_sum(signals, self._weight, self._to_users), self._transposed_weight, self._to_items
        )
