"""Scores from a matrix between items: EASE, SLIM, nearest neighbours, graph filters."""

from typing import Any, final

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from ragx.checks import check
from ragx.ranking.item_lists import ItemLists
from ragx.typing import Float, Int, Tensor


@final
class ItemSimilarity:
    """Scores ``s_uj = b_j + Σ_i h_ui m_ij``: what a user holds, carried over by an item-item matrix.

    The sum runs over the history in its own order, so a score does not depend on what is computed beside it.

    Args:
        history: what the users hold: item lists, which weigh 1, or a sparse matrix [U, I] of weights.
        matrix: [I, I], sparse or dense.
        bias: b [I], zeros if None.

    Raises:
        ValueError: the matrix is not square, or the history or the bias does not fit it.
    """

    def __init__(
        self,
        history: ItemLists | sp.sparray | sp.spmatrix,
        matrix: sp.sparray | sp.spmatrix | Tensor | NDArray[Any],
        bias: NDArray[Any] | None = None,
    ) -> None:
        given: Any = _as_scipy(matrix) if isinstance(matrix, Tensor) else matrix
        self._sparse = bool(sp.issparse(given))
        columns: Any = given.tocsr() if self._sparse else np.ascontiguousarray(given)
        shape = tuple(columns.shape)
        check(len(shape) == 2 and shape[0] == shape[1], f"matrix: expected items by items, got shape {shape}.")
        self._matrix = columns
        self._history = _history_matrix(history, shape[0], columns.dtype)
        self._bias = None if bias is None else _bias_vector(bias, shape[0], columns.dtype)
        self.num_users, self.num_items = self._history.shape[0], shape[0]
        self._blocks: dict[tuple[int, int], Any] = {}

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        """Return ``H_users M`` for a block of columns."""
        product = self._history[users.cpu().numpy()] @ self._columns(*items.indices(self.num_items)[:2])
        scores = torch.from_numpy(product.toarray() if self._sparse else product)
        return scores if self._bias is None else scores.add_(self._bias[items])

    def _columns(self, start: int, stop: int) -> Any:
        if stop - start == self.num_items:
            return self._matrix
        if not self._sparse:
            return self._matrix[:, start:stop]
        if (start, stop) not in self._blocks:
            held = sum(last - first for first, last in self._blocks)
            if held + stop - start > self.num_items:  # blocks of another plan, which free memory has changed
                self._blocks.clear()
            self._blocks[start, stop] = self._matrix[:, start:stop]
        return self._blocks[start, stop]


def _as_scipy(matrix: Tensor) -> Any:
    if matrix.layout == torch.strided:
        return matrix.detach().cpu().numpy()
    entries = matrix.detach().cpu().to_sparse(layout=torch.sparse_coo).coalesce()
    return sp.coo_array((entries.values().numpy(), tuple(entries.indices().numpy())), shape=tuple(entries.shape))


def _bias_vector(bias: NDArray[Any], num_items: int, dtype: np.dtype[Any]) -> Tensor:
    check(
        bias.shape == (num_items,), f"bias: expected one number for each of {num_items} items, got shape {bias.shape}."
    )
    return torch.from_numpy(bias.astype(dtype))


def _history_matrix(history: Any, num_items: int, dtype: np.dtype[Any]) -> Any:
    if not isinstance(history, ItemLists):
        got = history.shape
        check(got[1] == num_items, f"history: expected {num_items} columns, as the matrix has, got {got[1]}.")
        return history.tocsr().astype(dtype)
    largest = int(history.items.max()) if history.items.numel() else -1
    check(largest < num_items, f"history: expected items below {num_items}, as the matrix has, got {largest}.")
    parts = (np.ones(history.items.numel(), dtype), history.items.cpu().numpy(), history.row_pointer.cpu().numpy())
    return sp.csr_array(parts, shape=(history.num_users, num_items))
