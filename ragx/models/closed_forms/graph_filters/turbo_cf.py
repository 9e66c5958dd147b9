"""Turbo-CF: a polynomial in a graph of items, of unequal normalisation, whose entries are raised to a power."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse

from ragx.checks import check, check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.graph_filters.item_graph import Filter, ItemGraph, normalized
from ragx.models.closed_forms.graph_filters.polynomials import powers
from ragx.models.closed_forms.graph_filters.scorer import FilteredRows
from ragx.models.progress import tell_progress
from ragx.ranking.item_similarity import ItemSimilarity
from ragx.ranking.scorers import Scorer
from ragx.typing import Tensor


class TurboCF(ClosedForm):
    """S = R (c_1 P + c_2 P² + …), P_ij = ((R̃ᵀ R̃)_ij)^s, R̃ = D_U^−a R D_I^(a − 1), with no decomposition.

    R [U, I] is 1 where a user has an item in train. The linear filter has the coefficients [1], the second-order one
    [2, −1]. With s other than 1, P is made in sparse form; a filter beyond the first order then takes long.

    Args:
        normalization: a, from 0 to 1; the less, the less popular items are recommended.
        power: s, by which the weights of the graph are evened out (below 1) or sharpened.
        coefficients: c_1, c_2, …

    Raises:
        ValueError: the normalisation is not from 0 to 1, the power not above 0, or there is no coefficient.

    Source: Park, Shin and Shin, "Turbo-CF: Matrix decomposition-free graph filtering for fast recommendation", SIGIR
    2024.
    """

    def __init__(
        self, *, normalization: float = 0.6, power: float = 0.7, coefficients: Sequence[float] = (1.0,)
    ) -> None:
        check(0 <= normalization <= 1, f"normalization: expected a number from 0 to 1, got {normalization}.")
        check_positive("power", power)
        check(len(coefficients) >= 1, "coefficients: expected one at least, the order of the filter, got none.")
        self.normalization, self.power, self.coefficients = normalization, power, list(coefficients)

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        matrix = normalized(train, self.normalization, 1.0 - self.normalization)
        if self.power == 1:
            return FilteredRows(train.matrix(), powers(ItemGraph(matrix), self.coefficients)).scorer()
        tell_progress("graph of items", 0.0)
        single = matrix.astype(np.float32)
        graph = sparse.csr_array(single.T.tocsr() @ single)
        np.power(graph.data, np.float32(self.power), out=graph.data)
        if len(self.coefficients) == 1:
            return ItemSimilarity(train.matrix(), graph * np.float32(self.coefficients[0]))
        return FilteredRows(train.matrix(), powers(_product_with(graph), self.coefficients)).scorer()

    def needed_bytes(self, train: Interactions) -> int:
        """Return the bytes of the graph of items, were no two users to share more than one item; 0 without a power."""
        if self.power == 1:
            return 0
        of_user = np.bincount(train.pairs()["user"].to_numpy()).astype(np.int64)
        return 8 * int(min((of_user**2).sum(), train.num_items**2))


def _product_with(graph: sparse.csr_array) -> Filter:
    def product(signals: Tensor) -> Tensor:
        return torch.from_numpy(graph @ signals.numpy())

    return product
