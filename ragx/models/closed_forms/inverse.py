"""The inverse of a large Gram matrix in single precision, in the memory of that matrix."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from ragx.checks import check
from ragx.models.progress import tell_progress
from ragx.typing import Tensor

ROWS = 512
"""Rows of a block."""


def gram_matrix(x: sparse.csr_array) -> NDArray[np.float32]:
    """Return Xᵀ X [I, I] as a dense matrix in single precision, made in blocks of rows."""
    transposed, num_items = sparse.csr_array(x.T), x.shape[1]
    gram = np.empty((num_items, num_items), dtype=np.float32)
    for start in range(0, num_items, ROWS):
        gram[start : start + ROWS] = (transposed[start : start + ROWS] @ x).toarray()
    return gram


def inverted_in_place(matrix: NDArray[np.float32]) -> None:
    """Replace a symmetric positive definite matrix by its inverse, in n³ multiplications and additions.

    Block after block is swept: A_KK → −A_KK⁻¹, A_iK → A_iK A_KK⁻¹ and A_ij → A_ij − A_iK A_KK⁻¹ A_Kj, which leaves −A⁻¹
    when all are. Blocks of the diagonal are inverted by their Cholesky factors in double precision, and only the lower
    half of the matrix is calculated.

    Raises:
        ValueError: it is not positive definite.
    """
    a, size = torch.from_numpy(matrix), len(matrix)
    for start in range(0, size, ROWS):
        block = slice(start, min(start + ROWS, size))
        across = torch.cat([a[block, :start].T, a[start:, block]])
        inverse = _inverse(across[block])
        swept = across @ inverse
        for top in range(0, size, ROWS):
            rows, before = slice(top, top + ROWS), slice(min(top + ROWS, size))
            a[rows, before].addmm_(swept[rows], across[before].T, alpha=-1)
        a[block, :start], a[start:, block], a[block, block] = swept[:start].T, swept[start:], -inverse
        tell_progress("inverse", block.stop / size)
    for start in range(0, size, ROWS):
        block = slice(start, start + ROWS)
        lower = a[block, block].tril().neg_()
        a[block, block] = lower + lower.tril(-1).T
        a[block, :start].neg_()
        a[:start, block] = a[block, :start].T


def _inverse(block: Tensor) -> Tensor:
    factor, failed = torch.linalg.cholesky_ex(block.double())
    check(int(failed) == 0, "matrix: expected a positive definite one, got one without a Cholesky factor.")
    return torch.cholesky_inverse(factor).to(block.dtype)
