"""Many small weighted least squares over the same vectors at a time, grouped by how many entries they have."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from ragx.typing import Float, Int, Tensor

CHUNK = 2**22
"""Most numbers of gathered vectors at a time, unless one row alone takes more."""


def least_squares(
    rows: sparse.csr_array, vectors: Float[Tensor, "M D"], alpha: float, penalty: Float[Tensor, " N"]
) -> Float[Tensor, "N D"]:
    """Return the x_n that minimise Σ_m c_nm (b_nm − ⟨x_n, y_m⟩)² + λ_n ‖x_n‖², with c = 1 + α b.

    With Yᵀ Y = Q Λ Qᵀ, D = Λ + λ_n and Z the rows of √α Y Q D^(−½) at the d entries, it is
    x_n = (1 + α) / √α Q D^(−½) Zᵀ (I + Z Zᵀ)⁻¹ 1 = (1 + α) / √α Q D^(−½) (I + Zᵀ Z)⁻¹ Zᵀ 1; the smaller of both
    matrices is factorised, whose eigenvalues are at least 1.

    Args:
        rows: b [N, M], whose entries are 1.
        vectors: Y.
        alpha: α.
        penalty: λ.
    """
    values, rotation = torch.linalg.eigh(vectors.T.double() @ vectors.double())
    rotated = (alpha**0.5 * vectors.double() @ rotation).to(vectors.dtype)
    rotated = torch.cat([rotated, rotated.new_zeros(1, rotated.shape[1])])
    solutions = vectors.new_zeros(rows.shape[0], len(rotation))
    for chosen, entries in _of_one_size(rows, len(rotation)):
        scale = (values.clamp(min=0) + penalty[chosen, None]).rsqrt().to(vectors.dtype)
        z = rotated[entries] * scale[:, None]
        solutions[chosen] = scale * _solutions(z)
    turned_back: Tensor = (1 + alpha) / alpha**0.5 * solutions.double() @ rotation.T
    return turned_back.to(vectors.dtype)


def _solutions(z: Float[Tensor, "B d D"]) -> Float[Tensor, "B D"]:
    """Return Zᵀ (I + Z Zᵀ)⁻¹ 1 of every Z."""
    if z.shape[1] < z.shape[2]:
        matrix, right = z @ z.mT, z.new_ones(*z.shape[:2], 1)
    else:
        matrix, right = z.mT @ z, z.sum(1)[:, :, None]
    matrix.diagonal(dim1=1, dim2=2).add_(1)
    solved = torch.cholesky_solve(right, torch.linalg.cholesky(matrix))
    return ((z.mT @ solved) if z.shape[1] < z.shape[2] else solved)[:, :, 0]


def _of_one_size(rows: sparse.csr_array, width: int) -> Iterator[tuple[Int[Tensor, " B"], Int[Tensor, "B d"]]]:
    """Give rows of about as many entries, and their entries; M stands in where a row has fewer."""
    sizes = np.diff(rows.indptr)
    order: NDArray[np.int64] = np.argsort(sizes, kind="stable")
    start = int(np.searchsorted(sizes[order], 1))
    while start < len(order):
        # Rows up to an eighth larger than the first share a chunk: those of few entries are padded little.
        largest = sizes[order[start]] * 9 // 8
        stop = int(np.searchsorted(sizes[order], largest, side="right"))
        size = int(sizes[order[min(stop, len(order)) - 1]])
        stop = min(stop, start + max(CHUNK // (size * width), 1))
        chosen = order[start:stop]
        column = np.arange(size)
        filled = column < sizes[chosen, None]
        entries = np.full(filled.shape, rows.shape[1])
        entries[filled] = rows.indices[(rows.indptr[chosen, None] + column)[filled]]
        yield torch.from_numpy(chosen), torch.from_numpy(entries)
        start = stop
