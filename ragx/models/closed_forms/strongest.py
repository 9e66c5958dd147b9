"""The strongest entries of every row of a sparse product, calculated in blocks of rows."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

BLOCK = 2**20
"""Most products of two numbers that a block of rows is made of, unless one row alone takes more."""


def strongest_of_product(
    left: sparse.csr_array,
    right: sparse.csr_array,
    most: int,
    *,
    keys: NDArray[np.int64],
    values: Callable[[NDArray[Any], NDArray[Any], NDArray[np.float64]], NDArray[np.float64]],
) -> sparse.csr_array:
    """Return the ``most`` largest entries of every row of f(A B), those on its diagonal and those of A B = 0 left out.

    Blocks of rows are calculated at a time, as many as torch has threads; a row is the same in any block.

    Args:
        left: A [N, M].
        right: B [M, N].
        most: entries that a row keeps at most.
        keys: of the columns; of equal entries those with the smallest keys are kept.
        values: f(rows, columns, entries), which gives the entries their final values.
    """

    def block(rows: slice) -> sparse.csr_array:
        product = left[rows] @ right
        row = np.repeat(np.arange(rows.start, rows.stop), np.diff(product.indptr))
        kept = (row != product.indices) & (product.data > 0)
        product = _masked(product, kept)
        product.data = values(row[kept], product.indices, product.data)
        return strongest(product, most, keys)

    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        blocks: list[Any] = list(threads.map(block, _blocks(left, right)))
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def strongest(matrix: sparse.csr_array, most: int, keys: NDArray[np.int64]) -> sparse.csr_array:
    """Return the ``most`` largest entries of every row, in single precision.

    Args:
        matrix: of any shape.
        most: entries that a row keeps at most.
        keys: of the columns; of equal entries those with the smallest keys are kept.
    """
    kept = np.ones(matrix.nnz, dtype=bool)
    for row in np.flatnonzero(np.diff(matrix.indptr) > most):
        start, stop = matrix.indptr[row], matrix.indptr[row + 1]
        value = matrix.data[start:stop]
        last = np.partition(value, len(value) - most)[len(value) - most]
        above, tied = value > last, np.flatnonzero(value == last)
        first = np.argsort(keys[matrix.indices[start:stop][tied]])[: most - above.sum()]
        above[tied[first]] = True
        kept[start:stop] = above
    return _masked(matrix, kept).astype(np.float32)


def with_sums_of_one(matrix: sparse.csr_array) -> sparse.csr_array:
    """Return a matrix whose rows are divided by their sums, where these are not 0."""
    sums = np.asarray(matrix.sum(axis=1, dtype=np.float64))
    divided = matrix.data / np.repeat(np.where(sums == 0, 1, sums), np.diff(matrix.indptr))
    entries = divided.astype(matrix.dtype), matrix.indices, matrix.indptr
    return sparse.csr_array(entries, shape=matrix.shape)


def _masked(matrix: sparse.csr_array, kept: NDArray[np.bool_]) -> sparse.csr_array:
    pointer = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], pointer), shape=matrix.shape)


def _blocks(left: sparse.csr_array, right: sparse.csr_array) -> Iterator[slice]:
    """Give ranges of rows that take about as many products each."""
    products = np.concatenate([[0], np.cumsum(np.diff(right.indptr)[left.indices])])[left.indptr]
    start, num_rows = 0, left.shape[0]
    while start < num_rows:
        stop = int(np.searchsorted(products, products[start] + BLOCK, side="right")) - 1
        stop = min(max(stop, start + 1), num_rows)
        yield slice(start, stop)
        start = stop
